"""`_defaults.yaml`: keys shared by the clouds of a directory, in every command that reads clouds."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.cli.synthesis import gather_clouds
from anyscale_constructs.config import document
from tests.findings import CLOUDS, findings_of
from tests.unit.cli.parts import GOOGLE, KUBERNETES, REGISTERED, Run, files, write

SHARED = """\
org_id: org_1234abcd
backend: {type: s3, bucket: acme-state, region: us-east-2}
"""
AWS = """\
stack: ec2
cloud_id: cld_1234abcd
region: us-east-2
vpc: {cidr_block: 10.0.0.0/19, name: shared}
security_group:
  ingress_cidr_blocks: [10.0.0.0/8, 192.168.0.0/16]
"""


def put(folder: Path, **texts: str) -> None:
    """Writes YAML files in `clouds`: `aws__prod` is `aws/prod.yaml`, and `DEFAULTS` is `_defaults.yaml`."""
    for name, text in texts.items():
        file = folder / "clouds" / f"{name.replace('__', '/').replace('DEFAULTS', '_defaults')}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)


def stack(folder: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "cdktf.out/stacks" / name / "cdk.tf.json").read_text())
    return content


def test_defaults_apply_to_each_cloud_of_their_directory(run: Run, folder: Path) -> None:
    put(folder, DEFAULTS=SHARED, aws__DEFAULTS=AWS, aws__a="{}", aws__b="vpc: {name: own}\n", google=GOOGLE)
    assert run()[0] == 0
    a, b = (stack(folder, name) for name in "ab")
    assert a["module"]["vpc"]["anyscale_vpc_name"] == "shared"
    assert b["module"]["vpc"]["anyscale_vpc_name"] == "own"
    assert b["module"]["vpc"]["cidr_block"] == "10.0.0.0/19"
    assert stack(folder, "google")["terraform"]["backend"]["s3"]["key"] == "google/terraform.tfstate"
    assert sorted(file.name for file in (folder / "cdktf.out/stacks").iterdir()) == ["a", "b", "google"]


MOST_FOR_A_PAIR = 4
"""How many calls of Python functions a pair of clouds may cost; one cloud costs some ten thousand."""

ENTRIES = {"a": 1, "map": {"x": 1, "y": {"z": 2}}, "list": [1, 2], "nothing": None}


@pytest.mark.parametrize(
    ("given", "merged"),
    [
        ({}, ENTRIES),
        ({"b": 2}, {**ENTRIES, "b": 2}),
        ({"a": 2}, {**ENTRIES, "a": 2}),
        ({"map": {"y": {"w": 3}}}, {**ENTRIES, "map": {"x": 1, "y": {"z": 2, "w": 3}}}),
        ({"map": 3}, {**ENTRIES, "map": 3}),
        ({"a": {"b": 1}}, {**ENTRIES, "a": {"b": 1}}),
        ({"list": [3]}, {**ENTRIES, "list": [3]}),
        ({"list": []}, {**ENTRIES, "list": []}),
        ({"a": None}, {key: value for key, value in ENTRIES.items() if key != "a"}),
        ({"map": {"y": None}}, {**ENTRIES, "map": {"x": 1}}),
        ({"b": None}, {**ENTRIES, "b": None}),
    ],
    ids=str,
)
def test_maps_are_merged_and_other_values_replaced(
    given: Mapping[str, Any], merged: Mapping[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "_defaults.yaml").write_text(json.dumps(ENTRIES))
    (tmp_path / "a.yaml").write_text(json.dumps(given))
    defaults = document.Document(tmp_path / "_defaults.yaml")
    assert document.Document(tmp_path / "a.yaml", defaults).data == merged
    assert defaults.data == ENTRIES


def test_null_removes_keys_that_another_backend_does_not_have(run: Run, folder: Path) -> None:
    put(folder, DEFAULTS=SHARED, a=REGISTERED + "backend: {type: gcs, region: null}\n")
    assert run()[0] == 0
    assert stack(folder, "a")["terraform"]["backend"] == {"gcs": {"bucket": "acme-state", "prefix": "a"}}


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("{}", "clouds/aws/_defaults.yaml:5:3: a: vpc.cidr_blok: unknown key"),
        ("vpc: {cidr_blok: 1}\n", "clouds/aws/a.yaml:1:7: vpc.cidr_blok: unknown key"),
        ("vpc: {name: [1]}\n", "clouds/aws/a.yaml:1:7: vpc.name: must be a string"),
    ],
)
@pytest.mark.parametrize("format", ["text", "json", "github"])
def test_a_finding_has_the_place_of_the_value(own: str, said: str, format: str, run: Run, folder: Path) -> None:
    wrong = AWS.replace("vpc: {cidr_block", "vpc:\n  cidr_blok: 3\n  cidr_block").replace(", name: shared}", "")
    put(folder, DEFAULTS=SHARED, aws__DEFAULTS=wrong if own == "{}" else AWS, aws__a=own)
    status, out, err = run("--format", format)
    assert status == 2
    file, line, column = said.split(":")[:3]
    match format:
        case "text":
            assert f"error: {file}:{line}: " in err
            assert said.split(": ", 1)[1] in err
        case "json":
            found = json.loads(out)["findings"][0]
            assert (found["file"], found["line"], found["column"]) == (file, int(line), int(column))
            assert found["cloud"] == "a"
        case "github":
            assert out.startswith(f"::error file={file},line={line},col={column},title=")


def test_a_missing_key_is_reported_in_the_cloud(run: Run, folder: Path) -> None:
    put(folder, DEFAULTS="org_id: org_1234abcd\n", a="stack: ec2\n")
    assert run()[2] == "error: clouds/a.yaml: region: is required\n"


def test_an_error_in_defaults_is_reported_once(run: Run, folder: Path) -> None:
    put(folder, DEFAULTS="nonsense: 1\n", a=REGISTERED, b=REGISTERED, c=REGISTERED)
    status, _, err = run()
    assert (status, err.count("nonsense")) == (2, 2)
    assert err.startswith("error: clouds/_defaults.yaml:1: a and 2 others: nonsense: unknown key")


def test_yaml_pitfalls_are_found_in_defaults(run: Run, folder: Path) -> None:
    put(folder, DEFAULTS="name_prefix: 0644\nregion:\n", a=REGISTERED)
    err = run()[2]
    assert "clouds/_defaults.yaml:1: a: YAML reads 0644 as 420" in err
    assert "clouds/_defaults.yaml:2: a: region has no value" in err


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (["a.yaml", "aws/_defaults.yaml", "aws/a.yaml"], "clouds/aws/a.yaml: ../a.yaml is a cloud with the same name"),
        (
            ["a.yaml", "_defaults.yaml", "_defaults.yml"],
            "clouds/_defaults.yml: _defaults.yaml holds defaults of the same",
        ),
        (["_defaults.yaml"], "the directory of clouds contains no *.yaml files"),
        (["_default.yaml"], "the file's name is the cloud's name, and must be"),
    ],
    ids=str,
)
def test_fails_on_conflicting_files(there: list[str], said: str, run: Run, folder: Path) -> None:
    for file in there:
        (folder / "clouds" / file).parent.mkdir(exist_ok=True)
        (folder / "clouds" / file).write_text("{}")
    status, _, err = run()
    assert status == 2
    assert said in err


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda file: file.mkdir(), "is not a regular file"),
        (os.mkfifo, "is not a regular file"),
        (lambda file: file.symlink_to("nowhere"), "cannot be read: No such file or directory"),
        (lambda file: file.symlink_to(file.name), "cannot be read: Too many levels of symbolic links"),
    ],
    ids=["a directory", "a pipe", "a broken link", "a link to itself"],
)
def test_fails_on_defaults_that_are_no_file(made: Callable[[Path], object], says: str, run: Run, folder: Path) -> None:
    put(folder, a=REGISTERED)
    made(folder / "clouds" / "_defaults.yaml")
    assert run()[::2] == (2, f"error: clouds/_defaults.yaml: a: {says}\n")


def test_a_directory_without_defaults_contains_no_clouds(run: Run, folder: Path) -> None:
    put(folder, a=REGISTERED, charts__values="replicas: 3\n")
    assert run()[0] == 0
    assert [file.name for file in (folder / "cdktf.out/stacks").iterdir()] == ["a"]


def test_an_allowance_in_defaults_may_be_unused_in_some_clouds(run: Run, folder: Path) -> None:
    put(
        folder,
        DEFAULTS="allow: {small-network: a trial}\n",
        a=REGISTERED,
        b=REGISTERED + "vpc: {cidr_block: 10.0.0.0/20}\n",
    )
    assert run("--strict")[0] == 0
    assert run("a", "--strict")[0] == 0
    (folder / "clouds/_defaults.yaml").write_text("{}")
    put(folder, a=REGISTERED + "allow: {small-network: a trial}\n")
    assert "small-network is allowed, but has no findings" in run("--strict")[2]


def test_fails_on_an_allowance_in_defaults_that_no_cloud_needs(run: Run, folder: Path) -> None:
    idle = "org_id: org_1234abcd\nallow: {small-network: a trial, public-ingress: a demo}\n"
    put(folder, DEFAULTS="{}\n", aws__DEFAULTS=idle, aws__a=REGISTERED, aws__b=REGISTERED)
    put(folder, c=REGISTERED + "vpc: {cidr_block: 10.0.0.0/20}\nallow: {small-network: a trial}\n")
    status, _, said = run()
    assert status == 2
    assert [line for line in said.splitlines() if line.startswith("error")] == [
        f"error: clouds/aws/_defaults.yaml:2: allow: {rule} is allowed, but has no findings in any cloud of these "
        "defaults. Fix: remove it"
        for rule in ("small-network", "public-ingress")
    ]
    assert run("a")[0] == 0  # b may need it


def test_a_changed_default_changes_the_stacks_of_its_folder(run: Run, folder: Path) -> None:
    put(folder, DEFAULTS=SHARED, aws__DEFAULTS=AWS, aws__a="{}", aws__b="vpc: {name: own}\n", other=REGISTERED)
    (folder / "cdktf.json").write_text("{}")
    for command in ("init", "add .", "-c user.name=a -c user.email=a@example.com commit -m a"):
        subprocess.run(["git", *command.split()], check=True, capture_output=True)
    put(folder, aws__DEFAULTS=AWS.replace("shared", "changed"))
    listed = json.loads(run("--changed-since", "HEAD", "--json", command="list")[1])["include"]
    assert [entry["stack"] for entry in listed] == ["a"]
    put(folder, aws__DEFAULTS=AWS.replace("ingress_cidr_blocks: [", "ingress_cidr_blocks: [203.0.113.0/24, "))
    report = run("HEAD", "--plan", "none", "--format", "github", command="review")[1].splitlines()
    assert len(report) == len("ab")
    for line, name in zip(report, "ab", strict=True):
        assert " file=clouds/aws/_defaults.yaml,line=6," in line
        assert f"::{name}: " in line


def test_the_schema_of_a_cloud_does_not_require_keys_of_defaults(run: Run, folder: Path) -> None:
    def required(*arguments: str) -> list[str]:
        found: list[str] = json.loads(run(*arguments, command="schema")[1]).get("required", [])
        return found

    assert required("ec2") == ["stack", "org_id", "region"]
    put(folder, DEFAULTS=SHARED)
    assert required("ec2") == ["stack", "region"]
    put(folder, aws__DEFAULTS=AWS)
    assert required("ec2") == []
    assert required("ec2", "--defaults") == required("--defaults") == []


def _parsed(folder: Path) -> dict[str, Any]:
    return {name: json.loads(text) if name.endswith(".json") else text for name, text in files(folder).items()}


def test_files_and_entries_of_other_clouds_are_unchanged(run: Run, folder: Path) -> None:
    write(folder, a=REGISTERED, b=REGISTERED, k=KUBERNETES)
    run()
    before = _parsed(folder / "cdktf.out")
    write(folder, a=REGISTERED + "vpc: {name: changed}\n", b="nonsense: [")
    assert run("a")[0] == 0
    after = _parsed(folder / "cdktf.out")
    assert {name for name in before if before[name] != after[name]} == {"stacks/a/cdk.tf.json"}
    assert before.keys() == after.keys()
    assert [*after["manifest.json"]["stacks"]] == ["a", "b", "k", "k-operator"]


def test_the_entry_of_a_deleted_cloud_is_removed(run: Run, folder: Path) -> None:
    write(folder, a=REGISTERED, gone=REGISTERED)
    run()
    (folder / "clouds/gone.yaml").unlink()
    run("a")
    assert (folder / "cdktf.out/stacks/gone/cdk.tf.json").is_file()
    (folder / "cdktf.out/stacks/gone/cdk.tf.json").unlink()
    run("a")
    assert [*json.loads((folder / "cdktf.out/manifest.json").read_text())["stacks"]] == ["a"]


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"stacks": {"b": {}}}', '{"stacks": {"b": 1}}'])
def test_a_damaged_manifest_is_replaced(manifest: str, run: Run, folder: Path) -> None:
    write(folder, a=REGISTERED)
    (folder / "cdktf.out").mkdir()
    (folder / "cdktf.out/manifest.json").write_text(manifest)
    assert run("a")[0] == 0
    assert [*json.loads((folder / "cdktf.out/manifest.json").read_text())["stacks"]] == ["a"]


def test_defaults_are_read_once(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a fleet would take twice as long."""
    read: list[str] = []
    made = document.Document.__init__

    def count(self: document.Document, file: Path, *arguments: Any) -> None:
        read.append(str(file))
        made(self, file, *arguments)

    monkeypatch.setattr(document.Document, "__init__", count)
    clouds = {f"aws__c{number}": "{}" for number in range(20)}
    put(folder, DEFAULTS=SHARED, aws__DEFAULTS=AWS, **clouds)
    assert run()[0] == 0
    assert len(read) == len(set(read)) == len(clouds) + 2


def test_the_time_of_many_clouds_is_the_sum_of_their_times(folder: Path) -> None:
    """Otherwise a thousand clouds would take minutes: the cost per pair is separated from the cost per cloud."""
    few = 6

    def calls(number: int) -> int:
        put(folder, DEFAULTS=SHARED + AWS, **{f"c{each}": "{}" for each in range(number)})
        counted = 0

        def count(_frame: object, event: str, _argument: object) -> None:
            nonlocal counted
            counted += event == "call"

        before = sys.getprofile()
        sys.setprofile(count)
        try:
            gather_clouds(folder / "clouds", folder / "cdktf.out", ())
        finally:
            sys.setprofile(before)
        return counted

    calls(1)  # what is made once
    one, two, three = (calls(few * times) for times in (1, 2, 3))
    assert (three - two - (two - one)) / (2 * few**2) < MOST_FOR_A_PAIR


WITH_PLACES = [cloud for cloud in CLOUDS if cloud.stem not in {"unreadable-yaml", "idle-allowance", "duplicate-key"}]


@pytest.mark.parametrize("cloud", WITH_PLACES[::9], ids=lambda file: file.stem)
def test_errors_are_found_in_defaults_as_in_a_cloud(cloud: Path, tmp_path: Path) -> None:
    (tmp_path / "alone").mkdir()
    (tmp_path / "over").mkdir()
    alone = findings_of(cloud, tmp_path / "alone")
    (tmp_path / "empty.yaml").write_text("{}")
    found = findings_of(tmp_path / "empty.yaml", tmp_path / "over", defaults=cloud)
    assert [(each.what, each.place and each.place.line) for each in found] == [
        (each.what, each.place and each.place.line) for each in alone
    ]
    assert {each.place.file for each in found if each.place and each.place.line} <= {"clouds/_defaults.yaml"}
