"""Malformed outputs and answers: an exit status, one message, and nothing is written."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.cli import main
from anyscale_constructs.registration import program
from anyscale_constructs.registration.program import Program
from tests.registration_samples import AWS_VM, changed
from tests.unit.registration.parts import TOKEN, use_program

# It prints the content of files next to it, and records its arguments.
PROGRAM = """\
import pathlib, sys, time
there = pathlib.Path(__file__).parent
if (there / f"slow-{sys.argv[2]}").exists():
    time.sleep(60)
with (there / "asked").open("a") as asked:
    asked.write(sys.argv[2] + "\\n")
sys.stdout.buffer.write((there / sys.argv[2]).read_bytes())
"""
NAMED = {"anyscale_cloud_name": "prod", "anyscale_cloud_resource": AWS_VM}


class Cli:
    """Registers with a program that prints given answers."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder, self._monkeypatch, self._capsys = folder, monkeypatch, capsys
        use_program(PROGRAM, folder, monkeypatch)

    def run(self, outputs: str | bytes, *options: str, **answers: str) -> tuple[int, str, list[str]]:
        """Returns the exit status, the messages, and the arguments of the program."""
        for name, answer in answers.items():
            (self._folder / name).write_bytes(answer.encode())
        file = self._folder / "outputs"
        file.write_bytes(outputs.encode() if isinstance(outputs, str) else outputs)
        self._monkeypatch.setattr(
            sys, "argv", ["anyscale-constructs", "register", "prod", "--outputs", str(file), *options]
        )
        with pytest.raises(SystemExit) as end:
            main()
        asked = self._folder / "asked"
        return (
            int(end.value.code or 0),
            self._capsys.readouterr().err,
            asked.read_text().split() if asked.exists() else [],
        )


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(tmp_path, monkeypatch, capsys)


def terraform(**values: Any) -> str:
    """What `terraform output -json` prints; a value in a tuple is sensitive."""
    return json.dumps(
        {
            name: {"value": value[0], "sensitive": True} if isinstance(value, tuple) else {"value": value}
            for name, value in {**NAMED, **values}.items()
        }
    )


ODD_OUTPUTS: dict[str, str | bytes] = {
    "nothing": "",
    "null": "null",
    "a number": "1",
    "a list": "[]",
    "text": "abc",
    "an empty object": "{}",
    "many brackets": "[" * 5000,
    "many objects": '{"a":' * 3000,
    "closed brackets": "[" * 5000 + "]" * 5000,
    "a date that is none": "a: 2001-13-45",
    "a bool that is none": "a: !!bool x",
    "an escape that is none": 'a: "\\UFFFFFFFF"',
    "a number as key": "{1: {value: 2}}",
    "null as key": "{null: {value: 2}, a: {value: 1}}",
    "numbers as keys of a stack": "{prod: {1: 2, a: b}}",
    "a Python object": "!!python/object:os.system {}",
    "an alias of itself": "a: &a [*a]",
    "many merges": f"a: [&a0 {{x: 1}}, {', '.join(f'&a{i + 1} {{<<: *a{i}}}' for i in range(999))}]\nb: {{<<: *a999}}",
    "not UTF-8": b"\xff{}",
    "a NUL": "a: \x00",
    "a list as name": terraform(anyscale_cloud_name=["prod"]),
    "an object as name": terraform(anyscale_cloud_name={"a": 1}),
    "a number as stack": terraform(anyscale_cloud_stack=1),
    "a list as resource": terraform(anyscale_cloud_resource=[AWS_VM]),
    "text as resource": terraform(anyscale_cloud_resource=json.dumps(AWS_VM)),
    "a list as organization": terraform(anyscale_org_id=["org_1"]),
    "a list as section": terraform(anyscale_cloud_resource=changed(AWS_VM, aws_config=[])),
    "a value that is none": json.dumps({"anyscale_cloud_name": {"value": "prod"}, "anyscale_cloud_resource": {}}),
    "a large number": '{"anyscale_cloud_name": 1e999, "anyscale_cloud_resource": NaN}',
    "a long number": '{"a": ' + "9" * 5000 + "}",
}


@pytest.mark.parametrize("outputs", ODD_OUTPUTS.values(), ids=ODD_OUTPUTS)
def test_fails_on_odd_outputs(outputs: str | bytes, cli: Cli) -> None:
    status, said, asked = cli.run(outputs, list="[]")
    assert (status, asked) == (2, [])
    assert said.startswith("error[")
    assert "Traceback" not in said


@pytest.mark.parametrize("indent", ["\t", 2, None], ids=repr)
def test_json_that_is_not_yaml_is_read(indent: Any, cli: Cli) -> None:
    long = {"k" * 2000: "v", "prod": NAMED}
    cloud = {"resources": [AWS_VM | {"cloud_resource_id": "cldrsrc_1"}]}
    answers = {"list": '[{"id": "cld_1", "name": "prod"}]', "get": json.dumps(cloud)}
    assert cli.run(json.dumps(long, indent=indent), **answers)[0] == 0


def test_fails_on_large_yaml(cli: Cli) -> None:
    status, said, asked = cli.run("a: 1\n" + "# more\n" * 300_000)
    assert (status, asked) == (2, [])
    assert "it is not JSON, and YAML is limited to 2000000 characters" in said


def test_ten_megabytes_take_less_than_a_second(tmp_path: Path) -> None:
    from anyscale_constructs.registration.outputs import find_registration, read_outputs  # noqa: PLC0415

    file = tmp_path / "outputs.json"
    file.write_text(json.dumps({**NAMED, **{f"output_{number}": "x" * 1000 for number in range(10_000)}}))
    begin = time.process_time()
    found, source = read_outputs("prod", str(file), tmp_path, 60)
    assert find_registration(found, "prod", source=source).cloud_name == "prod"
    assert time.process_time() - begin < 1


SENSITIVE = {
    "text": terraform(anyscale_cloud_resource=("hunter2",)),
    "a list": terraform(anyscale_cloud_resource=(["hunter2"],)),
    "a wrong value": terraform(anyscale_cloud_resource=(changed(AWS_VM, object_storage__bucket_name="hunter2"),)),
    "a wrong region": terraform(anyscale_cloud_resource=(changed(AWS_VM, region="hunter2"),)),
    "a name": terraform(anyscale_cloud_name=("hunter2",)),
    "a wrong name": terraform(anyscale_cloud_name=(["hunter2"],)),
    "an organization": terraform(anyscale_org_id=("hunter2",)),
    "another output": terraform(password=("hunter2",), anyscale_cloud_resource=1),
}


@pytest.mark.parametrize("outputs", SENSITIVE.values(), ids=SENSITIVE)
def test_a_sensitive_output_is_not_shown(outputs: str, cli: Cli) -> None:
    status, said, _ = cli.run(outputs)
    assert status == 2
    assert "hunter2" not in said


LISTED = '[{"id": "cld_1", "name": "prod"}]'
ODD_LISTS = {
    '["a"]': "0: must be a mapping",
    "[{}]": "0.id: is required",
    "[null]": "0: must be a mapping",
    '[{"id": 1}]': "0.id: must be a string",
    '[{"id": ""}]': "0.id: must not be empty",
    "{}": "must be a list",
    "null": "must be a list",
    "": "is not valid JSON",
    "[" * 100_000: "is not valid JSON",
    '[{"id": "cld_9", "name": "prod-other"}]': "was asked for the cloud prod but returned prod-other",
}
ODD_CLOUDS = {
    "[]": "must be a mapping",
    '["x"]': "must be a mapping",
    '{"resources": "x"}': "resources: must be a list",
    '{"resources": ["x"]}': "resources.0: must be a mapping",
    '{"resources": [{}]}': "resources.0.cloud_resource_id: is required",
    '{"resources": [{"cloud_resource_id": null}]}': "resources.0.cloud_resource_id: must be a string",
    '{"resources": [{"cloud_resource_id": ""}]}': "resources.0.cloud_resource_id: must not be empty",
    '{"resources": [{"cloud_resource_id": "cldrsrc_1", "aws_config": "x"}]}': "aws_config: must be a mapping",
    '{"resources": [{"cloud_resource_id": "cldrsrc_1", "name": ["x"]}]}': "resources.0.name: must be a string",
    "nothing": "is not valid JSON",
}


@pytest.mark.parametrize(("answer", "says"), ODD_LISTS.items(), ids=lambda text: text[:30])
def test_fails_on_odd_lists(answer: str, says: str, cli: Cli) -> None:
    status, said, asked = cli.run(json.dumps(NAMED), list=answer)
    assert (status, asked) == (4, ["list"])
    assert says in said
    assert "nothing was written" in said


@pytest.mark.parametrize(("answer", "says"), ODD_CLOUDS.items(), ids=lambda text: text[:30])
def test_fails_on_odd_clouds(answer: str, says: str, cli: Cli) -> None:
    status, said, asked = cli.run(json.dumps(NAMED), list=LISTED, get=answer)
    assert (status, asked) == (4, ["list", "get"])
    assert says in said


@pytest.mark.parametrize("command", ["list", "get"])
def test_a_time_limit_that_ended_during_a_look_can_be_run_again(
    command: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"list": LISTED, "get": json.dumps({"resources": [AWS_VM | {"cloud_resource_id": "cldrsrc_1"}]})}
    slow = tmp_path / f"slow-{command}"
    slow.touch()
    with monkeypatch.context() as patched:
        # The command takes ten seconds at least.
        patched.setattr(program, "Program", lambda _, since: Program(2, since))
        status, said, asked = cli.run(json.dumps(NAMED), **answers)
    assert status == 4
    assert "was stopped at the limit of 2 s" in said
    assert "Fix: run this again, with a higher --timeout if needed" in said
    assert command not in asked
    slow.unlink()
    (tmp_path / "asked").unlink(missing_ok=True)
    assert cli.run(json.dumps(NAMED), **answers)[0] == 0


def test_printed_lines_of_the_program_have_no_token(cli: Cli) -> None:
    printed = f"\x1b]0;pwned\x07\x1b[31mred {TOKEN}\x1b[0m\x00\x9b1m\n{'x' * 60_000_000}\n"
    status, said, _ = cli.run(json.dumps(NAMED), list=printed)
    assert status == 4
    assert "  | red ***\n" in said
    assert max(map(len, said.splitlines())) < 1100
    assert TOKEN not in said
    assert "\x1b" not in said


def test_a_token_in_an_answer_is_masked(cli: Cli) -> None:
    resource = AWS_VM | {
        "cloud_resource_id": "cldrsrc_1",
        "kubernetes_config": {"custom_image_registry": f"\x1b[1m{TOKEN}"},
    }
    status, said, _ = cli.run(json.dumps(NAMED), list=LISTED, get=json.dumps({"resources": [resource]}))
    assert status == 0
    assert "kubernetes_config.custom_image_registry" in said
    assert TOKEN not in said
    assert "\x1b" not in said
