"""Modules that require hashicorp/aws 6, adapted to release 5, for machines without access to a later release.

What release 5 does not support is removed; no cloud of this library uses it.
"""

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from anyscale_constructs.terraform.constraints import Constraint
from tests.e2e.registry import EKS, KMS, RegistryModule
from tests.e2e.report import StepFailedError


def _argument(name: str) -> tuple[str, str]:
    """Removes an argument that is set from a variable of the same name."""
    return rf"(?m)^ +{name} += (var|\w+\.value)\.{name}\n", ""


def _block(kind: str, name: str) -> tuple[str, str]:
    """Removes a block."""
    return rf'(?ms)^( +){kind} "{name}" \{{\n.*?^\1\}}\n', ""


_CONSTRAINT = (r'version = ">= 6\.\d+"', 'version = ">= 5.100"')

SUBSTITUTIONS: Mapping[RegistryModule, Sequence[tuple[str, str]]] = {
    EKS: (
        _CONSTRAINT,
        _block("provider_meta", "aws"),
        _argument("region"),
        _argument("deletion_protection"),
        _block("dynamic", "control_plane_scaling_config"),
        (r"aws_eks_cluster\.this\[0\]\.control_plane_scaling_config\[0\]\.tier, ", ""),
        _argument("update_strategy"),
        _argument("max_parallel_nodes_repaired_count"),
        _argument("max_parallel_nodes_repaired_percentage"),
        _argument("max_unhealthy_node_threshold_count"),
        _argument("max_unhealthy_node_threshold_percentage"),
        _block("dynamic", "node_repair_config_overrides"),
        (r"(data\.aws_region\.current\[0\])\.region", r"\1.name"),
    ),
    KMS: (
        _CONSTRAINT,
        _argument("region"),
        (r"aws_kms_\w+\.this\[0\]\.region, ", ""),
    ),
}
"""For each module, regular expressions and their replacements."""


def adapt(module: RegistryModule, folder: Path, environment: Mapping[str, str]) -> Path:
    """Clones a module and adapts it.

    Args:
        module: The module.
        folder: The directory of the clone.
        environment: The environment in which git finds the repository.

    Raises:
        StepFailedError: The module does not match the substitutions.
    """
    url = f"https://github.com/{module.repository}.git"
    clone = ["git", "-c", "advice.detachedHead=false", "clone", "--quiet", "--depth=1", "--branch", module.ref]
    done = subprocess.run(
        [*clone, url, str(folder)], check=False, env=dict(environment), capture_output=True, text=True
    )
    if done.returncode:
        raise StepFailedError(f"{module}: {done.stderr.strip()}")
    if module not in SUBSTITUTIONS:
        raise StepFailedError(f"{module} has no substitutions that adapt it to hashicorp/aws 5")
    substitute(folder, SUBSTITUTIONS[module])
    return folder


def substitute(folder: Path, substitutions: Sequence[tuple[str, str]]) -> None:
    """Applies the substitutions to a module and its submodules.

    Raises:
        StepFailedError: A substitution has no match.
    """
    files = [*folder.glob("*.tf"), *folder.glob("modules/**/*.tf")]
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    for pattern, replacement in substitutions:
        found = {file: re.subn(pattern, replacement, text) for file, text in texts.items()}
        if not any(count for _, count in found.values()):
            raise StepFailedError(f"nothing in {folder.name} matches {pattern}")
        texts = {file: text for file, (text, _) in found.items()}
    for file, text in texts.items():
        file.write_text(text, encoding="utf-8")


def relax(folder: Path, release: str) -> list[str]:
    """Lets a stack use an older hashicorp/aws than it pins, with an override file next to it.

    Args:
        folder: The stack's directory.
        release: The available release.

    Returns:
        The change, for the report; empty if the pin allows the release.
    """
    required = json.loads((folder / "cdk.tf.json").read_text())["terraform"]["required_providers"]["aws"]
    major, minor, patch = map(int, release.split("."))
    if Constraint.parse(required["version"]).allows((major, minor, patch)):
        return []
    override = {"terraform": {"required_providers": {"aws": required | {"version": release}}}}
    (folder / "zz_override.tf.json").write_text(json.dumps(override))
    return [f"hashicorp/aws {release} where the stack pins {required['version']}"]
