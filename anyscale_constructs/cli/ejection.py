"""Turns a cloud, or a synthesized stack, into directories of plain Terraform."""

import pathlib
import tempfile

from anyscale_constructs.cli.synthesis import gather_clouds
from anyscale_constructs.config.defaults import Defaults
from anyscale_constructs.terraform.ejecting import eject


def eject_cloud(name: str, clouds: pathlib.Path, out: pathlib.Path, to: pathlib.Path) -> dict[pathlib.Path, list[str]]:
    """Writes the stacks of a cloud as plain Terraform.

    Args:
        name: The cloud, or a stack in the output directory that comes from no YAML file.
        clouds: The directory of the YAML files.
        out: The output directory.
        to: The directory in which the stacks' directories are created.

    Returns:
        The directories, in the order in which they must be applied, and the files in each.

    Raises:
        ConstructsError: The cloud does not exist or has errors, or a directory cannot be written.
    """
    stacks = out / "stacks"
    if (stacks / name / "cdk.tf.json").is_file() and not _is_cloud(name, clouds):
        return {to / name: eject(stacks / name, stacks / name, to / name)}
    with tempfile.TemporaryDirectory() as temporary:
        app, _ = gather_clouds(clouds, pathlib.Path(temporary), [name])
        made = pathlib.Path(temporary) / "stacks"
        names = [stack.name for stack in app.cloud_stacks]
        return {to / each: eject(made / each, stacks / each, to / each) for each in names}


def _is_cloud(name: str, clouds: pathlib.Path) -> bool:
    return clouds.is_dir() and any(file.stem == name for file in Defaults(clouds).files())
