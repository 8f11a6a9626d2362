"""Names and values with an unintended meaning for file systems, the engine's tree or arithmetic."""

import os
from pathlib import Path

import pytest

from tests.unit.cli.parts import CLOUD, GOOGLE, KUBERNETES, Run, write

AZURE = """\
stack: aks
subscription_id: 11111111-2222-3333-4444-555555555555
region: eastus2
org_id: org_1234abcd
workloads: {}
releases: {gateway: {ingress_cidr_blocks: [203.0.113.0/24]}}
"""
SOMEBODY = "aaaaaaaa-2222-3333-4444-555555555555"
LONG = "v" * 300

# the content of a cloud -> the message
REFUSED = {
    CLOUD + f"modules: {{vpc: {{ref: {LONG}}}}}\n": "modules.vpc.ref: the catalog does not contain aws/vpc at that ref",
    CLOUD + 'modules: {vpc: {ref: "a/../b"}}\n': "modules.vpc.ref: the catalog does not contain aws/vpc at that ref",
    AZURE + f"cluster: {{administrator_ids: [{SOMEBODY}, {SOMEBODY}]}}\n": (
        f"cluster.administrator_ids: must not have duplicates, but has {SOMEBODY} twice"
    ),
    GOOGLE + "modules: {vpc: {inputs: {random_char_length: 4.5, enable_random_name_suffix: true}}}\n": (
        "module.vpc: random_char_length must be an even number of at least 4; got 4.5"
    ),
    GOOGLE + "modules: {vpc: {inputs: {random_char_length: -1.0, enable_random_name_suffix: true}}}\n": (
        "random_char_length"
    ),
}


@pytest.mark.parametrize(("cloud", "says"), REFUSED.items(), ids=REFUSED.values())
def test_fails_with_a_message(cloud: str, says: str, run: Run, folder: Path) -> None:
    write(folder, prod=cloud)
    status, _, said = run()
    assert status == 2
    assert says in said


NAMES = ["constructor", "toString", "hasOwnProperty", "valueOf", "isPrototypeOf"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cloud", [CLOUD, KUBERNETES], ids=["one stack", "two"])
def test_names_of_methods_are_allowed(name: str, cloud: str, run: Run, folder: Path) -> None:
    write(folder, **{name: cloud})
    status, _, said = run()
    assert status == 0 or f"clouds/{name}.yaml: the engine rejects the configuration" in said


def test_fails_on_names_that_differ_only_in_case(run: Run, folder: Path) -> None:
    write(folder, Prod=CLOUD, prod=CLOUD)
    status, _, said = run("Prod")
    assert status == 2
    assert "is a cloud with the same name on file systems that ignore case. Fix: rename" in said


def test_fails_on_a_file_name_that_is_not_utf8(run: Run, folder: Path) -> None:
    write(folder, prod=CLOUD)
    (folder / "clouds" / os.fsdecode(b"\xff.yaml")).write_text(CLOUD)
    status, _, said = run()
    assert status == 2
    assert r"clouds/\xdcff.yaml: the file's name is the cloud's name, and must be at most 64 letters" in said
