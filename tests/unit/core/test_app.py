"""The app: all of the Terraform JSON, or nothing."""

import json
import pathlib
from collections.abc import Callable

import pytest

from anyscale_constructs.core.app import App, synthesize
from anyscale_constructs.core.stack import CloudStack
from anyscale_constructs.engine import TerraformResource, Token
from anyscale_constructs.errors import SynthesisError
from anyscale_constructs.expressions import expr


def files(directory: pathlib.Path) -> dict[str, str]:
    return {str(file.relative_to(directory)): file.read_text() for file in directory.rglob("*") if file.is_file()}


def one_output(value: object) -> Callable[[App], None]:
    return lambda app: CloudStack(app, "test").add_output("value", value)


def broken(app: App) -> None:
    CloudStack(app, "test").add_output("value", expr("module.nowhere.x"))


def interrupted(app: App) -> None:
    CloudStack(app, "test")
    raise KeyboardInterrupt


RESIDUE: dict[str, Callable[[TerraformResource], str]] = {
    "a number token in text": lambda _: f"n-{Token.as_number({'Ref': 'x'})}",
    "a bool in text": lambda resource: f"{resource.get_boolean_attribute('enabled')}",
    "an object of the engine in text": lambda resource: f"{resource.get_any_map_attribute('tags')!r:.30}",
    "a piece of a token": lambda resource: resource.get_string_attribute("arn")[2:],
}


@pytest.mark.parametrize("residue", RESIDUE.values(), ids=RESIDUE)
def test_fails_on_what_is_left_of_a_token(residue: Callable[[TerraformResource], str], tmp_path: pathlib.Path) -> None:
    app = App(tmp_path)
    stack = CloudStack(app, "test")
    resource = TerraformResource(stack, "r", terraform_resource_type="x")
    stack.add_output("value", residue(resource))
    with pytest.raises(SynthesisError, match=r"test: .* is left of a value that is known only later. To mend it: take"):
        app.synth()


def test_fails_on_text_that_looks_like_a_token(tmp_path: pathlib.Path) -> None:
    with pytest.raises(SynthesisError, match=r"the engine can't synthesize: .*Unrecognized Token Key 'TOKEN.999999'"):
        synthesize(one_output("${TfToken[TOKEN.999999]}"), tmp_path / "out")


def test_tokens_that_are_used_whole_are_resolved(tmp_path: pathlib.Path) -> None:
    def build(app: App) -> None:
        stack = CloudStack(app, "test")
        resource = TerraformResource(stack, "r", terraform_resource_type="x")
        stack.add_output("value", [resource.get_string_attribute("arn"), resource.get_number_attribute("port")])

    synthesize(build, tmp_path)
    synthesized = json.loads((tmp_path / "stacks" / "test" / "cdk.tf.json").read_text())
    assert synthesized["output"]["value"]["value"] == ["${x.r.arn}", "${x.r.port}"]


def test_stacks_are_in_the_order_in_which_they_were_made(tmp_path: pathlib.Path) -> None:
    app = App(tmp_path)
    stacks = [CloudStack(app, name) for name in ("b", "a", "c")]
    assert app.cloud_stacks == stacks


def test_the_json_is_sorted_and_ends_with_a_newline(tmp_path: pathlib.Path) -> None:
    synthesize(one_output({"b": 1, "a": 2}), tmp_path / "out")
    text = (tmp_path / "out" / "stacks" / "test" / "cdk.tf.json").read_text()
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


def test_the_output_is_in_todays_working_directory(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Node.js keeps the one in which it was started."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CDKTF_OUTDIR", raising=False)
    App().synth()
    App("relative").synth()
    monkeypatch.setenv("CDKTF_OUTDIR", "by-the-cli")
    App().synth()
    assert {file.name for file in tmp_path.iterdir()} == {"cdktf.out", "relative", "by-the-cli"}


@pytest.mark.parametrize("out", ["build/out", "not/there/yet"])
def test_the_output_directory_is_made_with_those_above_it(
    out: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for directory in (out, tmp_path / "absolute" / out):
        app = App(directory)
        CloudStack(app, "test")
        app.synth()
        assert set(files(pathlib.Path(directory))) == {"manifest.json", "stacks/test/cdk.tf.json"}


def test_fails_on_an_output_directory_that_cannot_be_made(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SynthesisError, match=r"the output directory \S*/file/out can't be written: .*name another one"):
        App(tmp_path / "file" / "out")


def test_synthesize_gives_the_stacks_and_makes_the_directory(tmp_path: pathlib.Path) -> None:
    (stack,) = synthesize(one_output("a"), tmp_path / "not" / "there")
    assert stack.name == "test"
    assert set(files(tmp_path / "not")) == {"there/manifest.json", "there/stacks/test/cdk.tf.json"}


@pytest.mark.parametrize("build", [broken, interrupted])
def test_an_error_leaves_the_old_output_alone(build: Callable[[App], None], tmp_path: pathlib.Path) -> None:
    synthesize(one_output("old"), tmp_path / "out")
    before = files(tmp_path)
    with pytest.raises((SynthesisError, KeyboardInterrupt)):
        synthesize(build, tmp_path / "out")
    assert files(tmp_path) == before
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


def test_an_error_makes_no_output_directory(tmp_path: pathlib.Path) -> None:
    with pytest.raises(SynthesisError):
        synthesize(broken, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_what_terraform_keeps_survives(tmp_path: pathlib.Path) -> None:
    out = tmp_path / "out"
    synthesize(one_output("old"), out)
    kept = {
        ".terraform/modules/modules.json": "{}",
        ".terraform.lock.hcl": "lock",
        "terraform.tfstate": "state",
        "terraform.tfvars": "mine",
    }
    for name, text in kept.items():
        file = out / "stacks" / "test" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    synthesize(one_output("new"), out)
    after = files(out / "stacks" / "test")
    assert '"new"' in after.pop("cdk.tf.json")
    assert after == kept


def test_the_manifest_is_written_last(tmp_path: pathlib.Path) -> None:
    """It names the stacks: none is missing whenever it can be read."""
    out = tmp_path / "out"
    (out / "stacks" / "test" / "cdk.tf.json" / "in the way").mkdir(parents=True)
    with pytest.raises(SynthesisError, match="can't be written"):
        synthesize(one_output("a"), out)
    assert not (out / "manifest.json").exists()


def test_fails_where_it_cannot_write(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(SynthesisError, match=r"the output directory .* can't be written: .*name another one"):
            synthesize(one_output("a"), out)
    assert files(tmp_path) == {"file": "mine"}
