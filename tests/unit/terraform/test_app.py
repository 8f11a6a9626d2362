"""The app: all of the Terraform JSON, or nothing."""

import functools
import json
import os
import pathlib
import tempfile
from collections.abc import Callable, Iterator, Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anyscale_constructs import engine
from anyscale_constructs.engine import Construct, TerraformResource, TerraformStack
from anyscale_constructs.errors import SynthesisError
from anyscale_constructs.expressions import expr
from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.app import STALE_OUTPUT, App, _formatted, synthesize
from anyscale_constructs.terraform.interface import Provider
from anyscale_constructs.terraform.stack import CloudStack
from tests.missing import MissingPieceError
from tests.unit.cli.parts import locked


def files(directory: pathlib.Path) -> dict[str, str]:
    return {str(file.relative_to(directory)): file.read_text() for file in directory.rglob("*") if file.is_file()}


def one_output(value: object) -> Callable[[App], None]:
    return lambda app: CloudStack(app, "test").add_output("value", value)


def broken(app: App) -> None:
    CloudStack(app, "test").add_output("value", expr("module.nowhere.x"))


def interrupted(app: App) -> None:
    CloudStack(app, "test")
    raise KeyboardInterrupt


def test_fails_on_text_that_looks_like_a_token(tmp_path: pathlib.Path) -> None:
    with pytest.raises(
        SynthesisError, match=r"the engine cannot write test/value: .*Unrecognized Token Key 'TOKEN.999999'"
    ):
        synthesize(one_output("${TfToken[TOKEN.999999]}"), tmp_path / "out")


@pytest.mark.node
def test_whole_tokens_are_resolved(tmp_path: pathlib.Path) -> None:
    def build(app: App) -> None:
        stack = CloudStack(app, "test")
        resource = TerraformResource(stack, "r", terraform_resource_type="x")
        stack.add_output("value", [resource.get_string_attribute("arn"), resource.get_number_attribute("port")])

    synthesize(build, tmp_path)
    synthesized = json.loads((tmp_path / "stacks" / "test" / "cdk.tf.json").read_text())
    assert synthesized["output"]["value"]["value"] == ["${x.r.arn}", "${x.r.port}"]


def test_stacks_are_in_the_order_of_creation(tmp_path: pathlib.Path) -> None:
    app = App(tmp_path)
    stacks = [CloudStack(app, name) for name in ("b", "a", "c")]
    assert app.cloud_stacks == stacks


def test_the_json_is_sorted_and_ends_with_a_newline(tmp_path: pathlib.Path) -> None:
    synthesize(one_output({"b": 1, "a": 2}), tmp_path / "out")
    text = (tmp_path / "out" / "stacks" / "test" / "cdk.tf.json").read_text()
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


def test_the_output_is_in_the_current_working_directory(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Node.js keeps its initial working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CDKTF_OUTDIR", raising=False)
    App().synth()
    App("relative").synth()
    monkeypatch.setenv("CDKTF_OUTDIR", "by-the-cli")
    App().synth()
    assert {file.name for file in tmp_path.iterdir()} == {"cdktf.out", "relative", "by-the-cli"}


@pytest.mark.parametrize("out", ["build/out", "not/there/yet"])
def test_the_output_directory_is_created_with_its_parents(
    out: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for directory in (out, tmp_path / "absolute" / out):
        app = App(directory)
        CloudStack(app, "test")
        app.synth()
        made = {"manifest.json", "stacks/test/cdk.tf.json", "stacks/test/versions.tf"}
        assert set(files(pathlib.Path(directory))) == made


def test_fails_on_an_output_directory_that_cannot_be_created(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(
        SynthesisError, match=r"the output directory \S*/file/out cannot be written: .*choose another directory"
    ):
        App(tmp_path / "file" / "out")


def test_synthesize_returns_the_stacks_and_creates_the_directory(tmp_path: pathlib.Path) -> None:
    (stack,) = synthesize(one_output("a"), tmp_path / "not" / "there")
    assert stack.name == "test"
    assert set(files(tmp_path / "not")) == {
        "there/manifest.json",
        "there/stacks/test/cdk.tf.json",
        "there/stacks/test/versions.tf",
    }


@pytest.mark.parametrize("build", [broken, interrupted])
def test_an_error_does_not_change_the_output(build: Callable[[App], None], tmp_path: pathlib.Path) -> None:
    synthesize(one_output("old"), tmp_path / "out")
    before = files(tmp_path)
    with pytest.raises((SynthesisError, KeyboardInterrupt)):
        synthesize(build, tmp_path / "out")
    assert files(tmp_path) == before
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


def test_an_error_creates_no_output_directory(tmp_path: pathlib.Path) -> None:
    with pytest.raises(SynthesisError):
        synthesize(broken, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_files_of_terraform_are_kept(tmp_path: pathlib.Path) -> None:
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
    assert "required_version" in after.pop("versions.tf")
    assert after == kept


def by_an_app(build: Callable[[App], None], out: pathlib.Path) -> None:
    app = App(out)
    build(app)
    app.synth()


WRITERS: list[Callable[[Callable[[App], None], pathlib.Path], object]] = [by_an_app, synthesize]


def of_terraform(version: str) -> Callable[[App], None]:
    def build(app: App) -> None:
        CloudStack(app, "ours").require("mine", {"aws": Provider("hashicorp/aws", "~> 6.0")}, version)
        TerraformStack(app, "plain").add_override("terraform.required_version", version)
        TerraformStack(app, "open")

    return build


@pytest.mark.parametrize(
    "more",
    [{"lifecycle": [{"destroy": False}]}, {"provisioner": [{"local-exec": {"command": "true", "when": "destroy"}}]}],
)
def test_blocks_that_are_not_plain_are_kept_in_the_json(more: dict[str, object], tmp_path: pathlib.Path) -> None:
    removed = [{"from": "null_resource.a", **more}]
    app = App(tmp_path)
    TerraformStack(app, "plain").add_override("removed", removed)
    app.synth()
    assert json.loads((tmp_path / "stacks/plain/cdk.tf.json").read_text(encoding="utf-8"))["removed"] == removed
    assert (tmp_path / "stacks/plain/versions.tf").read_text(encoding="utf-8") == ""


BLOCKS = {
    "moved": [{"from": "module.a", "to": 'module.b["é"]'}, {"from": "module.c", "to": "module.d", "//": "a comment"}],
    "removed": {"from": "null_resource.a", "lifecycle": {"destroy": False}},
    "import": [{"to": "null_resource.b", "id": '${var.id}-"1"', "provider": "null.west"}],
}


@pytest.mark.parametrize("write", WRITERS)
def test_blocks_without_a_label_are_in_versions_tf_and_removed_with_their_cause(
    write: Callable[[Callable[[App], None], pathlib.Path], object], tmp_path: pathlib.Path
) -> None:
    def build(blocks: Mapping[str, object]) -> Callable[[App], None]:
        def plain(app: App) -> None:
            stack = TerraformStack(app, "plain")
            for name, block in blocks.items():
                stack.add_override(name, block)

        return plain

    write(build(BLOCKS), tmp_path)
    assert (tmp_path / "stacks/plain/versions.tf").read_text(encoding="utf-8") == (
        'import {\n  id = "${var.id}-\\"1\\""\n  provider = null.west\n  to = null_resource.b\n}\n\n'
        'moved {\n  from = module.a\n  to = module.b["é"]\n}\n\nmoved {\n  from = module.c\n  to = module.d\n}\n\n'
        "removed {\n  from = null_resource.a\n  lifecycle {\n    destroy = false\n  }\n}\n"
    )
    assert not BLOCKS.keys() & json.loads((tmp_path / "stacks/plain/cdk.tf.json").read_text(encoding="utf-8")).keys()
    write(build({}), tmp_path)
    assert (tmp_path / "stacks/plain/versions.tf").read_text(encoding="utf-8") == ""


@pytest.mark.parametrize("write", WRITERS)
def test_the_required_version_is_in_versions_tf(
    write: Callable[[Callable[[App], None], pathlib.Path], object], tmp_path: pathlib.Path
) -> None:
    """For cloud stacks and plain stacks; changes are written like those of the JSON."""
    for version in (">= 1.9.0, < 2.0.0", ">= 1.11.0"):
        write(of_terraform(version), tmp_path)
        written = files(tmp_path / "stacks")
        versions = {name: text for name, text in written.items() if name.endswith("/versions.tf")}
        text = f'terraform {{\n  required_version = "{version}"\n}}\n'
        assert versions == {"ours/versions.tf": text, "plain/versions.tf": text, "open/versions.tf": ""}
        assert [name for name, text in written.items() if name not in versions and "required_version" in text] == []
        # cdktf-cli reads them there.
        ours = json.loads(written["ours/cdk.tf.json"])
        assert ours["terraform"]["required_providers"]["aws"]["source"] == "hashicorp/aws"


def test_files_of_other_stacks_in_the_output_directory_are_kept(tmp_path: pathlib.Path) -> None:
    for name in ("old", "new"):
        app = App(tmp_path)
        CloudStack(app, name).require("mine", {}, ">= 1.9")
        app.synth()
    assert "1.9.0" in (tmp_path / "stacks" / "old" / "versions.tf").read_text()


def test_warnings_of_stacks_below_other_constructs_are_reported(tmp_path: pathlib.Path) -> None:
    app = App(tmp_path)
    stack = CloudStack(Construct(app, "team"), "test")
    stack.report(Finding("odd", rule=STALE_OUTPUT))
    app.synth()
    assert [(finding.cloud, finding.what) for finding in app.findings] == [("test", "odd")]


def test_a_plain_app_keeps_the_required_version_in_the_json(tmp_path: pathlib.Path) -> None:
    app = engine.App(outdir=str(tmp_path))
    CloudStack(app, "test").require("mine", {}, ">= 1.9")
    app.synth()
    written = json.loads((tmp_path / "stacks" / "test" / "cdk.tf.json").read_text())
    assert written["terraform"]["required_version"] == ">= 1.9.0"


def test_the_manifest_is_written_last(tmp_path: pathlib.Path) -> None:
    """The manifest lists the stacks, so all of them must exist when it can be read."""
    out = tmp_path / "out"
    (out / "stacks" / "test" / "cdk.tf.json" / "in the way").mkdir(parents=True)
    with pytest.raises(SynthesisError, match="cannot be written"):
        synthesize(one_output("a"), out)
    assert not (out / "manifest.json").exists()


@pytest.fixture
def elsewhere(tmp_path: pathlib.Path) -> Iterator[pathlib.Path]:
    """An empty directory on another file system."""
    for place in (pathlib.Path("/dev/shm"), pathlib.Path("/run"), pathlib.Path.home()):  # noqa: S108
        if os.access(place, os.W_OK) and place.stat().st_dev != tmp_path.stat().st_dev:
            with tempfile.TemporaryDirectory(dir=place) as name:
                yield pathlib.Path(name)
            return
    raise MissingPieceError("a second file system", ["/dev/shm", "/run", "HOME"], "mount a tmpfs on /dev/shm")  # noqa: S108


@pytest.mark.parametrize("link", ["out", "out/stacks", "out/stacks/test"])
def test_output_may_be_on_another_file_system(link: str, elsewhere: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """As a mount point, or partly."""
    (tmp_path / link).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / link).symlink_to(elsewhere, target_is_directory=True)
    for value in ("old", "new"):
        synthesize(one_output(value), tmp_path / "out")
        found = {name: text for folder in (tmp_path / "out", elsewhere) for name, text in files(folder).items()}
        assert {pathlib.Path(name).name for name in found} == {"manifest.json", "cdk.tf.json", "versions.tf"}
        assert f'"{value}"' in (tmp_path / "out" / "stacks" / "test" / "cdk.tf.json").read_text()
    with pytest.raises(SynthesisError):
        synthesize(broken, tmp_path / "out")
    assert f'"{value}"' in (tmp_path / "out" / "stacks" / "test" / "cdk.tf.json").read_text()
    assert {path.name for path in (*tmp_path.rglob("*"), *elsewhere.rglob("*"))} == {
        *{"out", "stacks", "test", "manifest.json", "cdk.tf.json", "versions.tf"}
    }


def test_existing_output_needs_no_writable_parent(tmp_path: pathlib.Path) -> None:
    """The parent of a mount point may be read-only."""
    (tmp_path / "mounted").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "mounted")

    def build(app: App) -> None:
        assert pathlib.Path(app.outdir).parent == tmp_path / "mounted"

    synthesize(build, tmp_path / "out")


def test_a_folder_that_cannot_be_written_leaves_all_others_unchanged(tmp_path: pathlib.Path) -> None:
    synthesize(one_output("old"), tmp_path)
    (tmp_path / "stacks" / "z").write_text("in the way")
    before = files(tmp_path)

    def more(app: App) -> None:
        one_output("new")(app)
        CloudStack(app, "z")

    with pytest.raises(SynthesisError, match="cannot be written"):
        synthesize(more, tmp_path)
    assert files(tmp_path) == before


def test_fails_where_it_cannot_write(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for out in (tmp_path / "file", tmp_path / "file" / "out", tmp_path / "loop"):
        with pytest.raises(
            SynthesisError, match=r"the output directory .* cannot be written: .*choose another directory"
        ):
            synthesize(one_output("a"), out)
    assert files(tmp_path) == {"file": "mine"}


def test_fails_once_with_the_errors_of_all_stacks(tmp_path: pathlib.Path) -> None:
    app = App(tmp_path)
    for name in ("one", "two"):
        CloudStack(app, name).add_output("id", expr("module.none.id"))
    CloudStack(app, "good").add_output("id", "1")
    with pytest.raises(SynthesisError) as error:
        app.synth()
    assert [line.partition(":")[0] for line in str(error.value).splitlines()] == ["one", "two"]


def test_an_app_copies_lock_files_and_warns_about_misfits(tmp_path: pathlib.Path) -> None:
    """The warning is an annotation, so the CDKTF CLI prints it too."""
    (tmp_path / "locks").mkdir()
    for name, version in (("fits", "6.50.1"), ("old", "5.100.0"), ("other", "5.100.0")):
        (tmp_path / f"locks/{name}.lock.hcl").write_text(locked(aws=version))
    app = App(tmp_path / "out", locks=tmp_path / "locks")
    for name in ("fits", "old", "none"):
        CloudStack(app, name).require("mine", {"aws": Provider("hashicorp/aws", "~> 6.0")})
    app.synth()
    assert {file for file in files(tmp_path / "out") if file.endswith(".hcl")} == {
        "stacks/fits/.terraform.lock.hcl",
        "stacks/old/.terraform.lock.hcl",
    }
    stacks = json.loads((tmp_path / "out/manifest.json").read_text())["stacks"]
    assert [stacks[name]["annotations"] for name in ("fits", "none")] == [[], []]
    (annotation,) = stacks["old"]["annotations"]
    assert (annotation["constructPath"], annotation["level"]) == ("old", "@cdktf/warn")
    assert annotation["message"] == (
        "hashicorp/aws is locked at 5.100.0, which does not satisfy the stack's constraint "
        ">= 6.0.0, < 7.0.0. Fix: anyscale-constructs lock old"
    )


def test_equal_files_are_not_replaced(tmp_path: pathlib.Path) -> None:
    """Programs that watch the files would read them again."""

    def places() -> dict[str, int]:
        return {name: (tmp_path / name).stat().st_ino for name in files(tmp_path)}

    def two(value: str) -> Callable[[App], None]:
        def build(app: App) -> None:
            CloudStack(app, "same").add_output("value", "x")
            CloudStack(app, "other").add_output("value", value)

        return build

    synthesize(two("x"), tmp_path)
    before = places()
    synthesize(two("y"), tmp_path)
    after = places()
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == {"stacks/other/cdk.tf.json"}


TEXT = st.text(st.characters(exclude_characters="\x7f"))  # which JSON may escape, and Python does


@given(
    st.dictionaries(
        TEXT,
        st.recursive(
            st.none() | st.booleans() | st.integers() | TEXT,
            lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
        ),
    )
)
@example({"é": "😀", "half of a pair": "\ud83d", "empty": [{}, []]})
@example({"deep": functools.reduce(lambda inner, _: [inner], range(300), list[object]())})
def test_json_has_the_layout_of_pythons_json_module(value: dict[str, object]) -> None:
    assert _formatted(value) == json.dumps(value, indent=2).encode()
