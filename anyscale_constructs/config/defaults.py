"""What the clouds of a directory have in common: `_defaults.yaml` in it, and in the folders in it."""

import os
import pathlib
from collections.abc import Iterator

from anyscale_constructs.config.document import Document
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.findings import Finding, Place, Rule

NAME = "_defaults"
FILE_NAME = Rule("file-name", "error", "A cloud's file is named after the cloud, and so are its stack and its folder.")

_SUFFIXES = {".yaml", ".yml"}


class Defaults:
    """The defaults of a directory of clouds, each file of which is read once.

    Args:
        directory: The directory. A folder in it belongs to it if it has a file of defaults.
    """

    def __init__(self, directory: pathlib.Path) -> None:
        self._directory = directory
        self._read: dict[pathlib.Path, Document | None] = {}

    def files(self) -> Iterator[pathlib.Path]:
        """The files of clouds, in the directory and the folders that belong to it.

        Raises:
            ConfigError: Two files would be one cloud, or the defaults of one folder.
        """
        seen: dict[str, pathlib.Path] = {}
        for file in _yaml_files(self._directory):
            if file.stem == NAME:
                if file != _file_in(file.parent):  # .yaml is found first
                    raise _second(file, file.with_suffix(".yaml"), "holds defaults of the same folder")
                continue
            if other := seen.get(file.stem.lower()):
                also = "" if file.stem == other.stem else ", but for its case, which some file systems ignore"
                raise _second(file, other, f"is a cloud of the same name{also}")
            seen[file.stem.lower()] = file
            yield file

    def documents(self) -> Iterator[Document]:
        """The files of defaults.

        Raises:
            ConfigError: One of them can't be read.
        """
        for file in _yaml_files(self._directory):
            if file.stem == NAME and (document := self._of(file.parent)):
                yield document

    def read(self, cloud: pathlib.Path) -> Document:
        """The document of a cloud, over the defaults of its folder and of those above it.

        Args:
            cloud: The cloud's file.

        Raises:
            ConfigError: It, or a file of defaults, can't be read.
        """
        return Document(cloud, self._of(cloud.parent))

    def _of(self, folder: pathlib.Path) -> Document | None:
        if folder not in self._read:
            above = None if folder == self._directory else self._of(folder.parent)
            file = _file_in(folder)
            self._read[folder] = Document(file, above) if file else above
        return self._read[folder]


def _yaml_files(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """The YAML files in a folder, then those in each folder in it that has a file of defaults."""
    inside = sorted(folder.iterdir())
    yield from (file for file in inside if file.suffix in _SUFFIXES)
    for each in inside:
        if each.is_dir() and _file_in(each):
            yield from _yaml_files(each)


def _file_in(folder: pathlib.Path) -> pathlib.Path | None:
    return next((file for suffix in sorted(_SUFFIXES) if (file := folder / f"{NAME}{suffix}").is_file()), None)


def _second(file: pathlib.Path, first: pathlib.Path, what: str) -> ConfigError:
    said = f"{os.path.relpath(first, file.parent)} {what}"
    return ConfigError([Finding(said, "rename one of them", rule=FILE_NAME, place=Place(str(file)))])
