"""Clouds in YAML, their directories, and programs that run there."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests import ROOT

Run = Callable[..., tuple[int, str, str]]

CLOUD = """\
stack: ec2
region: us-east-2
org_id: org_1234abcd
security_group: {ingress_cidr_blocks: [10.0.0.0/8]}
"""
# Synthesis warns about an EC2 cloud without a cloud ID.
REGISTERED = CLOUD + "cloud_id: cld_1234abcd\n"
KUBERNETES = """\
stack: eks
region: us-east-2
org_id: org_1234abcd
workloads: {}
releases: {gateway: {ingress_cidr_blocks: [203.0.113.0/24]}}
"""
GOOGLE = """\
stack: gce
region: us-east1
org_id: org_1234abcd
project: {project_id: acme-ml}
firewall: {ingress_cidr_blocks: [10.0.0.0/8]}
"""


def locked(**versions: str) -> str:
    """A lock file of HashiCorp's providers, as Terraform writes it."""
    return "# This file is maintained automatically.\n" + "".join(
        f'\nprovider "registry.terraform.io/hashicorp/{name}" {{\n  version     = "{version}"\n'
        f'  constraints = ">= 0.1.0"\n  hashes = [\n    "h1:{name}{version}=",\n  ]\n}}\n'
        for name, version in versions.items()
    )


def write(folder: Path, **clouds: str) -> None:
    for name, text in clouds.items():
        (folder / "clouds" / f"{name}.yaml").write_text(text)


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def started(folder: Path, *command: str, given: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Runs Python in a separate process, with a minimal environment."""
    kept = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=kept | environment,
        input=given,
        capture_output=True,
        check=False,
        timeout=60,
    )
