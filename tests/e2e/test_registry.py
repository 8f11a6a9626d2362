import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.clones import git_configuration, module_sources
from tests.e2e.registry import EKS, KMS, Registry, RegistryModule, registry_modules

MODULE = RegistryModule("acme/network/aws", "1.2.3")

Get = Callable[[Registry], Path]


@pytest.fixture
def clones(tmp_path: Path) -> Path:
    """A folder of clones, with the module's repository and the tag of its version."""
    clone = tmp_path / "clones" / MODULE.repository
    subprocess.run(["git", "init", "--quiet", clone], check=True)
    (clone / "main.tf").write_text('output "from" { value = "the tag" }\n')
    git = ["git", "-C", str(clone), "-c", "user.name=e2e", "-c", "user.email=e2e@example.com"]
    for command in (["add", "."], ["commit", "--quiet", "--message", "first"], ["tag", MODULE.ref]):
        subprocess.run([*git, *command], check=True)
    return tmp_path / "clones"


@pytest.fixture
def get(terraform: str, tmp_path: Path, clones: Path) -> Get:
    """Has Terraform install the module, and gives its folder."""
    stack = tmp_path / "stack"
    stack.mkdir()
    call = {"source": MODULE.source, "version": MODULE.version}
    (stack / "cdk.tf.json").write_text(json.dumps({"module": {"network": call}}))
    told = git_configuration(module_sources([stack]), {"ANYSCALE_MODULES_DIR": str(clones)})
    (tmp_path / "gitconfig").write_text(told or "")

    def get(registry: Registry) -> Path:
        (tmp_path / "terraform.rc").write_text(registry.configuration)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "TF_CLI_CONFIG_FILE": str(tmp_path / "terraform.rc"),
            "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
            "GIT_ALLOW_PROTOCOL": "file",
            "CHECKPOINT_DISABLE": "1",
        }
        subprocess.run([terraform, "get"], cwd=stack, env=environment, check=True, capture_output=True, timeout=120)
        installed = json.loads((stack / ".terraform/modules/modules.json").read_text())["Modules"]
        (folder,) = (each["Dir"] for each in installed if each["Key"] == "network")
        return stack / str(folder)

    return get


def test_terraform_gets_a_module_from_the_tag_of_its_version(get: Get) -> None:
    with Registry() as registry:
        registry.add(MODULE)

        assert "the tag" in (get(registry) / "main.tf").read_text()


def test_terraform_gets_a_module_from_a_folder(get: Get, tmp_path: Path) -> None:
    (tmp_path / "adapted").mkdir()
    (tmp_path / "adapted" / "main.tf").write_text('output "from" { value = "the folder" }\n')
    with Registry() as registry:
        registry.add(MODULE, tmp_path / "adapted")

        assert "the folder" in (get(registry) / "main.tf").read_text()


def test_fails_when_a_module_is_not_served(get: Get) -> None:
    with Registry() as registry, pytest.raises(subprocess.CalledProcessError) as raised:
        get(registry)

    assert b"Module not found" in raised.value.stderr


def test_modules_of_a_module_are_served_too(tmp_path: Path) -> None:
    calls = {
        "eks": {"source": EKS.source, "version": EKS.version},
        "vpc": {"source": "git::https://example.com/vpc"},
        "inner": {"source": f"{MODULE.source}//modules/inner", "version": MODULE.version},
    }
    (tmp_path / "cdk.tf.json").write_text(json.dumps({"module": calls}))

    assert registry_modules(tmp_path) == [EKS, KMS, MODULE]
    assert module_sources([tmp_path]) == {
        MODULE.repository: {MODULE.ref},
        "terraform-aws-modules/terraform-aws-eks": {"v21.19.0"},
        "terraform-aws-modules/terraform-aws-kms": {"v4.0.0"},
    }
