import pathlib
import subprocess
from dataclasses import replace

import pytest

from anyscale_constructs.review.differences import ABSENT, Difference, differences
from anyscale_constructs.review.inputs import Changed, changed, pins, unknown_defaults
from anyscale_constructs.review.interfaces import Interfaces
from anyscale_constructs.review.stacks import ModuleCall, StackContent
from tests.unit.review.parts import CLOUD, pair

AT_38 = "modules: {s3: {ref: v0.38.0}}\n"


def found(base: StackContent, head: StackContent) -> dict[str, Changed]:
    return {f"{each.subject} {each.difference.name}": each for each in changed(base, head, Interfaces())}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [("a.b", 1, 2)]),
        ({"a": 1}, {"a": 1, "b": 2}, [("b", ABSENT, 2)]),
        (["x", "y"], ["x", "z"], [("[1]", "y", "z")]),
        (["x", "y"], ["w", "x", "y"], [("[0]", ABSENT, "w")]),
        (
            [{"name": "a", "v": 1}],
            [{"name": "b"}, {"name": "a", "v": 2}],
            [("[a].v", 1, 2), ("[b]", ABSENT, {"name": "b"})],
        ),
        ('{"a": [1], "b": 2}', '{"b": 2, "a": [3]}', [("a[0]", 1, 3)]),
        (True, "true", [("", True, "true")]),
        (1, True, [("", 1, True)]),
        ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}', []),
    ],
)
def test_differences_are_minimal(old: object, new: object, said: list[tuple[str, object, object]]) -> None:
    assert [(each.name, each.old, each.new) for each in differences(old, new)] == said


def test_a_secret_is_known_by_each_step_of_its_path() -> None:
    (difference,) = differences([{"name": "HF_TOKEN", "value": "a"}], [{"name": "HF_TOKEN", "value": "b"}])
    assert difference.secret
    assert not Difference(("tags", "team"), 1, 2).secret


def test_inputs_are_compared_with_upstreams_defaults_applied(tmp_path: pathlib.Path) -> None:
    base, head = pair(tmp_path, CLOUD, CLOUD.replace("/16}", "/16, flow_logs: true}"))
    change = found(base, head)["module.vpc enable_vpc_flow_logs"]
    assert (change.difference.old, change.difference.new, change.note) == (False, True, "")
    back = found(head, base)["module.vpc enable_vpc_flow_logs"]
    assert (back.difference.old, back.difference.new, back.note) == (True, False, "upstream's default")


def test_a_default_that_upstream_changed_shows(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, head = pair(tmp_path, CLOUD, CLOUD)
    old = _module(tmp_path / "clones", 'variable "size" {\n  default = 1\n}\n', "v1")
    new = _module(
        tmp_path / "clones", 'variable "size" {\n  default = 2\n}\nvariable "fresh" {\n  default = 3\n}\n', "v2"
    )
    monkeypatch.setenv("ANYSCALE_MODULES_DIR", str(tmp_path / "clones"))
    base, head = (replace(base, modules={"m": call}) for call in (old, new))
    (change,) = changed(base, head, Interfaces())
    assert (change.difference.name, change.difference.old, change.difference.new) == ("size", 1, 2)
    assert change.note == "upstream changed the default"
    (pin,) = pins(base, head, Interfaces())
    assert pin.link == f"https://github.com/acme/modules/compare/{old.ref}...{new.ref}"
    assert pin.interfaces == {
        "module.m": ["variable fresh added: type any, default 3", "variable size: default changed from 1 to 2"]
    }


def test_defaults_are_read_from_a_fetched_module(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "stack"
    (folder / ".terraform" / "modules" / "m").mkdir(parents=True)
    (folder / ".terraform" / "modules" / "m" / "main.tf").write_text('variable "size" {\n  default = 1\n}\n')
    call = ModuleCall("m", "git::https://github.com/acme/modules.git//m?ref=v1")
    listing = f'{{"Modules":[{{"Key":"m","Source":"{call.source}","Dir":".terraform/modules/m"}}]}}'
    (folder / ".terraform" / "modules" / "modules.json").write_text(listing)
    interface = Interfaces([folder]).of(call)
    assert interface
    assert interface.variables["size"].default == 1


def test_a_pin_without_a_source_is_reported(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANYSCALE_MODULES_DIR", raising=False)
    base, head = pair(tmp_path, CLOUD, CLOUD)
    older = replace(base.modules["vpc"], source=base.modules["vpc"].source.replace(base.modules["vpc"].ref, "0" * 40))
    before = replace(base, modules={**base.modules, "vpc": older})
    (line,) = unknown_defaults(before, head, Interfaces())
    assert line.startswith(f"module.vpc: upstream's defaults at {'0' * 40} are unknown")
    assert list(changed(before, head, Interfaces())) == []
    assert [pin.interfaces for pin in pins(before, head, Interfaces())] == [{"module.vpc": None}]


def test_a_bumped_pin_has_a_link_and_the_difference_of_the_interfaces(tmp_path: pathlib.Path) -> None:
    base, head = pair(tmp_path, CLOUD + AT_38, CLOUD)
    (pin,) = pins(base, head, Interfaces())
    assert (pin.old, pin.new) == ("v0.38.0 (bd65515)", "v0.40.1 (9880f83)")
    assert pin.link == f"https://github.com/{pin.repository}/compare/v0.38.0...v0.40.1"
    assert "bucket_namespace added" in str(pin.interfaces["module.s3"])


def test_a_changed_backend_shows_the_command(tmp_path: pathlib.Path) -> None:
    kept = "backend: {type: s3, bucket: acme-state, region: us-east-2%s}\n"
    base, head = pair(tmp_path / "moves", CLOUD, CLOUD + kept % "")
    assert {each.note for each in changed(base, head, Interfaces()) if each.part == "backend"} == {
        "the state moves: terraform init -migrate-state"
    }
    base, head = pair(tmp_path / "stays", CLOUD + kept % "", CLOUD + kept % ", profile: ci")
    (change,) = changed(base, head, Interfaces())
    assert (change.difference.name, change.note) == ("profile", "terraform init -reconfigure")


def test_the_registration_is_a_separate_part(tmp_path: pathlib.Path) -> None:
    base, head = pair(tmp_path, CLOUD, CLOUD + "networking_mode: PRIVATE\n")
    names = {each.difference.name for each in changed(base, head, Interfaces()) if each.part == "registration"}
    assert "value.networking_mode" in names


@pytest.mark.parametrize("text", ["# why\n" + CLOUD, "".join(reversed(CLOUD.splitlines(keepends=True)))])
def test_comments_and_the_order_of_keys_change_nothing(text: str, tmp_path: pathlib.Path) -> None:
    assert list(changed(*pair(tmp_path, CLOUD, text), Interfaces())) == []


def _module(clones: pathlib.Path, text: str, tag: str) -> ModuleCall:
    """A call of a module in a clone, which is committed with that text."""
    clone = clones / "acme" / "modules"
    (clone / "m").mkdir(parents=True, exist_ok=True)
    (clone / "m" / "main.tf").write_text(text)
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", tag], ["tag", tag]):
        subprocess.run(["git", "-C", str(clone), *command], check=True, capture_output=True)
    commit = subprocess.check_output(["git", "-C", str(clone), "rev-parse", "HEAD"], text=True).strip()
    return ModuleCall("m", f"git::https://github.com/acme/modules.git//m?ref={commit}")
