"""The places of findings, allowances, and secrets that no format shows."""

import json
import pathlib
from typing import Any

import pytest

from anyscale_constructs.findings import is_secret
from tests.findings import Said, synthesize

OPEN = """\
stack: ec2
region: us-east-2
org_id: org_1234abcd
cloud_id: cld_1234abcd
security_group: {ingress_cidr_blocks: %s, enable_ssh_access: true}
"""
EVERYBODY = "[0.0.0.0/1, 128.0.0.0/1]"
ALLOWED = "allow: {public-ingress: a demo}\n"


def synthesized(text: str, folder: pathlib.Path, name: str = "prod", form: str = "json") -> Said:
    (folder / "given.yaml").write_text(text)
    return synthesize(folder / "given.yaml", folder, "--format", form, name=name)


def findings(said: Said) -> list[dict[str, Any]]:
    """Returns all findings except notes."""
    return [finding for finding in json.loads(said.out)["findings"] if finding["severity"] != "note"]


def test_a_long_name_is_reported_at_its_own_key(tmp_path: pathlib.Path) -> None:
    text = (
        "stack: eks\nregion: us-east-2\norg_id: org_1234abcd\nbucket:\n  name: acme-anyscale\n"
        "releases: {gateway: {ingress_cidr_blocks: [203.0.113.0/24]}}\n"
    )
    said = synthesized(text, tmp_path, "a-production-cluster-for-the-ml-platform")
    assert said.status == 2
    assert [finding["line"] for finding in findings(said)] == [None] * len(findings(said))


def test_ranges_that_together_cover_the_internet_are_reported_with_their_ports(tmp_path: pathlib.Path) -> None:
    said = synthesized(OPEN % EVERYBODY, tmp_path)
    (found,) = findings(said)
    assert (said.status, found["rule"]) == (3, "public-ingress")
    assert "443" in found["what"]
    assert "22" in found["what"]


@pytest.mark.parametrize(
    ("ranges", "status", "severity"),
    [("[10.0.0.0/33]", 2, "error"), (EVERYBODY, 3, "warning"), ("[10.0.0.0/8]", 0, "")],
)
def test_the_exit_status_is_the_same_in_all_formats(
    ranges: str, status: int, severity: str, tmp_path: pathlib.Path
) -> None:
    said = {form: synthesized(OPEN % ranges, tmp_path, form=form) for form in ("text", "json", "github")}
    assert {each.status for each in said.values()} == {status}
    assert said["text"].err.startswith(severity)
    assert {finding["severity"] for finding in findings(said["json"])} == ({severity} if severity else set())
    assert (f"::{severity} " in said["github"].out) == bool(severity)


def test_allowed_findings_are_listed_with_their_reason(tmp_path: pathlib.Path) -> None:
    said = synthesized(OPEN % EVERYBODY + ALLOWED, tmp_path)
    (allowed,) = json.loads(said.out)["allowed"]
    assert (said.status, findings(said)) == (0, [])
    assert (allowed["rule"], allowed["reason"], allowed["line"]) == ("public-ingress", "a demo", 5)


def test_allowed_findings_are_not_engine_warnings(tmp_path: pathlib.Path) -> None:
    """The engine's command line prints those in the manifest."""
    counts = []
    for allowed in ("", ALLOWED):
        synthesized(OPEN % EVERYBODY + allowed, tmp_path)
        manifest = json.loads((tmp_path / "cdktf.out" / "manifest.json").read_text())
        counts.append(len(manifest["stacks"]["prod"]["annotations"]))
    assert counts == [1, 0]


def test_an_idle_allowance_hides_no_warning_of_another_cloud(tmp_path: pathlib.Path) -> None:
    (tmp_path / "clouds").mkdir()
    (tmp_path / "clouds" / "staging.yaml").write_text(OPEN % EVERYBODY)
    said = synthesized(OPEN % "[10.0.0.0/8]" + ALLOWED, tmp_path)
    assert said.status == 2
    assert {(finding["rule"], finding["cloud"]) for finding in findings(said)} == {
        ("idle-allowance", "prod"),
        ("public-ingress", "staging"),
    }


@pytest.mark.parametrize("ranges", ["[10.0.0.0/8]", "[10.0.0.0/33]"])
def test_json_has_one_shape_for_success_and_failure(ranges: str, tmp_path: pathlib.Path) -> None:
    said = json.loads(synthesized(OPEN % ranges, tmp_path).out)
    assert {name: type(value) for name, value in said.items()} == {"findings": list, "allowed": list, "stacks": list}


def test_fails_on_an_unused_allowance(tmp_path: pathlib.Path) -> None:
    said = synthesized(OPEN % "[10.0.0.0/8]" + ALLOWED, tmp_path)
    assert (said.status, [finding["rule"] for finding in findings(said)]) == (2, ["idle-allowance"])
    assert not (tmp_path / "cdktf.out").exists()


def test_an_allowance_applies_to_both_stacks_of_a_cloud(tmp_path: pathlib.Path) -> None:
    """It is used if only the operator stack has the finding."""
    text = "stack: eks\nregion: us-east-2\norg_id: org_1234abcd\nworkloads: {}\n"
    text += "cluster: {private_access_cidrs: [10.0.0.0/8]}\n"
    said = synthesized(text + ALLOWED, tmp_path)
    assert (said.status, {each["cloud"] for each in json.loads(said.out)["allowed"]}) == (0, {"prod-operator"})


TOKEN = "sss_" + "Ab1" * 20
SECRETS = {
    "a token": (f"tags: {{team: {TOKEN}x}}\nvpc: {{cidr_block: {TOKEN}}}\n", TOKEN),
    "a key of AWS's": ("vpc: {cidr_block: AKIAIOSFODNN7EXAMPLE}\n", "AKIAIOSFODNN7EXAMPLE"),
    "random text": ("vpc: {cidr_block: " + "aB3x" * 12 + "}\n", "aB3x" * 12),
    "a password": ("modules: {memorydb: {inputs: {master_password: hunter2}}}\n", "hunter2"),
    "a pass phrase": ("backend: {type: s3, secret_key: correct horse battery}\n", "horse"),
    "a list of passwords": ("memorydb: {users: {a: {passwords: [hunter2]}}}\n", "hunter2"),
    "a pair of name and value": (
        "releases: {operator: {values: {env: [{name: HF_TOKEN, value: hunter2}]}}}\n",
        "hunter2",
    ),
    "a URL's": ("mirror: https://tok:hunter2@git.example.com\n", "hunter2"),
    "a control character": ('vpc: {cidr_block: "\\e[31mred"}\n', "\x1b[31m"),
}


@pytest.mark.parametrize("form", ["text", "json", "github"])
@pytest.mark.parametrize(("text", "secret"), SECRETS.values(), ids=SECRETS)
def test_no_format_shows_a_secret(text: str, secret: str, form: str, tmp_path: pathlib.Path) -> None:
    said = synthesized(OPEN % "[10.0.0.0/8]" + text, tmp_path, form=form)
    assert said.status == 2
    assert secret not in said.out + said.err


def test_ids_commits_and_arns_are_shown(tmp_path: pathlib.Path) -> None:
    """They are long and look random, but messages need them."""
    values = [
        "9880f839099b428243a75324ad518b098f553263",
        "1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "cldrsrc_a1b2c3d4e5f6g7h8i9j0k1l2m3n4",
    ]
    text = OPEN % "[10.0.0.0/8]" + "".join(f"v{index}: {value}\n" for index, value in enumerate(values))
    text = text.replace("cld_1234abcd", f"'{values[2]}'") + f"modules: {{vpc: {{ref: {values[0]}}}}}\n"
    said = synthesized(text, tmp_path)
    assert values[2] in said.out


@pytest.mark.parametrize(
    "name",
    [
        *("password", "admin_password", "db-password", "adminPassword", "clientSecret", "accessToken", "api_key"),
        *("access_key", "account_key", "privateKey", "passphrase", "connection_string", "credentials", "HF_TOKEN"),
    ],
)
def test_names_of_secrets_are_recognized(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name", ["kms_key_arn", "cluster_node_secret_arns", "operator_token_revision", "secretName", "key", "tags", "keys"]
)
def test_references_to_secrets_are_shown(name: str) -> None:
    assert not is_secret(name)
