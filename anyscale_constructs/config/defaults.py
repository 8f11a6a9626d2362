"""The shared defaults of a directory's clouds: `_defaults.yaml` in the directory and in its subdirectories."""

import os
import pathlib
from collections.abc import Iterator

from anyscale_constructs.config.document import Document
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.findings import Finding, Place, Rule

NAME = "_defaults"
FILE_NAME = Rule("file-name", "error", "A cloud's file, its stack and its output directory all have the cloud's name.")

_SUFFIXES = {".yaml", ".yml"}


class Defaults:
    """The defaults of a directory of clouds. Each file of defaults is read once.

    Args:
        directory: The directory. A subdirectory belongs to it if it has a file of defaults.
    """

    def __init__(self, directory: pathlib.Path) -> None:
        self._directory = directory
        self._read: dict[pathlib.Path, Document | None] = {}

    def files(self) -> Iterator[pathlib.Path]:
        """Yields the files of clouds, in the directory and the subdirectories that belong to it.

        Raises:
            ConfigError: Two files have the same cloud name, or are defaults of the same directory.
        """
        seen: dict[str, pathlib.Path] = {}
        for file in _yaml_files(self._directory):
            stem = file.stem
            if stem == NAME:
                if file != _file_in(file.parent):  # .yaml is found first
                    raise _second(file, file.with_suffix(".yaml"), "holds defaults of the same directory")
                continue
            if other := seen.get(stem.lower()):
                also = "" if stem == other.stem else " on file systems that ignore case"
                raise _second(file, other, f"is a cloud with the same name{also}")
            seen[stem.lower()] = file
            yield file

    def documents(self) -> Iterator[Document]:
        """Yields the files of defaults.

        Raises:
            ConfigError: One of them cannot be read.
        """
        for file in _yaml_files(self._directory):
            if file.stem == NAME and (document := self._of(file.parent)):
                yield document

    def read(self, cloud: pathlib.Path) -> Document:
        """Returns a cloud's document, merged over the defaults of its directory and of the directories above it.

        Args:
            cloud: The cloud's file.

        Raises:
            ConfigError: The cloud's file or a file of defaults cannot be read.
        """
        return Document(cloud, self._of(cloud.parent))

    def _of(self, folder: pathlib.Path) -> Document | None:
        if folder not in self._read:
            above = None if folder == self._directory else self._of(folder.parent)
            file = _file_in(folder)
            self._read[folder] = Document(file, above) if file else above
        return self._read[folder]


def _yaml_files(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yields the YAML files in a directory, then those in each subdirectory that has a file of defaults."""
    with os.scandir(folder) as found:  # it knows the type of a file, for which pathlib asks the system
        inside = sorted(found, key=lambda entry: entry.name)
    yield from (folder / each.name for each in inside if os.path.splitext(each.name)[1] in _SUFFIXES)  # noqa: PTH122
    for each in inside:
        if not each.is_file(follow_symlinks=False) and (below := folder / each.name).is_dir() and _file_in(below):
            yield from _yaml_files(below)


def _file_in(folder: pathlib.Path) -> pathlib.Path | None:
    files = (folder / f"{NAME}{suffix}" for suffix in sorted(_SUFFIXES))
    return next(filter(os.path.lexists, files), None)  # reading reports a broken link and a directory


def _second(file: pathlib.Path, first: pathlib.Path, what: str) -> ConfigError:
    said = f"{os.path.relpath(first, file.parent)} {what}"
    return ConfigError([Finding(said, "rename one of them", rule=FILE_NAME, place=Place(str(file)))])
