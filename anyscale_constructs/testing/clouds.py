"""The clouds of a repository; each one is synthesized once."""

import contextlib
import functools
import pathlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from anyscale_constructs.cli import project
from anyscale_constructs.config.defaults import Defaults
from anyscale_constructs.config.document import KIND
from anyscale_constructs.errors import ConfigError, ConstructsError
from anyscale_constructs.names import unknown
from anyscale_constructs.rendering import text
from anyscale_constructs.testing.stacks import SynthesizedStack, rendered


def root_of(*folders: pathlib.Path) -> pathlib.Path | None:
    """Returns the first folder that contains a cdktf.json, or None."""
    return next((folder for folder in folders if (folder / "cdktf.json").is_file()), None)


@dataclass(frozen=True)
class SynthesizedCloud:
    """A cloud of the repository.

    Args:
        name: The name of the cloud and of its file.
        file: The YAML file, relative to the repository.
        config: The configuration.
        stacks: The stacks in the order of their application: one, or two on Kubernetes.
    """

    name: str
    file: pathlib.Path
    config: Any = field(repr=False)
    stacks: Sequence[SynthesizedStack]


class Clouds:
    """The clouds of a repository, by name: `clouds["prod"]`. Each one is synthesized on first use.

    Args:
        root: The folder of cdktf.json.
    """

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self._made: dict[str, SynthesizedCloud | Exception] = {}

    def __getitem__(self, name: str) -> SynthesizedCloud:
        """Returns the cloud with a name.

        Raises:
            ConstructsError: The cloud does not exist, or is invalid.
        """
        if name not in self._files:
            raise ConfigError(unknown(name, self._files, "cloud"))
        if name not in self._made:
            try:
                self._made[name] = self._synthesized(name)
            except Exception as error:  # noqa: BLE001 - raised below, for each test
                self._made[name] = error
        made = self._made[name]
        if isinstance(made, Exception):
            raise made
        return made

    def __iter__(self) -> Iterator[str]:
        """Returns an iterator over the names of the clouds."""
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def stack_names(self, name: str) -> list[str]:
        """Returns the names of a cloud's stacks; only clouds with a kind of stack of your own are synthesized for that.

        Args:
            name: The name of the cloud. If the cloud is invalid, it is the only name returned.
        """
        try:
            kind = self._kind(name)
            if getattr(kind.build, "__module__", "").startswith("anyscale_constructs."):
                return [name, f"{name}-operator"] if getattr(kind, "operator_type", None) else [name]
            return [stack.name for stack in self[name].stacks]
        except Exception:  # noqa: BLE001 - the tests of that cloud report the error
            return [name]

    def stack(self, cloud: str, name: str) -> SynthesizedStack:
        """Returns a stack of a cloud.

        Args:
            cloud: The name of the cloud.
            name: The name of the stack.

        Raises:
            ConstructsError: The cloud is invalid.
        """
        return next(stack for stack in self[cloud].stacks if stack.name == name)

    def explain(self, error: ConstructsError) -> str:
        """Returns the text of an error, as `anyscale-constructs synth` prints it."""
        with contextlib.chdir(self.root):
            return "\n".join(map(text, error.findings))

    @functools.cached_property
    def _files(self) -> dict[str, pathlib.Path]:
        from anyscale_constructs.cli.synthesis import choose  # noqa: PLC0415 - may start Node.js

        with contextlib.chdir(self.root):
            return {file.stem: file for file in choose(project.clouds_directory(), ())}

    def _kind(self, name: str) -> Any:
        with contextlib.chdir(self.root):
            return project.load_stack(Defaults(project.clouds_directory()).read(self._files[name]).data[KIND])

    def _synthesized(self, name: str) -> SynthesizedCloud:
        from anyscale_constructs.cli.synthesis import gather_clouds, remarks  # noqa: PLC0415 - may start Node.js

        with contextlib.chdir(self.root), tempfile.TemporaryDirectory() as temporary:
            out = pathlib.Path(temporary)
            app, documents = gather_clouds(project.clouds_directory(), out, [name])
            told = remarks(app, documents, out)
            document = documents[app.cloud_stacks[0].name]
            return SynthesizedCloud(
                name,
                document.file,
                document.parse(project.load_stack(document.data[KIND]).config_type),
                [
                    SynthesizedStack(stack, rendered(stack), [each for each in told if each.cloud == stack.name])
                    for stack in app.cloud_stacks
                ],
            )
