"""`python -m stacks`: from a directory of YAML to Terraform JSON, or one message and nothing written."""

import dataclasses
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.core.interface import Interface, Provider
from stacks import __main__ as program
from tests import ROOT

Run = Callable[..., tuple[int, str, str]]

CLOUD = """\
stack: ec2
region: us-east-2
org_id: org_1234abcd
security_group: {ingress_cidr_blocks: [10.0.0.0/8]}
"""
KUBERNETES = """\
stack: eks
region: us-east-2
org_id: org_1234abcd
releases: {gateway: {ingress_cidr_blocks: [10.0.0.0/8]}}
"""
GOOGLE = """\
stack: gce
region: us-east1
org_id: org_1234abcd
project: {project_id: acme-ml}
firewall: {ingress_cidr_blocks: [10.0.0.0/8]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a directory `clouds`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CDKTF_OUTDIR", raising=False)
    (tmp_path / "clouds").mkdir()
    return tmp_path


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the program here; gives its exit status, stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        assert Path.cwd() == folder
        monkeypatch.setattr(sys, "argv", ["stacks", *arguments])
        return (program.main(), *capsys.readouterr())

    return run


def write(folder: Path, **clouds: str) -> None:
    for name, text in clouds.items():
        (folder / "clouds" / f"{name}.yaml").write_text(text)


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_every_cloud_is_synthesized_and_reported(run: Run, folder: Path) -> None:
    write(folder, small=CLOUD, large=CLOUD + "efs: {}\nmemorydb: {}\nbackend: {type: gcs, bucket: acme-state}\n")
    status, out, err = run()
    assert (status, err) == (0, "")
    table, _, next_ = out.partition("\n\n")
    assert [line.split("  ") for line in re.sub(" {3,}", "  ", table).splitlines()] == [
        ["STACK", "MODULES", "PINS", "STATE"],
        ["large", "vpc securitygroups s3 iam s3_policy efs memorydb", "v0.40.1 (9880f83)", "gcs"],
        ["small", "vpc securitygroups s3 iam s3_policy", "v0.40.1 (9880f83)", "local"],
    ]
    assert next_ == (
        "Next: terraform -chdir=cdktf.out/stacks/STACK init, then terraform -chdir=cdktf.out/stacks/STACK apply\n"
        "Then: anyscale-constructs register STACK\n"
        "\n"
        "7 notes on what upstream's defaults leave open: python -m stacks --notes\n"
    )
    assert set(files(folder / "cdktf.out")) == {
        "manifest.json",
        "stacks/large/cdk.tf.json",
        "stacks/small/cdk.tf.json",
    }


def test_single_clouds_can_be_named(run: Run, folder: Path) -> None:
    write(folder, a=CLOUD, b=CLOUD, broken="stack: [")
    status, out, _ = run("b", "b", "--out", "elsewhere")
    assert status == 0
    assert "terraform -chdir=elsewhere/stacks/b init" in out
    assert [file.name for file in (folder / "elsewhere" / "stacks").iterdir()] == ["b"]


def test_a_cloud_is_named_by_its_file(run: Run, folder: Path) -> None:
    write(folder, prod=CLOUD)
    assert run()[0] == 0
    stack = json.loads((folder / "cdktf.out/stacks/prod/cdk.tf.json").read_text())
    assert stack["output"]["anyscale_cloud_name"]["value"] == "prod"
    assert stack["output"]["anyscale_iam_role_external_id"]["value"] == "org_1234abcd-prod"
    assert stack["module"]["iam"]["anyscale_external_id"] == "org_1234abcd-prod"


def test_cdktf_json_says_where_things_are(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "cdktf.json").write_text('{"output": "build/tf", "context": {"clouds": "live"}}')
    (folder / "clouds").rename(folder / "live")
    (folder / "live" / "prod.yml").write_text(CLOUD)
    assert run()[0] == 0
    assert (folder / "build" / "tf" / "manifest.json").is_file()
    monkeypatch.setenv("CDKTF_OUTDIR", "by-the-cli")
    assert run()[0] == 0
    assert (folder / "by-the-cli" / "manifest.json").is_file()


def test_warnings_are_on_stderr(run: Run, folder: Path) -> None:
    write(folder, prod=CLOUD + "vpc: {cidr_block: 10.0.0.0/20}\n")
    status, out, err = run()
    assert status == 0
    assert out.startswith("STACK")
    assert err == (
        "warn: prod: vpc: cidr_block is smaller than recommended, and Ray clusters take an address a node; given: "
        "'10.0.0.0/20'. To mend it: take a /19 or larger while nothing runs in it\n"
        "warn: prod: vpc: a subnet is smaller than recommended, and Ray clusters take an address a node; given: "
        "'10.0.0.0/23'. To mend it: take a /22 or larger while nothing runs in it\n"
    )


def test_a_misspelt_region_is_warned_of_in_every_kind(run: Run, folder: Path) -> None:
    write(folder, a=CLOUD.replace("east", "esat"), b=KUBERNETES.replace("east", "esat"), c=GOOGLE.replace("st1", "ts1"))
    status, _, err = run()
    assert status == 0
    assert err.splitlines() == [
        f"warn: {name}: region is none that was known in November 2026; given: {given!r}: did you mean {near!r}?"
        for name, given, near in [
            ("a", "us-esat-2", "us-east-2"),
            ("b", "us-esat-2", "us-east-2"),
            ("c", "us-eats1", "us-east1"),
        ]
    ]


def test_what_is_left_of_a_cloud_that_is_gone_is_removed(run: Run, folder: Path) -> None:
    write(folder, live=CLOUD, gone=CLOUD)
    run()
    (folder / "cdktf.out/stacks/live/.terraform").mkdir()
    (folder / "clouds/gone.yaml").unlink()
    assert run("live")[2] == ""
    assert (folder / "cdktf.out/stacks/gone/cdk.tf.json").is_file()
    status, _, err = run()
    assert (status, err) == (0, "warn: cdktf.out/stacks/gone is removed: no cloud makes this stack any more\n")
    assert [stack.name for stack in (folder / "cdktf.out/stacks").iterdir()] == ["live"]
    assert (folder / "cdktf.out/stacks/live/.terraform").is_dir()


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
def test_what_anything_is_kept_for_stays(backend: str, kept: str, run: Run, folder: Path) -> None:
    """Without its JSON a deployed stack could not be destroyed."""
    write(folder, live=CLOUD, gone=CLOUD + backend)
    run()
    (folder / kept).parent.mkdir(parents=True, exist_ok=True)
    (folder / kept).write_text("{}")
    (folder / "clouds/gone.yaml").unlink()
    before = files(folder / "cdktf.out/stacks/gone")
    status, _, err = run()
    assert (status, len(err.splitlines())) == (0, 1)
    assert err.startswith("warn: cdktf.out/stacks/gone stays, though no cloud makes this stack any more: there is ")
    assert files(folder / "cdktf.out/stacks/gone") == before


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"//": {"metadata": {"stackName": "other"}}}'])
def test_what_was_not_synthesized_stays(text: str, run: Run, folder: Path) -> None:
    write(folder, live=CLOUD)
    mine = folder / "cdktf.out/stacks/mine/cdk.tf.json"
    mine.parent.mkdir(parents=True)
    mine.write_text(text)
    assert run()[::2] == (0, "")
    assert mine.read_text() == text


# what the cloud says besides -> where and what is said, and what mends it
REFUSED: dict[str, tuple[str, str, str]] = {
    "bad YAML": ("tags: {a: b\n", ":6: is not YAML: expected ',' or '}'", ""),
    "a key twice": ("region: us-east-1\n", ":5: the key 'region' stands there twice", ""),
    "an unknown key": ("vpcs: {}\n", ":5: vpcs: unknown key 'vpcs'", "did you mean 'vpc'?"),
    "an unknown key inside": (
        "vpc:\n  cidr_blok: 10.0.0.0/16\n",
        ":6: vpc.cidr_blok: unknown key 'cidr_blok'",
        "did you mean 'cidr_block'?",
    ),
    "a wrong value": (
        "vpc:\n  cidr_block: 10.0.0.1/16\n",
        ":6: vpc.cidr_block: must be an IPv4 network in CIDR form, with no host bits set, such as 10.0.0.0/16",
        "given: '10.0.0.1/16'",
    ),
    "ranges that overlap": (
        "vpc:\n  public_subnets: [10.0.0.0/20, 10.0.8.0/21]\n",
        ":6: module.vpc: public_subnets and private_subnets: 10.0.0.0/20 overlaps 10.0.8.0/21",
        "To mend it: give each subnet a range of its own",
    ),
    "a zone of another region": (
        "vpc:\n  availability_zones: [us-east-1a, us-east-1b]\n",
        ":5: vpc's availability zone us-east-1a is not in the cloud's region, us-east-2",
        "To mend it: take one in us-east-2",
    ),
    "an external id without its organization": (
        "external_id: production\n",
        ":5: external_id: must be the organization id, a hyphen and a suffix of your own, such as org_1234abcd-produc",
        "given: 'production'",
    ),
    "an external id of another organization": (
        "external_id: org_2-production\n",
        ":5: external_id is org_2-production, of another organization than org_id, org_1234abcd",
        "To mend it: begin it with org_1234abcd-",
    ),
    "a bucket name that AWS refuses": (
        "bucket:\n  name: Acme_Bucket\n",
        ":6: bucket.name: must be an S3 bucket name: 3 to 63 lower-case letters",
        "given: 'Acme_Bucket'",
    ),
    "subnets that don't fit": (
        "vpc:\n  cidr_block: 10.0.0.0/26\n",
        ":6: cidr_block has no room for subnets in 2 availability zones: they would be /29; given: '10.0.0.0/26'",
        "To mend it: take a larger cidr_block",
    ),
    "a network too small to register": (
        "vpc:\n  cidr_block: 10.0.0.0/25\n",
        ":6: module.vpc: cidr_block is too small to register; given: '10.0.0.0/25'. Allowed: /24 or larger",
        "To mend it: take a larger range",
    ),
    "one zone": ("vpc: {availability_zone_count: 1}\n", ":5: vpc.availability_zone_count: ", "equal to 2; given: 1"),
    "private nodes in public subnets": (
        "networking_mode: PRIVATE\nvpc: {public_subnets: [10.0.0.0/20, 10.0.16.0/20]}\n",
        ":5: networking_mode PRIVATE, but only public_subnets are given",
        "To mend it: give private_subnets too",
    ),
    "public nodes in private subnets": (
        "vpc: {public_subnets: [10.0.0.0/20], private_subnets: [10.0.16.0/20]}\n",
        ":5: networking_mode is PUBLIC, but vpc.private_subnets are given",
        "To mend it: set networking_mode: PRIVATE",
    ),
    "an override for no module": (
        "modules: {s4: {ref: v0.38.0}}\n",
        ":5: prod: modules: unknown module 's4': known are iam, s3, s3_policy, securitygroups, vpc",
        "",
    ),
    "an override of no input": (
        "modules: {s3: {inputs: {buckt: a}}}\n",
        ":5: module.s3: unknown input 'buckt': known are anyscale_bucket_name, ",
        "",
    ),
    "an unknown ref": (
        "modules: {s3: {ref: v0.1.0}}\n",
        ":5: the catalog does not hold aws/s3 at that ref; given: 'v0.1.0'. Allowed: v0.38.0, v0.40.1",
        "To mend it: anyscale-constructs modules add aws/s3 --ref v0.1.0",
    ),
    "a reference to no output": (
        "modules: {s3: {inputs: {tags: {a: '${module.vpc.vpcid}'}}}}\n",
        ":5: prod: module.s3.tags refers to module.vpc: unknown output 'vpcid': did you mean 'vpc_id'?",
        "",
    ),
    "a variable that no one declared": (
        "vpc:\n  name: ${var.network}\n",
        ":6: prod: module.vpc.anyscale_vpc_name refers to '${var.network}', which is not in this stack",
        "To mend it: write the value itself, or declare that in the stack",
    ),
    "a data source that no one declared": (
        "iam: {permissions_boundary_arn: '${data.aws_iam_policy.b.arn}'}\n",
        ":5: prod: module.iam.role_permissions_boundary_arn refers to '${data.aws_iam_policy.b}', which is not",
        "",
    ),
    "text like a token": ("tags: {a: '${TfToken[TOKEN.999999]}'}\n", "the engine can't synthesize", "TOKEN.999999"),
}


@pytest.mark.parametrize(("text", "says", "mend"), REFUSED.values(), ids=REFUSED)
def test_fails_with_one_message_and_writes_nothing(text: str, says: str, mend: str, run: Run, folder: Path) -> None:
    write(folder, good=CLOUD)
    assert run()[0] == 0
    write(folder, prod=CLOUD + text)
    before = files(folder)
    status, out, err = run()
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith(f"error: clouds/prod.yaml{says}" if says.startswith(":") else f"error: {says}")
    assert mend in err
    assert files(folder) == before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("region: us-east-2\n", "clouds/prod.yaml:1: stack: unknown kind of stack None: known are ec2"),
        ("a: 1\nstack: ec3\n", "clouds/prod.yaml:2: stack: unknown kind of stack 'ec3': did you mean 'ec2'?"),
        ("stack: [ec2]\n", "clouds/prod.yaml:1: stack: unknown kind of stack ['ec2']: "),
        ("", "clouds/prod.yaml: must be a mapping of keys to values, one cloud. To mend it: begin with stack: ec2"),
    ],
)
def test_fails_on_a_kind_that_is_unknown(text: str, says: str, run: Run, folder: Path) -> None:
    write(folder, prod=text)
    status, out, err = run()
    assert (status, out) == (2, "")
    assert err.startswith(f"error: {says}")


def test_fails_once_for_all_files(run: Run, folder: Path) -> None:
    """Whichever step finds what is wrong: YAML, the kind, the keys, a module's guards, the stack as a whole."""
    write(
        folder,
        a=CLOUD + "vpcs: {}\n",
        b=CLOUD,
        c="stack: [",
        d=CLOUD + "vpc: {cidr_block: 10.0.0.0/25}\n",
        e=CLOUD + "modules: {s4: {}, s5: {}}\n",
        f="stack: ec3\n",
        g=CLOUD + "iam: {control_plane_role_name: " + "a" * 65 + "}\n",
    )
    status, _, err = run()
    assert status == 2
    assert re.findall(r"clouds/(\w)\.yaml:(\d+): ", err) == [
        ("a", "5"), ("c", "1"), ("d", "5"), ("e", "5"), ("e", "5"), ("f", "1"), ("g", "5")
    ]  # fmt: skip


def test_fails_without_a_traceback_when_interrupted(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    write(folder, prod=CLOUD)
    monkeypatch.setattr("anyscale_constructs.cli.synth.synthesize", interrupted)
    assert run() == (130, "", "")


def test_fails_when_modules_provider_constraints_clash(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = Interface.load

    def clashing(name: str, ref: str | None = None) -> Interface:
        old = {"aws": Provider("hashicorp/aws", "< 6.0")}
        return dataclasses.replace(load(name, ref), required_providers=old) if name == "aws/vpc" else load(name, ref)

    monkeypatch.setattr(Interface, "load", clashing)
    write(folder, prod=CLOUD)
    status, out, err = run()
    assert (status, out) == (2, "")
    assert err == (
        "error: clouds/prod.yaml: prod: no version of hashicorp/aws satisfies module.vpc (< 6.0) and module.s3 "
        "(>= 6.37.0, < 7.0). To mend it: pin one of them to another ref whose constraint fits, or leave it out\n"
    )
    assert not (folder / "cdktf.out").exists()


def place(folder: Path, *names: str) -> None:
    for name in names:
        (folder / "clouds" / name).write_text(CLOUD)


@pytest.mark.parametrize(
    ("names", "arguments", "says"),
    [
        ([], ["--clouds", "nowhere"], "the directory of clouds is missing; given: 'nowhere'. To mend it: name it"),
        (
            ["prod.yaml"],
            ["--clouds", "clouds/prod.yaml"],
            "the directory of clouds is a file; given: 'clouds/prod.yaml'. To mend it: --clouds clouds prod",
        ),
        ([], [], "no cloud is there; given: 'clouds'. To mend it: write one as NAME.yaml"),
        (["prod.yaml"], ["prdo"], "clouds: unknown cloud 'prdo': did you mean 'prod'?"),
        (["prod.yaml"], ["prod", "zzz"], "clouds: unknown cloud 'zzz': known are prod"),
        (["1st.yaml"], [], "clouds/1st.yaml: the file's name is the cloud's name and must be letters, digits, hyphens"),
        (["prod.yaml", "prod.yml"], [], "clouds/prod.yml: prod.yaml is a cloud of the same name. To mend it: rename"),
        (["prod.yaml"], ["--out", "clouds/prod.yaml"], "the output directory clouds/prod.yaml can't be written: "),
    ],
)
def test_fails_on_what_it_is_asked(names: list[str], arguments: list[str], says: str, run: Run, folder: Path) -> None:
    place(folder, *names)
    before = files(folder)
    status, out, err = run(*arguments)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith(f"error: {says}")
    assert files(folder) == before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "cdktf.json: is not JSON: Expecting property name"),
        ('{"output": 5}', "cdktf.json: output must be text; given: 5"),
        ('{"context": {"clouds": ["a"]}}', "cdktf.json: context.clouds must be text; given: ['a']"),
    ],
)
def test_fails_on_a_broken_cdktf_json(text: str, says: str, run: Run, folder: Path) -> None:
    (folder / "cdktf.json").write_text(text)
    write(folder, prod=CLOUD)
    status, _, err = run()
    assert status == 2
    assert err.startswith(f"error: {says}")


@pytest.mark.parametrize("text", ["[]", "{}", '{"context": null}', '{"context": []}'])
def test_cdktf_json_may_say_nothing(text: str, run: Run, folder: Path) -> None:
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


def test_the_process_does_the_same(run: Run, folder: Path) -> None:
    """Exit status and output are what the other tests see without a process of its own."""
    write(folder, prod=CLOUD)
    result = process(folder)
    assert (result.returncode, result.stdout, result.stderr) == run()
    write(folder, prod=CLOUD + "vpcs: {}\n")
    result = process(folder)
    assert (result.returncode, result.stdout, result.stderr) == run()
    assert result.returncode == 2


def test_a_kubernetes_cloud_is_two_stacks(run: Run, folder: Path) -> None:
    write(folder, ml=KUBERNETES)
    status, out, err = run()
    assert (status, err) == (0, "")
    assert [line.split()[:2] for line in out.splitlines()[1:3]] == [["ml", "vpc"], ["ml-operator", "-"]]
    assert {"ml", "ml-operator"} == {path.name for path in (folder / "cdktf.out" / "stacks").iterdir()}


def test_fails_on_a_cloud_that_has_the_name_of_anothers_second_stack(run: Run, folder: Path) -> None:
    write(folder, **{"ml": KUBERNETES, "ml-operator": CLOUD})
    status, _, err = run()
    assert status == 2
    assert err.startswith("error: clouds/ml.yaml: there is another stack ml-operator. To mend it: ")
    assert not (folder / "cdktf.out").exists()
