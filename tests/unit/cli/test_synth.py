"""`anyscale-constructs synth`: from a directory of YAML to Terraform JSON, and the messages."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT, flat
from tests.unit.cli.parts import CLOUD, GOOGLE, KUBERNETES, REGISTERED, Run, files, write


def test_every_cloud_is_synthesized_and_reported(run: Run, folder: Path) -> None:
    more = "efs: {}\nmemorydb: {}\nbackend: {type: gcs, bucket: acme-state}\n"
    write(folder, small=REGISTERED, large=REGISTERED + more)
    status, out, err = run()
    assert (status, err) == (0, "")
    table, _, next_ = out.partition("\n\n")
    assert [line.split("  ") for line in re.sub(" {3,}", "  ", table).splitlines()] == [
        ["STACK", "MODULES", "PINS", "STATE"],
        ["large", "vpc securitygroups s3 iam s3_policy efs memorydb", "v0.40.1 (9880f83)", "gcs"],
        ["small", "vpc securitygroups s3 iam s3_policy", "v0.40.1 (9880f83)", "local"],
    ]
    assert next_ == (
        "Next: run anyscale-constructs synth NAME with the same options to see the next commands for one cloud\n"
        "\n"
        "7 notes on what defaults leave open: anyscale-constructs synth --notes\n"
    )
    assert set(files(folder / "cdktf.out")) == {
        "manifest.json",
        "stacks/large/cdk.tf.json",
        "stacks/large/versions.tf",
        "stacks/small/cdk.tf.json",
        "stacks/small/versions.tf",
    }


def test_one_run_shows_the_errors_of_all_steps_in_the_order_of_files(run: Run, folder: Path) -> None:
    built = "modules: {vpc: {inputs: {nope: 1}}}\n"
    write(folder, a=CLOUD + built, b=CLOUD + "nope: 1\n", c="stack: [", d=CLOUD, e=CLOUD + built)
    status, _, err = run()
    assert status == 2
    assert re.findall(r"^error: clouds/(\w)\.yaml:\d: (\S+ \S+)", err, re.MULTILINE) == [
        ("a", "module.vpc: unknown"),
        ("b", "nope: unknown"),
        ("c", "is not"),
        ("e", "module.vpc: unknown"),
    ]


def test_single_clouds_can_be_named(run: Run, folder: Path) -> None:
    write(folder, a=CLOUD, b=CLOUD, broken="stack: [")
    status, out, _ = run("b", "b", "--out", "elsewhere")
    assert status == 0
    assert "terraform -chdir=elsewhere/stacks/b init" in out
    assert [file.name for file in (folder / "elsewhere" / "stacks").iterdir()] == ["b"]


APPLY = "terraform -chdir={0} init, then terraform -chdir={0} apply"
MIDDLE = "Then: anyscale-constructs register prod --tfvars cdktf.out/stacks/prod-operator/terraform.tfvars.json\n"


@pytest.mark.parametrize(("registration", "middle"), [("command", MIDDLE), ("terraform", "")])
def test_the_next_commands_for_a_kubernetes_cloud_work(registration: str, middle: str, run: Run, folder: Path) -> None:
    write(folder, prod=f"{KUBERNETES}registration: {registration}\n")
    _, out, _ = run()
    first, last = (APPLY.format(f"cdktf.out/stacks/{name}") for name in ("prod", "prod-operator"))
    assert f"\nNext: {first}\n{middle}Then: {last}\n" in out


def test_outputs_in_another_directory_are_piped_to_register(run: Run, folder: Path) -> None:
    """`register` reads outputs in the output directory of cdktf.json."""
    write(folder, prod=KUBERNETES)
    _, out, _ = run("--out", "elsewhere")
    assert (
        "\nThen: terraform -chdir=elsewhere/stacks/prod output -json | anyscale-constructs register prod --outputs - "
        "--tfvars elsewhere/stacks/prod-operator/terraform.tfvars.json\n"
    ) in out


def test_a_cloud_is_named_by_its_file(run: Run, folder: Path) -> None:
    write(folder, prod=CLOUD)
    assert run()[0] == 0
    stack = json.loads((folder / "cdktf.out/stacks/prod/cdk.tf.json").read_text())
    assert stack["output"]["anyscale_cloud_name"]["value"] == "prod"
    assert stack["output"]["anyscale_iam_role_external_id"]["value"] == "org_1234abcd-prod"
    assert stack["module"]["iam"]["anyscale_external_id"] == "org_1234abcd-prod"


def test_cdktf_json_sets_directories(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "cdktf.json").write_text('{"output": "build/tf", "context": {"clouds": "live"}}')
    (folder / "clouds").rename(folder / "live")
    (folder / "live" / "prod.yml").write_text(CLOUD)
    assert run()[0] == 0
    assert (folder / "build" / "tf" / "manifest.json").is_file()
    monkeypatch.setenv("CDKTF_OUTDIR", "by-the-cli")
    assert run()[0] == 0
    assert (folder / "by-the-cli" / "manifest.json").is_file()


def test_warnings_are_on_stderr(run: Run, folder: Path) -> None:
    write(folder, prod=REGISTERED + "vpc: {cidr_block: 10.0.0.0/20}\n")
    status, out, err = run()
    assert status == 0
    assert out.startswith("STACK")
    assert err == (
        "warning: clouds/prod.yaml:6: module.vpc: cidr_block is smaller than recommended, and Ray needs one IP address "
        "per node; got '10.0.0.0/20'. Fix: use a /19 or larger; it cannot be changed once nodes are running\n"
        "warning: clouds/prod.yaml:6: module.vpc: a subnet of public_subnets is smaller than recommended, and Ray "
        "needs one IP address per node; got '10.0.0.0/23'. Fix: use subnets of /22 or larger, for which a VPC of /19 "
        "has room; they cannot be changed once nodes are running\n"
    )


def test_permissions_for_every_instance_cause_a_warning(run: Run, folder: Path) -> None:
    write(folder, new=CLOUD, registered=REGISTERED, elsewhere=CLOUD + "registration: terraform\n")
    status, _, err = run()
    assert status == 0
    assert err == (
        "warning: clouds/new.yaml: module.iam: anyscale_cloud_id is not set, so the control plane may act on every EC2 "
        "instance of the account. Fix: set cloud_id once the cloud is registered, or register with "
        "registration: terraform\n"
    )


def test_a_misspelled_region_causes_a_warning_in_every_kind(run: Run, folder: Path) -> None:
    aws = [cloud.replace("east", "esat") for cloud in (REGISTERED, KUBERNETES)]
    write(folder, a=aws[0], b=aws[1], c=GOOGLE.replace("st1", "ts1"))
    status, _, err = run()
    assert status == 0
    assert err.splitlines() == [
        f"warning: clouds/{name}.yaml:2: region is not one of the regions known in November 2026; got {given!r}. Fix: "
        f"use {near!r} if that is the intended region"
        for name, given, near in [
            ("a", "us-esat-2", "us-east-2"),
            ("b", "us-esat-2", "us-east-2"),
            ("c", "us-eats1", "us-east1"),
        ]
    ]


def test_the_output_of_a_deleted_cloud_is_removed(run: Run, folder: Path) -> None:
    write(folder, live=REGISTERED, gone=REGISTERED)
    run()
    (folder / "cdktf.out/stacks/live/.terraform").mkdir()
    (folder / "clouds/gone.yaml").unlink()
    assert run("live")[2] == ""
    assert (folder / "cdktf.out/stacks/gone/cdk.tf.json").is_file()
    status, _, err = run()
    assert (status, err) == (0, "warning: cdktf.out/stacks/gone was removed: no cloud defines this stack any more\n")
    assert [stack.name for stack in (folder / "cdktf.out/stacks").iterdir()] == ["live"]
    assert (folder / "cdktf.out/stacks/live/.terraform").is_dir()


def test_the_older_output_of_a_deleted_cloud_is_removed(run: Run, folder: Path) -> None:
    """Its required version was in the JSON."""
    write(folder, live=CLOUD, gone=CLOUD)
    run()
    (folder / "cdktf.out/stacks/gone/versions.tf").unlink()
    (folder / "clouds/gone.yaml").unlink()
    run()
    assert [stack.name for stack in (folder / "cdktf.out/stacks").iterdir()] == ["live"]


def test_the_librarys_charts_are_removed_with_their_stack(run: Run, folder: Path) -> None:
    write(folder, live=REGISTERED, gone=KUBERNETES)
    run()
    assert (folder / "cdktf.out/stacks/gone-operator/assets").is_dir()
    (folder / "clouds/gone.yaml").unlink()
    assert len(run()[2].splitlines()) == 2
    assert [stack.name for stack in (folder / "cdktf.out/stacks").iterdir()] == ["live"]


def test_a_stack_with_its_state_elsewhere_is_kept(run: Run, folder: Path) -> None:
    write(folder, live=CLOUD, gone=CLOUD + "backend: {type: gcs, bucket: acme-state}\n")
    run()
    (folder / "clouds/gone.yaml").unlink()
    assert "gone is kept, although no cloud defines this stack any more: found possibly a remote state" in run()[2]
    assert (folder / "cdktf.out/stacks/gone/cdk.tf.json").is_file()


@pytest.mark.parametrize(
    ("backend", "kept"),
    [
        ("", "cdktf.out/stacks/gone/.terraform/modules.json"),
        ("", "cdktf.out/stacks/gone/mine.tf"),
        ("", "terraform.gone.tfstate"),
        ("backend: {type: local, path: ../../state/x.tfstate}\n", "cdktf.out/state/x.tfstate"),
        ("backend: {type: local, path: x.tfstate}\n", "cdktf.out/stacks/gone/x.tfstate"),
    ],
)
def test_a_directory_with_other_files_is_kept(backend: str, kept: str, run: Run, folder: Path) -> None:
    """Without its JSON a deployed stack could not be destroyed."""
    write(folder, live=REGISTERED, gone=REGISTERED + backend)
    run()
    (folder / kept).parent.mkdir(parents=True, exist_ok=True)
    (folder / kept).write_text("{}")
    (folder / "clouds/gone.yaml").unlink()
    before = files(folder / "cdktf.out/stacks/gone")
    status, _, err = run()
    assert (status, len(err.splitlines())) == (0, 1)
    assert err.startswith(
        "warning: cdktf.out/stacks/gone is kept, although no cloud defines this stack any more: found "
    )
    assert files(folder / "cdktf.out/stacks/gone") == before


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"//": {"metadata": {"stackName": "other"}}}'])
def test_directories_that_are_not_stacks_are_kept(text: str, run: Run, folder: Path) -> None:
    write(folder, live=REGISTERED)
    mine = folder / "cdktf.out/stacks/mine/cdk.tf.json"
    mine.parent.mkdir(parents=True)
    mine.write_text(text)
    assert run()[::2] == (0, "")
    assert mine.read_text() == text


@pytest.mark.parametrize("text", ["{}", '{"context": null}', '{"context": {}, "output": null}', "\ufeff{}"])
def test_cdktf_json_may_be_empty(text: str, run: Run, folder: Path) -> None:
    (folder / "cdktf.json").write_text(text)
    write(folder, prod=CLOUD)
    assert run()[0] == 0


def process(folder: Path, **environment: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "stacks"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_separate_process_does_the_same(run: Run, folder: Path) -> None:
    """The other tests see the same exit status and output without a separate process."""
    write(folder, prod=CLOUD)
    result = process(folder)
    assert (result.returncode, result.stdout, flat(result.stderr)) == run()
    write(folder, prod=CLOUD + "vpcs: {}\n")
    result = process(folder)
    assert (result.returncode, result.stdout, flat(result.stderr)) == run()
    assert result.returncode == 2


def test_a_kubernetes_cloud_is_two_stacks(run: Run, folder: Path) -> None:
    write(folder, ml=KUBERNETES)
    status, out, err = run()
    assert (status, err) == (0, "")
    assert [line.split()[:2] for line in out.splitlines()[1:3]] == [["ml", "vpc"], ["ml-operator", "-"]]
    assert {"ml", "ml-operator"} == {path.name for path in (folder / "cdktf.out" / "stacks").iterdir()}
