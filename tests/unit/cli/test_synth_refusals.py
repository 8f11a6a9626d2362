"""Errors of `anyscale-constructs synth`: one message, and nothing is written."""

import dataclasses
import re
from pathlib import Path

import pytest

from anyscale_constructs.terraform.interface import Interface, Provider
from tests.unit.cli.parts import CLOUD, KUBERNETES, Run, files, write

# the additional content of the cloud -> the place and the message, and the fix
REFUSED: dict[str, tuple[str, str, str]] = {
    "bad YAML": ("tags: {a: b\n", ":6: is not YAML: expected ',' or '}'", ""),
    "a key twice": ("region: us-east-1\n", ":5: the key 'region' is set twice", "Fix: keep one of them"),
    "an unknown key": ("vpcs: {}\n", ":5: vpcs: unknown key 'vpcs'", "did you mean 'vpc'?"),
    "an unknown key inside": (
        "vpc:\n  cidr_blok: 10.0.0.0/16\n",
        ":6: vpc.cidr_blok: unknown key 'cidr_blok'",
        "did you mean 'cidr_block'?",
    ),
    "a wrong value": (
        "vpc:\n  cidr_block: 10.0.0.1/16\n",
        ":6: vpc.cidr_block: must be an IPv4 network in CIDR form, with no host bits set, such as 10.0.0.0/16",
        "got '10.0.0.1/16'",
    ),
    "ranges that overlap": (
        "vpc:\n  public_subnets: [10.0.0.0/20, 10.0.8.0/21]\n",
        ":6: module.vpc: public_subnets: 10.0.0.0/20 overlaps 10.0.8.0/21",
        "Fix: use ranges that do not overlap",
    ),
    "a zone of another region": (
        "vpc:\n  availability_zones: [us-east-1a, us-east-2a]\n",
        ":6: vpc.availability_zones: is not in the cloud's region",
        "us-east-2",
    ),
    "an external ID without its organization": (
        "external_id: production\n",
        ":5: external_id: must be the organization ID, a hyphen and any suffix (or the cloud ID, if it was",
        "got 'production'",
    ),
    "an external ID of another organization": (
        "external_id: org_2-production\n",
        ":5: external_id: must begin with the organization ID; got 'org_2-production'",
        "Fix: set it to org_1234abcd-",
    ),
    "a bucket name that AWS refuses": (
        "bucket:\n  name: Acme_Bucket\n",
        ":6: bucket.name: must be an S3 bucket name: 3 to 63 lower-case letters",
        "got 'Acme_Bucket'",
    ),
    "subnets that do not fit": (
        "vpc:\n  cidr_block: 10.0.0.0/26\n",
        ":6: module.vpc: cidr_block has no room for subnets in 2 availability zones: they would be /29; got",
        "Fix: use a larger cidr_block",
    ),
    "a network too small to register": (
        "vpc:\n  cidr_block: 10.0.0.0/25\n",
        ":6: module.vpc: cidr_block is too small to register; got '10.0.0.0/25'; expected /24 or larger",
        "Fix: use a larger range",
    ),
    "one zone": ("vpc: {availability_zone_count: 1}\n", ":5: vpc.availability_zone_count: ", "equal to 2; got 1"),
    "private nodes in public subnets": (
        "networking_mode: PRIVATE\nvpc: {public_subnets: [10.0.0.0/20, 10.0.16.0/20]}\n",
        ":6: module.vpc: public_subnets is set without private_subnets, in which the nodes would be",
        "Fix: set private_subnets too",
    ),
    "public nodes in private subnets": (
        "vpc: {public_subnets: [10.0.0.0/20], private_subnets: [10.0.16.0/20]}\n",
        ":5: vpc.private_subnets: the nodes would be in private subnets, but networking_mode is PUBLIC",
        "Fix: set networking_mode to PRIVATE",
    ),
    "an override for no module": (
        "modules: {s4: {ref: v0.38.0}}\n",
        ":5: modules.s4: unknown module 's4': expected one of iam, s3, s3_policy, securitygroups, vpc",
        "",
    ),
    "an override of no input": (
        "modules: {s3: {inputs: {buckt: a}}}\n",
        ":5: module.s3: unknown input 'buckt': ",
        "",
    ),
    "an unknown ref": (
        "modules: {s3: {ref: v0.1.0}}\n",
        ":5: modules.s3.ref: the catalog does not contain aws/s3 at that ref; got 'v0.1.0'; expected v0.38.0, v0.40.1",
        "Fix: anyscale-constructs modules add aws/s3 --ref v0.1.0",
    ),
    "a reference to no output": (
        "modules: {s3: {inputs: {tags: {a: '${module.vpc.vpcid}'}}}}\n",
        ":5: module.s3.tags.a refers to module.vpc: unknown output 'vpcid': did you mean 'vpc_id'?",
        "",
    ),
    "a variable that no one declared": (
        "vpc:\n  name: ${var.network}\n",
        ":6: module.vpc.anyscale_vpc_name refers to '${var.network}', which is not in this stack",
        "Fix: use the value itself, or declare it",
    ),
    "a data source that no one declared": (
        "iam: {permissions_boundary_arn: '${data.aws_iam_policy.b.arn}'}\n",
        ":5: module.iam.role_permissions_boundary_arn refers to '${data.aws_iam_policy.b}', which is not",
        "",
    ),
    "text like a token": (
        "tags: {a: '${TfToken[TOKEN.999999]}'}\n",
        ":5: tags: contains a CDKTF token, which has no meaning in YAML",
        "Fix: write the value itself, or a reference such as ${var.region}",
    ),
    "a number like a token": (
        "vpc: {availability_zone_count: -8.10956228396453e+298}\n",
        ":5: vpc: contains a CDKTF token, which has no meaning in YAML",
        "Fix: write the value itself",
    ),
    "a reference where the stack's shape follows": (
        "vpc:\n  availability_zone_count: ${var.zones}\n",
        ":6: vpc.availability_zone_count: shapes the stack, so it must be known at synthesis; got '${var.zones}'",
        "Fix: set a literal value",
    ),
    "a reference inside a string": (
        "vpc:\n  public_subnets: ['10.0.0.0/8 ${module.vpc.vpc_id}']\n",
        ":6: vpc.public_subnets.0: must be an IPv4 network in CIDR form",
        "got '10.0.0.0/8 ${module.vpc.vpc_id}'",
    ),
    "a reference inside a tag": (
        "tags:\n  team: ml-${var.team}\n",
        ":5: tags: tags.team contains Terraform code in a plain string; got '${var.team}'",
        "Fix: ",
    ),
}


@pytest.mark.parametrize(("text", "says", "fix"), REFUSED.values(), ids=REFUSED)
def test_fails_with_one_message_and_writes_nothing(text: str, says: str, fix: str, run: Run, folder: Path) -> None:
    write(folder, good=CLOUD)
    assert run()[0] == 0
    write(folder, prod=CLOUD + text)
    before = files(folder)
    status, out, err = run()
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith(f"error: clouds/prod.yaml{says}" if says.startswith(":") else f"error: {says}")
    assert fix in err
    assert files(folder) == before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("region: us-east-2\n", "clouds/prod.yaml: stack is required; expected aks, ec2"),
        ("on: x\n1: 2\n", "clouds/prod.yaml: stack is required"),
        ("region: us-east-2\nstak: eks\n", "clouds/prod.yaml:2: stack is required"),
        ("a: 1\nstack: ec3\n", "clouds/prod.yaml:2: stack: unknown kind of stack 'ec3': did you mean 'ec2'?"),
        ("stack: [ec2]\n", "clouds/prod.yaml:1: stack: unknown kind of stack ['ec2']: "),
        ("", "clouds/prod.yaml: must be a mapping. Fix: begin with stack: ec2"),
    ],
)
def test_fails_on_a_kind_that_is_unknown(text: str, says: str, run: Run, folder: Path) -> None:
    write(folder, prod=text)
    status, out, err = run()
    assert (status, out) == (2, "")
    assert err.startswith(f"error: {says}")


def test_all_files_are_checked_before_it_fails(run: Run, folder: Path) -> None:
    """In any step: YAML, the kind, the keys, a module's guards, the stack as a whole."""
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
    monkeypatch.setattr("anyscale_constructs.cli.synthesis.synthesize_app", interrupted)
    assert run() == (130, "", "")


def test_fails_on_conflicting_provider_constraints(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = Interface.load

    def clashing(name: str, ref: str | None = None) -> Interface:
        old = {"aws": Provider("hashicorp/aws", "< 6.0")}
        return dataclasses.replace(load(name, ref), required_providers=old) if name == "aws/vpc" else load(name, ref)

    monkeypatch.setattr(Interface, "load", clashing)
    write(folder, prod=CLOUD)
    status, out, err = run()
    assert (status, out) == (2, "")
    assert err == (
        "error: clouds/prod.yaml: no version of hashicorp/aws satisfies module.vpc (< 6.0) and module.s3 "
        "(>= 6.37.0, < 7.0). Fix: pin one of them to a ref with a compatible constraint, or remove it\n"
    )
    assert not (folder / "cdktf.out").exists()


def place(folder: Path, *names: str) -> None:
    for name in names:
        (folder / "clouds" / name).write_text(CLOUD)


@pytest.mark.parametrize(
    ("names", "arguments", "says"),
    [
        ([], ["--clouds", "nowhere"], "the directory of clouds does not exist; got 'nowhere'. Fix: run"),
        (
            ["prod.yaml"],
            ["--clouds", "clouds/prod.yaml"],
            "--clouds must be a directory; got 'clouds/prod.yaml'. Fix: use --clouds clouds prod",
        ),
        ([], [], "the directory of clouds contains no *.yaml files; got 'clouds'. Fix: write a cloud as NAME.yaml"),
        (["prod.yaml"], ["prdo"], "clouds: unknown cloud 'prdo': did you mean 'prod'?"),
        (["prod.yaml"], ["prod", "zzz"], "clouds: unknown cloud 'zzz': expected prod"),
        (["prod.yaml", "prod.yml"], [], "clouds/prod.yml: prod.yaml is a cloud with the same name. Fix: rename"),
        (["prod.yaml"], ["--out", "clouds/prod.yaml"], "the output directory clouds/prod.yaml cannot be written: "),
    ],
)
def test_fails_on_wrong_arguments(names: list[str], arguments: list[str], says: str, run: Run, folder: Path) -> None:
    place(folder, *names)
    before = files(folder)
    status, out, err = run(*arguments)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert err.startswith(f"error: {says}")
    assert files(folder) == before


def test_printed_commands_can_be_copied(run: Run, folder: Path) -> None:
    write(folder, prod=KUBERNETES)
    place = "'my out/stacks/prod-operator'"
    out = run("--out", "my out")[1]
    assert f"terraform -chdir={place} init, then terraform -chdir={place} apply" in out
    assert "--tfvars 'my out/stacks/prod-operator/terraform.tfvars.json'" in out
    ejected = run("prod", "--to", "my stacks", command="eject")[1]
    assert "Next: terraform -chdir='my stacks/prod' init, then terraform -chdir='my stacks/prod' plan" in ejected


def test_fails_on_a_file_name_that_is_not_a_valid_cloud_name(run: Run, folder: Path) -> None:
    place(folder, "1st.yaml")
    assert run()[::2] == (
        2,
        (
            "error: clouds/1st.yaml: the file's name is the cloud's name, and must be at most 64 letters, digits, "
            "hyphens and underscores, beginning with a letter, such as production; got '1st'. "
            "Fix: rename the file\n"
        ),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "cdktf.json is not valid JSON: Expecting property name"),
        ('{"output": 5}', "cdktf.json: output must be a string; got 5"),
        ('{"context": {"clouds": ["a"]}}', "cdktf.json: context.clouds must be a string; got ['a']"),
        ("", "cdktf.json is not valid JSON: Expecting value"),
        ("[" * 100_000, "cdktf.json is nested too deeply"),
        ("[]", "cdktf.json must be an object; got []"),
        ("null", "cdktf.json must be an object; got null"),
        ('{"context": []}', "cdktf.json: context must be an object; got []"),
        (r'{"output": "a\u0000b"}', "cdktf.json: output contains the control character U+0000. Fix: remove it"),
        (r'{"output": "\ud800"}', "cdktf.json: output contains the control character U+D800"),
        (r'{"context": {"clouds": "\u001b"}}', "cdktf.json: context.clouds contains the control character U+001B"),
    ],
)
def test_fails_on_a_broken_cdktf_json(text: str, says: str, run: Run, folder: Path) -> None:
    (folder / "cdktf.json").write_text(text)
    write(folder, prod=CLOUD)
    status, _, err = run()
    assert status == 2
    assert err.startswith(f"error: {says}")


def test_fails_on_a_cloud_named_like_an_operator_stack(run: Run, folder: Path) -> None:
    write(folder, **{"ml": KUBERNETES, "ml-operator": CLOUD})
    status, _, err = run()
    assert status == 2
    assert err.startswith("error: clouds/ml.yaml: another stack is named ml-operator. Fix: ")
    assert not (folder / "cdktf.out").exists()


@pytest.mark.parametrize("name", ["constructor", "toString"])
def test_reserved_names_of_javascript_are_allowed(name: str, run: Run, folder: Path) -> None:
    write(folder, **{name: CLOUD})
    assert run()[0] == 0
