"""`anyscale-constructs eject`: a cloud as plain Terraform, with the same addresses and the same state."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT
from tests.examples import FOLDER
from tests.unit.cli.parts import REGISTERED, Run, files, locked, write

EXAMPLES = ["minimal", "everything", "eks-private", "gke-private", "aks-private", "generic"]


def without_comments(value: Any) -> Any:
    match value:
        case dict():
            return {key: without_comments(inner) for key, inner in value.items() if key != "//"}
        case list():
            return [*map(without_comments, value)]
    return value


def states(content: dict[str, Any]) -> list[str]:
    """Removes the paths of local states."""
    remote = content.get("data", {}).get("terraform_remote_state", {}).values()
    found = [content["terraform"].get("backend", {}).get("local", {}), *(each["config"] for each in remote)]
    return [each.pop("path") for each in found if "path" in each]


@pytest.mark.parametrize("to", ["terraform", "a/b"])
@pytest.mark.parametrize("example", EXAMPLES)
def test_it_is_the_same_terraform_without_comments(example: str, to: str, run: Run, folder: Path) -> None:
    write(folder, prod=(FOLDER / f"{example}.yaml").read_text())
    assert run()[0] == 0
    status, out, err = run("prod", *(["--to", to] if to != "terraform" else []), command="eject")
    assert (status, err) == (0, "")
    synthesized, ejected = folder / "cdktf.out" / "stacks", folder / to
    names = sorted(each.name for each in synthesized.iterdir())
    assert sorted(each.name for each in ejected.iterdir()) == names
    for name in names:
        before = files(synthesized / name)
        after = files(ejected / name)
        assert out.count(f"  {to}/{name}/main.tf.json\n") == 1
        old, new = json.loads(before.pop("cdk.tf.json")), json.loads(after.pop("main.tf.json"))
        assert after == before  # assets and versions.tf
        assert "//" in old
        assert '"//"' not in json.dumps(new)
        places = [[os.path.normpath(folder_ / path) for path in states(content)] for folder_, content in (
            (synthesized / name, old), (ejected / name, new)
        )]  # fmt: skip
        assert places[0] == places[1]
        assert new == without_comments(old)


def test_terraform_reads_the_state_of_the_first_stack(run: Run, folder: Path) -> None:
    """For a cloud that Terraform registers, the second stack's data source reads the same file."""
    text = (FOLDER / "gke-private.yaml").read_text()
    write(folder, prod=re.sub(r"(?m)^backend:.*\n(?: .*\n)*", "", text))
    assert run("prod", command="eject")[0] == 0
    first, second = (
        json.loads((folder / "terraform" / name / "main.tf.json").read_text()) for name in ("prod", "prod-operator")
    )
    assert states(first) == ["../../terraform.prod.tfstate"]
    assert states(second) == ["../../terraform.prod-operator.tfstate", "../../terraform.prod.tfstate"]


def test_files_of_terraform_are_copied(run: Run, folder: Path) -> None:
    write(folder, prod=REGISTERED)
    run()
    home = folder / "cdktf.out" / "stacks" / "prod"
    (home / ".terraform").mkdir()
    (home / ".terraform" / "x").write_text("")
    (home / "terraform.tfstate").write_text("{}")
    (home / ".terraform.lock.hcl").write_text(locked(aws="6.1.0"))
    (home / "terraform.tfvars.json").write_text("{}")
    run("prod", command="eject")
    found = files(folder / "terraform" / "prod")
    assert set(found) == {"main.tf.json", "versions.tf", ".terraform.lock.hcl", "terraform.tfvars.json"}
    assert found[".terraform.lock.hcl"] == locked(aws="6.1.0").encode()


def test_a_committed_lock_file_takes_precedence(run: Run, folder: Path) -> None:
    write(folder, prod=REGISTERED)
    run()
    (folder / "cdktf.out/stacks/prod/.terraform.lock.hcl").write_text(locked(aws="6.1.0"))
    (folder / "locks").mkdir()
    (folder / "locks/prod.lock.hcl").write_text(locked(aws="6.2.0"))
    run("prod", command="eject")
    assert (folder / "terraform/prod/.terraform.lock.hcl").read_text() == locked(aws="6.2.0")


def test_the_output_directory_is_unchanged(run: Run, folder: Path) -> None:
    write(folder, prod=REGISTERED)
    run("prod", command="eject")
    assert not (folder / "cdktf.out").exists()
    assert sorted(each.name for each in (folder / "terraform").iterdir()) == ["prod"]


def test_fails_rather_than_overwrite(run: Run, folder: Path) -> None:
    write(folder, prod=REGISTERED)
    (folder / "terraform" / "prod").mkdir(parents=True)
    assert run("prod", command="eject")[0] == 0
    before = files(folder)
    status, _, err = run("prod", command="eject")
    assert status == 2
    assert err == "error: terraform/prod is not empty. Fix: choose another directory with --to\n"
    assert files(folder) == before


def test_fails_on_an_unknown_cloud(run: Run, folder: Path) -> None:
    write(folder, prod=REGISTERED)
    assert "unknown cloud 'pord': did you mean 'prod'?" in run("pord", command="eject")[2]
    assert not (folder / "terraform").exists()


def test_a_users_own_comments_stay(folder: Path, run: Run) -> None:
    program = """
from anyscale_constructs import App, CloudStack

app = App()
stack = CloudStack(app, "own")
stack.add_override("locals", {"tags": {"//": "a key"}})
app.synth()
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "ANYSCALE_CONSTRUCTS_ENGINE": "native"}
    subprocess.run([sys.executable, "-c", program], check=True, cwd=folder, env=environment)
    assert run("own", command="eject")[0] == 0
    content = json.loads((folder / "terraform/own/main.tf.json").read_text())
    assert content["locals"] == {"tags": {"//": "a key"}}
    assert "//" not in content
