"""From YAML to a configuration, and the errors of invalid YAML."""

import pathlib
import time
from itertools import pairwise

import pytest

from anyscale_constructs.config.document import Document
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import expr
from anyscale_constructs.findings import Key
from tests import said
from tests.unit.terraform.parts import Config

ORG = "org_id: org_1\n"


def parse(file: pathlib.Path, text: str | bytes) -> Config:
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return Document(file).parse(Config)


@pytest.fixture
def file(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "cloud.yaml"


def bomb(levels: int, inner: str, outer: str) -> str:
    """Nested aliases: each level expands to ten of the previous one."""
    names = "abcdefghij"[:levels]
    steps = [f"{name}: &{name} {outer.format(', '.join(['*' + before] * 10))}" for before, name in pairwise(names)]
    return ORG + "\n".join([f"a: &a {inner}", *steps])


@pytest.mark.parametrize(
    "text",
    [
        bomb(7, "[x, x]", "[{}]"),
        bomb(10, "[x, x]", "[{}]"),
        bomb(7, "{k: v}", "{{<<: [{}]}}"),
        bomb(3, f"[{'x' * 20_000}]", "[{}]"),
        bomb(7, "{name: a}", "[{}]") + "\nrules: *g",
        bomb(7, "[x, x]", "[{}]") + "\nmodules: {s3: {inputs: {a: *g}}}",
    ],
    ids=["lists", "more lists", "merges", "long text", "in a list of models", "in a module's inputs"],
)
def test_fails_immediately_on_aliases_that_expand_too_much(text: str, file: pathlib.Path) -> None:
    begin = time.process_time()
    with pytest.raises(ConfigError) as error:
        parse(file, text)
    assert time.process_time() - begin < 1
    assert said(error.value) == (
        f"{file}: its aliases expand to more than 1000000 characters. Fix: use fewer aliases, and no nested ones"
    )


def test_ordinary_aliases_are_expanded(file: pathlib.Path) -> None:
    tags = ", ".join(f"key-{number}: value" for number in range(50))
    text = (
        f"{ORG}tags: &tags {{{tags}}}\nname: &name {'certificate' * 9_000}\nrules:\n- &first {{name: *name}}\n"
        "- *first\n- {<<: *first, cidr_block: 10.0.0.0/16}\nmodules: {s3: {inputs: {a: *tags, b: [*tags, *tags]}}}\n"
    )
    config = parse(file, text)
    assert {len(rule.name or "") for rule in config.rules} == {99_000}
    assert config.modules["s3"].inputs["b"] == [config.tags, config.tags]


def test_a_long_file_without_aliases_is_read(file: pathlib.Path) -> None:
    assert len(parse(file, f"{ORG}name: {'x' * 1_000_001}\n").name) == 1_000_001


@pytest.mark.parametrize("text", ["\ufeff" + ORG, ORG.replace("\n", "\r\n"), "# a comment\n" + ORG, "---\n" + ORG])
def test_yaml_of_all_editors_is_read(text: str, file: pathlib.Path) -> None:
    assert parse(file, text).org_id == "org_1"


# The file's content, and the message after the file's path.
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", ": must be a mapping. Fix: begin with stack: ec2"),
    "a list": ("- a", ": must be a mapping"),
    "not UTF-8": (b"a: \xff", ": is not UTF-8 text: invalid start byte at byte 3"),
    "a control character": (ORG + "a: \x00", ":2: is not YAML: special characters are not allowed: 0"),
    "a tab": ("a:\n\tb: 1", r":2: is not YAML: found character '\t' that cannot start any token"),
    "an unclosed bracket": (ORG + "a: [1,\n", ":3: is not YAML: "),
    "two documents": ("a: 1\n---\nb: 2", ":2: is not YAML: but found another document"),
    "an unknown alias": ("a: *x", ":1: is not YAML: found undefined alias 'x'"),
    "an alias of itself": ("a: &x {b: *x}", ": is nested too deeply by aliases, or contains an alias of itself"),
    "nested too deeply": ("a: " + "[" * 5000, ":1: is nested more than 100 levels deep"),
    "a Python object": ("a: !!python/object:os.system {}", ":1: is not YAML: could not determine a constructor"),
    "no date": (
        "a: 2026-13-45",
        ":1: '2026-13-45' is not a valid timestamp. Fix: correct it, or put it in quotes if it is a string",
    ),
    "a key twice": (
        ORG + "vpc:\n  cidr_block: a\n  cidr_block: b",
        ":4: the key 'cidr_block' is set twice. Fix: keep one of them",
    ),
    "a key twice in a list": ("rules:\n- {a: 1, a: 2}", ":2: the key 'a' is set twice"),
    "an unknown key": (ORG + "vpcs: {}", ":2: vpcs: unknown key 'vpcs': did you mean 'vpc'?"),
    "an unknown key inside": (
        ORG + "vpc:\n  cidr_blok: 10.0.0.0/16",
        ":3: vpc.cidr_blok: unknown key 'cidr_blok': did you mean 'cidr_block'?",
    ),
    "an unknown key like no other": (ORG + "vpc:\n  zzz: 1", ":3: vpc.zzz: unknown key 'zzz': expected one of"),
    "an unknown key of a choice": (
        ORG + "backend:\n  type: gcs\n  bukket: a",
        ":4: backend.bukket: unknown key 'bukket': did you mean 'bucket'?",
    ),
    "an unknown key in a list": (
        ORG + "rules:\n  - cidr_block: 10.0.0.0/16\n  - cidr_blocks: 1",
        ":4: rules.1.cidr_blocks: unknown key 'cidr_blocks': did you mean 'cidr_block'?",
    ),
    "a key that is not a string": (ORG + "1: a", ":2: 1: unknown key 1: the closest matches are "),
    "a missing key": ("cloud_id: cld_1", ": org_id: is required"),
    "a missing key inside": (ORG + "backend:\n  type: gcs", ":2: backend.bucket: is required"),
    "a missing choice": (ORG + "backend: {bucket: a}", ":2: backend: type is required; expected local, s3"),
    "a wrong choice": (
        ORG + "backend: {type: s4}",
        ":2: backend.type: unknown type 's4': expected one of azurerm, gcs, hcp, http, local, none, remote, s3",
    ),
    "a key in capitals": (ORG + "VPC: {}", ":2: VPC: unknown key 'VPC': did you mean 'vpc'?"),
    "a word in capitals": (
        ORG + "registration: Terraform",
        ":2: registration: must be 'command' or 'terraform'; got 'Terraform'. Fix: use 'terraform'",
    ),
    "an unknown word": (
        ORG + "registration: later",
        ":2: registration: must be 'command' or 'terraform'; got 'later'",
    ),
    "a wrong value": (
        ORG + "vpc:\n  cidr_block: 10.0.0.1/16",
        ":3: vpc.cidr_block: must be an IPv4 network in CIDR form, with no host bits set, such as 10.0.0.0/16; got",
    ),
    "a wrong value in a list": (ORG + "ranges:\n- 10.0.0.0/8\n- ten", ":4: ranges.1: must be an IPv4 network"),
    "a number for text": (
        ORG + "deploy_environment: 4711",
        ":2: deploy_environment: must be a string: at most 256 characters",
    ),
    "text for a mapping": (ORG + "vpc: mine", ":2: vpc: must be a mapping; got 'mine'"),
    "nothing for a mapping": (
        ORG + "vpc:",
        ":2: vpc has no value. Fix: set a value ({} for its defaults, null for none), or remove the key",
    ),
    "nothing deep inside": (ORG + "modules:\n  s3:\n    inputs:", ":4: inputs has no value."),
    "text for a mapping of one's own": (ORG + "tags: mine", ":2: tags: must be a mapping; got 'mine'"),
    "text for a list": (ORG + "ranges: 10.0.0.0/8", ":2: ranges: must be a list; got '10.0.0.0/8'"),
    "nothing for a list": (ORG + "ranges:", ":2: ranges has no value."),
    "text for a number": (ORG + "zones: two", ":2: zones: must be a whole number; got 'two'"),
    "a fraction": (ORG + "zones: 2.5", ":2: zones: must be a whole number; got 2.5"),
    "too small a number": (ORG + "zones: 1", ":2: zones: must be greater than or equal to 2; got 1"),
    "text for a switch": (ORG + "logs: 'on'", ":2: logs: must be true or false; got 'on'"),
    "a very small number for a name": (ORG + "name: -1.0e+300", ":2: YAML reads -1.0e+300 as -10000000000000"),
    "a small number for a name": (ORG + "name: -1.5", ":2: name: must be a string; got -1.5. Fix: put"),
    "a reference for a mapping": (ORG + "vpc: ${var.x}", ":2: vpc: shapes the stack, so it must be known at synthesis"),
    "a reference for a kind": (
        ORG + "backend:\n  type: ${var.x}",
        ":2: backend: type shapes the stack, so it must be known at synthesis; got '${var.x}'",
    ),
    "code inside a string": (ORG + "name: a-${var.x}", ":2: name: contains Terraform code in a plain string; got"),
    "a date for a name": (ORG + "name: 2026-12-31", ":2: name: must be a string; got 2026-12-31. Fix: put"),
    "a number in quotes": (ORG + "zones: '3'", ":2: zones: must be a whole number; got '3'. Fix: remove the quotes"),
    "credentials": (ORG + "mirror: https://me:hunter2@git.example.com/a", ":2: mirror: must be a URL under which"),
    "a token in a query": (ORG + "mirror: https://git.example.com/a?token=b", ":2: mirror: must be a URL under which"),
    "a fragment": (ORG + "mirror: https://git.example.com/a#b", ":2: mirror: must be a URL under which"),
    "a number for a name": (ORG + "name: 1", ":2: name: must be a string; got 1. Fix: put it in quotes"),
    "keys that exclude each other": (
        ORG + "registration: terraform\ncloud_id: cld_1",
        ":3: cloud_id cannot be set with registration: terraform",
    ),
    "keys of a section that exclude each other": (
        ORG + "vpc:\n  name: a\n  cidr_block: 10.0.0.0/8",
        ":4: vpc.cidr_block: is too large",
    ),
    "an override's unknown key": (
        ORG + "modules:\n  s3:\n    imputs: {}",
        ":4: modules.s3.imputs: unknown key 'imputs': did you mean 'inputs'?",
    ),
}


@pytest.mark.parametrize(("text", "says"), REFUSED.values(), ids=REFUSED)
def test_fails_on_a_file_with(text: str | bytes, says: str, file: pathlib.Path) -> None:
    with pytest.raises(ConfigError) as error:
        parse(file, text)
    assert said(error.value).startswith(f"{file}{says}")
    assert len(said(error.value).splitlines()) == 1


def test_whole_references_are_expressions(file: pathlib.Path) -> None:
    config = parse(file, ORG + "cloud_id: ${var.x}\nname: ${local.a}\nranges: ['${var.x}']\ntags: {a: '$${b}'}\n")
    assert (config.cloud_id, config.name, config.ranges) == (expr("var.x"), expr("local.a"), [expr("var.x")])
    assert config.tags == {"a": "$${b}"}


def test_fails_once_for_all_wrong_values(file: pathlib.Path) -> None:
    with pytest.raises(ConfigError) as error:
        parse(file, "org_id: acme\ncloud_id: acme\nranges: [a, b]")
    assert [line.partition(": ")[0] for line in said(error.value).splitlines()] == [
        f"{file}:1",
        f"{file}:2",
        f"{file}:3",
        f"{file}:3",
    ]


def test_fails_once_for_all_of_a_section(file: pathlib.Path) -> None:
    """Unknown keys hide neither each other nor wrong values; all findings are in the file's order."""
    text = "region: a\nclud_id: cld_1\nvpc:\n  cidr_blok: a\n  nam: b\n  name: 1\nbackend: {type: s3, bukket: a}\n"
    with pytest.raises(ConfigError) as error:
        parse(file, text)
    assert [line.partition(": ")[2] for line in said(error.value).splitlines()] == [
        "org_id: is required",
        "region: unknown key 'region': did you mean 'registration'?",
        "clud_id: unknown key 'clud_id': did you mean 'cloud_id'?",
        "vpc.cidr_blok: unknown key 'cidr_blok': did you mean 'cidr_block'?",
        "vpc.nam: unknown key 'nam': did you mean 'name'?",
        "vpc.name: must be a string; got 1. Fix: put it in quotes",
        "backend.bukket: unknown key 'bukket': did you mean 'bucket'?",
        "backend.region: is required",
    ]


def test_fails_on_a_missing_file(file: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match=r"cloud.yaml: cannot be read: No such file or directory"):
        Document(file)


PLACES = {
    ("vpc",): ":2:1",
    ("vpc", "name"): ":2:7",
    ("vpc", "cidr_block"): ":2:1",
    ("ranges", 1): ":4:23",
    ("ranges", 7): ":4:1",
    ("modules", "z", "inputs", "rules", 0, "port"): ":6:25",
    ("modules", "y"): ":5:1",
    ("tags", "a"): "",
    (): "",
}


@pytest.mark.parametrize(("key", "place"), PLACES.items())
def test_the_place_of_a_missing_key_is_its_mapping(key: Key, place: str, file: pathlib.Path) -> None:
    file.write_text(
        "name: ml\nvpc: {name: a}\ncidr_block: 10.1.0.0/16\nranges: [10.2.0.0/28, 10.3.0.0/28]\nmodules:\n"
        "  z: {inputs: {rules: [{port: 1}]}}\n"
    )
    assert str(Document(file).place(key)) == f"{file}{place}"
