"""`anyscale-constructs lock` with the real Terraform, providers and modules, and the use of its files by `init`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from anyscale_constructs.terraform.locks import locked_versions
from tests import ROOT
from tests.e2e.clones import module_sources
from tests.e2e.plugins import REGISTRY, find_mirror, find_plugins, target, usual_places
from tests.e2e.terraform import clean_environment
from tests.missing import find_terraform, reachable

CLOUD = """\
stack: ec2
region: us-east-2
org_id: org_1234abcd
security_group: {ingress_cidr_blocks: [10.0.0.0/8]}
"""
# The newest tag at which the bucket's module accepts hashicorp/aws 5.
ON_AWS_5 = "modules: {s3: {ref: v0.38.0}}\n"


@dataclass(frozen=True)
class Project:
    """A directory with one cloud, and what its commands need.

    Attributes:
        folder: The directory.
        environment: The whole environment of the commands.
        options: The options of `lock` for the available platforms and providers.
    """

    folder: Path
    environment: Mapping[str, str]
    options: list[str]

    @property
    def stack(self) -> Path:
        """The stack's folder in the output."""
        return self.folder / "cdktf.out/stacks/prod"

    @property
    def kept(self) -> Path:
        """The committed lock file."""
        return self.folder / "locks/prod.lock.hcl"

    def run(self, *arguments: str) -> None:
        """Runs `anyscale-constructs`."""
        command = [sys.executable, "-m", "anyscale_constructs", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=dict(self.environment), check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def init(self) -> str:
        """Runs `terraform init -lockfile=readonly`; returns its error, if any."""
        command = [find_terraform(), f"-chdir={self.stack}", "init", "-lockfile=readonly", "-input=false"]
        done = subprocess.run(command, env=dict(self.environment), check=False, capture_output=True, text=True)
        return done.stderr if done.returncode else ""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A synthesized cloud, without a lock file. Providers come from a mirror if there is one, else the registry."""
    mirror = find_mirror(os.environ, usual_places(Path.home()))
    plugins = find_plugins(tmp_path / "plugins", online=(lambda _: False) if mirror else reachable)
    folder = tmp_path / "project"
    (folder / "clouds").mkdir(parents=True)
    (folder / "clouds/prod.yaml").write_text(CLOUD + (ON_AWS_5 if plugins.only_aws_5 else ""))
    project = Project(folder, os.environ | {"PYTHONPATH": str(ROOT)}, ["--platform", target()])
    project.run("synth")
    environment = clean_environment(tmp_path, plugins, module_sources([project.stack]))
    options = project.options
    if mirror:
        # `providers lock` ignores the CLI configuration, and takes one mirror.
        merged = tmp_path / "mirror"
        for each in (mirror, tmp_path / "plugins/doubles"):
            for name in ("hashicorp/aws", "hashicorp/time"):
                link(each / REGISTRY / name, merged / REGISTRY / name)
        options = [*options, "--fs-mirror", str(merged)]
    return Project(folder, environment | {"PYTHONPATH": str(ROOT)}, options)


def link(source: Path, place: Path) -> None:
    """Adds a provider's packages for this machine to a mirror, packed or unpacked, if it has none yet."""
    if not place.exists():
        for package in [*source.glob(f"*/{target()}"), *source.glob(f"*_{target()}.zip")]:
            (place / package.relative_to(source)).parent.mkdir(parents=True, exist_ok=True)
            (place / package.relative_to(source)).symlink_to(package)


def provider(name: str, version: str) -> str:
    """Returns the entry of a HashiCorp provider in a lock file."""
    checksum = "h1:L5V05xwp/Gto1leRryuesxjMfgZwjb7oool4WS1UEFQ="
    return f'provider "{REGISTRY}/hashicorp/{name}" {{\n  version = "{version}"\n  hashes = ["{checksum}"]\n}}\n\n'


def test_a_committed_lock_survives_deletion_of_the_output(project: Project) -> None:
    project.run("lock", *project.options)
    assert set(locked_versions(project.kept.read_text())) == {
        f"{REGISTRY}/hashicorp/aws",
        f"{REGISTRY}/hashicorp/time",
    }
    shutil.rmtree(project.folder / "cdktf.out")
    project.run("synth")
    assert project.init() == ""
    kept = project.kept.read_bytes()
    assert (project.stack / ".terraform.lock.hcl").read_bytes() == kept
    project.run("lock", *project.options)
    assert project.kept.read_bytes() == kept


def test_init_fails_without_a_committed_lock(project: Project) -> None:
    """This shows that the other tests use the committed lock file."""
    assert "Provider dependency changes detected" in project.init()


def test_a_lock_that_does_not_fit_is_fixed(project: Project) -> None:
    """One provider is older than the stack allows, one is missing, and one is no longer needed."""
    project.kept.parent.mkdir()
    project.kept.write_text(provider("aws", "4.67.0") + provider("null", "3.2.4"))
    project.run("lock", *project.options)
    assert project.init() == ""
