"""Invalid values in every place of a file, and that both parsers read the same."""

import os
import pathlib
import random
import subprocess
import sys
from typing import Any

import pytest
import yaml

from anyscale_constructs.clouds.ec2 import Ec2Config
from anyscale_constructs.config.document import Document
from anyscale_constructs.config.loading import DEEPEST, compose
from anyscale_constructs.errors import ConfigError
from tests import said

EXAMPLES = sorted(pathlib.Path("examples/clouds").glob("*.yaml"))

# The value as written, and the message about it.
VALUES = {
    '!!int ""': "'' is not a valid int",
    '!!int "-"': "'-' is not a valid int",
    "!!int x": "'x' is not a valid int",
    "!!int 1:x": "'1:x' is not a valid int",
    '!!float ""': "'' is not a valid float",
    "!!float x": "'x' is not a valid float",
    "!!bool foo": "'foo' is not a valid bool",
    '!!bool ""': "'' is not a valid bool",
    "!!timestamp foo": "'foo' is not a valid timestamp",
    "2001-13-45": "'2001-13-45' is not a valid timestamp",
    "2001-12-01 25:00:00": "'2001-12-01 25:00:00' is not a valid timestamp",
    **{
        f"!!{tag}": f"could not determine a constructor for the tag 'tag:yaml.org,2002:{tag.split()[0]}'"
        for tag in ("binary aGk=", "set {a}", "omap [a: 1]", "pairs [a: 1]", "python/name:os.system x")
    },
    "!!str [a]": "is not YAML: expected a scalar node",
    "!!int [a]": "is not YAML: expected a scalar node",
    "!!map [a]": "is not YAML: expected a mapping node",
    "!env x": "is not YAML: could not determine a constructor for the tag",
    "*nowhere": "is not YAML: found undefined alias",
    r'"\UFFFFFFFF"': "is not YAML: found an escape that is not a character",
    r'"\uD800"': "contains the control character U+D800",
    r'"\uD83D\uDE00"': "contains the control character U+D83D",
    r'"\0"': "contains the control character U+0000",
    r'"a\x1b[31m"': "contains the control character U+001B",
    r'"\r"': "contains the control character U+000D",
    r'"\N"': "contains the control character U+0085",
    r'"\L"': "contains the control character U+2028",
    r'"\u202E"': "contains the control character U+202E",
    r'"\uFFFE"': "contains the control character U+FFFE",
    "-.inf": "YAML reads -.inf as -Infinity. Fix: put it in quotes",
    ".inf": "YAML reads .inf as Infinity. Fix: put it in quotes",
    ".nan": "YAML reads .nan as NaN. Fix: put it in quotes",
    "-1.0e+300": "YAML reads -1.0e+300 as -1000000000",
    "[" * 200: "is nested more than 100 levels deep",
    "- " * 200: "",
    "{a: " * 200: "is nested more than 100 levels deep",
}
PLACES = {
    "a value": "region: {}",
    "a tag": "tags: {{team: {}}}",
    "a list": "availability_zones: [us-east-2a, {}]",
    "a section": "vpc: {{cidr_block: {}}}",
    "a module's input": "modules: {{s3: {{inputs: {{a: [{{b: {}}}]}}}}}}",
    "a key": "? {}\n: x",
    "a key of a section": "vpc: {{? {} : x}}",
    "what is merged": "tags: {{<<: {{a: {}}}}}",
    "what an alias repeats": "region: &a {}\ntags: {{a: *a}}",
}


@pytest.mark.parametrize("value", VALUES)
def test_fails_with_a_line_on(value: str, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "cloud.yaml"
    for place, line in PLACES.items():
        file.write_text(f"# a cloud\n{line.format(value)}\n")
        with pytest.raises(ConfigError) as error:
            Document(file).parse(Ec2Config)
        told = said(error.value).splitlines()
        # Lists and aliases are invalid in such a place.
        unfit = (value[-1] in "]} " and "key" in place) or ("*" in value and "alias" in place)
        says = "" if unfit else VALUES[value]
        assert any(line.startswith(f"{file}:2: ") and says in line for line in told), (place, told)
        assert not any(word in str(error.value) for word in ("NoneType", "object", "codec", "literal"))


@pytest.mark.parametrize(
    "line",
    [
        "{}: x",
        '"{}": x',
        "tags: {{{}: x}}",
        "vpc: {{{}: x}}",
        "vpc: {{? {} : x}}",
        "modules: {{{}: {{}}}}",
        "modules: {{s3: {{inputs: {{tags: {{{}: x}}}}}}}}",
        "modules: {{s3: {{inputs: {{a: [{{{}: x}}]}}}}}}",
        "allow: {{{}: x}}",
        "tags: {{<<: {{{}: x}}}}",
        "vpc: &a {{{}: x}}\ntags: *a",
    ],
)
def test_fails_with_a_line_on_a_key_that_javascript_loses(line: str, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "cloud.yaml"
    file.write_text(f"# a cloud\n{line.format('__proto__')}\n")
    with pytest.raises(ConfigError) as error:
        Document(file).parse(Ec2Config)
    says = "the key __proto__ cannot be used, because JavaScript does not keep it. Fix: rename it"
    assert f"{file}:2: {says}" in said(error.value).splitlines()


def read(text: str, file: pathlib.Path) -> Any:
    """Returns the parsed value with its place, or the error."""
    file.write_text(text, encoding="utf-8")
    try:
        document = Document(file)
        document.parse(Ec2Config)
    except ConfigError as error:
        return [(finding.what, finding.fix, finding.place) for finding in error.findings]
    return document.data, [document.place((key,)) for key in document.data]


PIECES = [*"[]{}:,-?&*!|>'\"%@`#\t \n\r\\.~=<0", "- ", ": ", "? ", "!!int ", "!!str ", "&a ", "*a", "<<: ", r"\x", "é"]
PIECES += [
    "---\n",
    "...\n",
    "%TAG ! x\n",
    "!<x> ",
    ".inf",
    "0o7",
    "\ufeff",
    "\u2028",
    "\x85",
    "\x07",
    "\U0001f600",
    "|2\n",
]


@pytest.mark.parametrize("seed", range(8))
def test_both_parsers_read_the_same(seed: int, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change, file = random.Random(seed), tmp_path / "cloud.yaml"  # noqa: S311 - no secret
    texts = [example.read_text() for example in EXAMPLES if example.stat().st_size < 1500]
    refused = 0
    for _ in range(40):
        text = change.choice(texts)
        for _ in range(change.randrange(1, 4)):
            at, removed = change.randrange(len(text)), change.randrange(3)
            text = text[:at] + change.choice(PIECES) + text[at + removed :]
        answers = []
        for fast in (True, False):
            monkeypatch.setattr(yaml, "__with_libyaml__", fast)
            answers.append(read(text, file))
        assert answers[0] == answers[1], text
        refused += isinstance(answers[0], list)
    assert refused > 0


def test_libyaml_is_used_if_available(monkeypatch: pytest.MonkeyPatch) -> None:
    assert yaml.__with_libyaml__
    monkeypatch.setattr("anyscale_constructs.config.loading._Plain", None)
    assert compose("a: 1") is not None


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "a:\n", "? "])
def test_deep_nesting_does_not_crash_the_process(opening: str, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "cloud.yaml"
    if opening == "a:\n":
        file.write_text("".join(f"{' ' * level}a:\n" for level in range(1000)))
    else:
        file.write_text(opening * 100_000)
    module = "anyscale_constructs.config.document"
    program = f"import pathlib; from {module} import Document; Document(pathlib.Path({str(file)!r}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "is nested more than 100 levels deep" in done.stderr


@pytest.mark.parametrize("where", ["modules: {{s3: {{inputs: {{a: {}}}}}}}", "tags: {{a: {}}}", "region: {}"])
def test_the_deepest_allowed_value_is_validated(where: str, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "cloud.yaml"
    levels = DEEPEST - where.count("{{") - 2
    file.write_text(where.format("[" * levels + "x" + "]" * levels))
    with pytest.raises(ConfigError, match="org_id"):
        Document(file).parse(Ec2Config)


def test_fails_on_aliases_that_are_nested_too_deeply(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "cloud.yaml"
    for times in (1, 20):
        steps = [f"a{step + 1}: &a{step + 1} {'[' * 80}*a{step}{']' * 80}" for step in range(times)]
        file.write_text("\n".join(["a0: &a0 [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", *steps]))
        with pytest.raises(ConfigError, match="is nested too deeply by aliases"):
            Document(file)


def test_fails_on_a_path_that_is_not_a_file(tmp_path: pathlib.Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "device.yaml").symlink_to("/dev/zero")
    for name in ("pipe", "folder", "device"):
        with pytest.raises(ConfigError, match=f"{name}.yaml: is not a regular file"):
            Document(tmp_path / f"{name}.yaml")


def test_fails_on_a_file_that_is_too_large(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "cloud.yaml"
    file.write_text("# a comment\n" * 900_000)
    with pytest.raises(ConfigError, match="has 10800000 bytes; a cloud's file has at most 2000000"):
        Document(file)
