"""What users add by overrides and by the engine's constructs: it is kept, or it is an error."""

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from anyscale_constructs import engine
from anyscale_constructs.engine import TerraformResource
from anyscale_constructs.errors import ConstraintError, InputError
from anyscale_constructs.expressions import expr
from anyscale_constructs.terraform import backend
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.backend import Gcs, Hcp, Local
from anyscale_constructs.terraform.resource import Resource
from anyscale_constructs.terraform.stack import CloudStack
from tests.unit.terraform.parts import bucket, problem, settings

cdktf: Any = importlib.import_module(engine.name)

AWS = {"source": "hashicorp/aws", "version": ">= 6.37.0, < 7.0.0"}
RANDOM = {"source": "hashicorp/random", "version": "~> 3.0"}
LOCAL = {"local": {"path": "../../../terraform.test.tfstate"}}
HTTP = {"http": {"address": "https://state.example.com/test"}}


@pytest.mark.parametrize(
    ("path", "value", "changed"),
    [
        ("required_providers.random", RANDOM, {"required_providers": {"aws": AWS, "random": RANDOM}}),
        (
            "required_providers.random.source",
            "hashicorp/random",
            {"required_providers": {"aws": AWS, "random": {"source": "hashicorp/random"}}},
        ),
        (
            "required_providers.aws.version",
            "~> 6.40",
            {"required_providers": {"aws": {"source": "hashicorp/aws", "version": "~> 6.40"}}},
        ),
        (
            "required_providers.aws",
            "~> 6.40",
            {"required_providers": {"aws": {"source": "hashicorp/aws", "version": "~> 6.40"}}},
        ),
        (
            "required_providers.aws.configuration_aliases",
            ["aws.west"],
            {"required_providers": {"aws": AWS | {"configuration_aliases": ["aws.west"]}}},
        ),
        ("required_version", ">= 1.12", {"required_version": ">= 1.12"}),
        ("experiments", ["some"], {"experiments": ["some"]}),
        ("provider_meta.aws", {"module_name": "acme"}, {"provider_meta": {"aws": {"module_name": "acme"}}}),
        ("backend.local.workspace_dir", "w", {"backend": {"local": LOCAL["local"] | {"workspace_dir": "w"}}}),
        ("backend", HTTP, {"backend": HTTP}),
        ("backend.http.address", HTTP["http"]["address"], {"backend": HTTP}),
    ],
)
@pytest.mark.parametrize("late", [False, True], ids=["before the modules", "after them"])
def test_settings_under_terraform_are_kept(
    path: str, value: Any, changed: dict[str, Any], late: bool, stack: CloudStack
) -> None:
    if late:
        bucket(stack)
    stack.add_override(f"terraform.{path}", value)
    if not late:
        bucket(stack)
    plain = {"backend": LOCAL, "required_providers": {"aws": AWS}, "required_version": ">= 1.9.0"}
    assert stack.to_terraform()["terraform"] == plain | changed


@pytest.mark.parametrize(
    "given",
    [Local(), Gcs(type="gcs", bucket="acme-state"), Hcp(type="hcp", organization="acme")],
    ids=lambda each: each.type,
)
@pytest.mark.parametrize(
    ("path", "value"),
    [("cloud", {"organization": "other", "workspaces": {"name": "w"}}), ("backend.http", HTTP["http"])],
)
def test_a_backend_that_an_override_adds_is_the_only_one(given: Any, path: str, value: Any, tmp_path: Any) -> None:
    stack = CloudStack(App(tmp_path), "test", backend=given)
    stack.add_override(f"terraform.{path}", value)
    found = settings(stack)
    wanted = {"cloud": value} if path == "cloud" else {"backend": {"http": value}}
    hostname = {"hostname": "app.terraform.io"} if given.type == "hcp" and path == "cloud" else {}
    wanted = {"cloud": value | hostname} if hostname else wanted
    assert {key: found[key] for key in ("backend", "cloud") if key in found} == wanted


def test_nothing_is_added_to_a_stack_that_needs_nothing(stack: CloudStack) -> None:
    stack.add_override("terraform.required_providers.random", RANDOM)
    assert stack.to_terraform()["terraform"] == {
        "backend": LOCAL,
        "required_providers": {"random": RANDOM},
        "required_version": ">= 1.0.0",
    }


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (
            "required_version",
            "< 1.5",
            "no version of Terraform satisfies module.s3 (>= 1.9) and terraform.required_ver",
        ),
        ("required_providers.aws.version", "~> 5.0", "no version of hashicorp/aws satisfies module.s3 (>= 6.37.0, <"),
        ("required_providers.aws", "~> 5.0", "no version of hashicorp/aws satisfies module.s3 (>= 6.37.0, < 7.0) and"),
    ],
)
def test_fails_on_versions_that_no_module_can_have(path: str, value: str, says: str, stack: CloudStack) -> None:
    bucket(stack)
    stack.add_override(f"terraform.{path}", value)
    with pytest.raises(ConstraintError) as error:
        stack.to_terraform()
    assert str(error.value).startswith(f"test: {says}")


MAKE_BACKEND: dict[str, Callable[[CloudStack], object]] = {
    "http": lambda stack: cdktf.HttpBackend(stack, address=HTTP["http"]["address"]),
    "s3": lambda stack: cdktf.S3Backend(stack, bucket="acme-state", key="k", region="us-east-2"),
    "local": lambda stack: cdktf.LocalBackend(stack, path="x.tfstate"),
    "consul": lambda stack: cdktf.ConsulBackend(stack, access_token="hunter2", path="p"),  # noqa: S106 - it must not be told
}


@pytest.mark.parametrize("kind", MAKE_BACKEND)
@pytest.mark.parametrize("when", ["before the modules", "after the modules", "after the stack was checked"])
def test_an_engine_backend_replaces_the_configured_one(kind: str, when: str, stack: CloudStack) -> None:
    if when != "before the modules":
        bucket(stack)
    if when == "after the stack was checked":
        stack.prepare()
    MAKE_BACKEND[kind](stack)
    if when == "before the modules":
        bucket(stack)
    tree = stack.to_terraform()
    assert list(tree["terraform"]["backend"]) == [kind]
    assert tree["//"]["metadata"]["backend"] == kind
    assert tree["terraform"]["required_providers"] == {"aws": AWS}
    assert stack.backend_type == kind


def test_an_engine_cloud_block_replaces_the_configured_backend(stack: CloudStack) -> None:
    cdktf.CloudBackend(stack, organization="acme", workspaces=cdktf.NamedCloudWorkspace("w"))
    assert settings(stack)["cloud"] == {"organization": "acme", "workspaces": {"name": "w"}}
    assert "backend" not in stack.to_terraform()["terraform"]


S3_STATE = backend.S3(type="s3", bucket="acme-state", region="us-east-2", key="k")
MADE: dict[str, Callable[[CloudStack], object]] = {
    **MAKE_BACKEND,
    "another address": lambda stack: cdktf.HttpBackend(stack, address="https://state.example.com/other"),
    "without a key": lambda stack: stack.add_override("terraform.backend.s3", {"bucket": "acme-state"}),
    "another endpoint": lambda stack: cdktf.S3Backend(
        stack, bucket="acme-state", key="k", endpoint="https://s3.example.com"
    ),
    "absolute": lambda stack: cdktf.LocalBackend(stack, path="/state/x.tfstate"),
    "remote": lambda stack: cdktf.RemoteBackend(stack, organization="acme", workspaces=cdktf.NamedRemoteWorkspace("w")),
    "cloud": lambda stack: cdktf.CloudBackend(
        stack, organization="acme", workspaces=cdktf.NamedCloudWorkspace("w"), hostname="APP.terraform.io"
    ),
    "tagged": lambda stack: cdktf.CloudBackend(
        stack, organization="acme", workspaces=cdktf.TaggedCloudWorkspaces(["w"])
    ),
    "override": lambda stack: stack.add_override("terraform.backend.http", HTTP["http"]),
}


@pytest.mark.parametrize(
    ("one", "other", "state"),
    [
        ("http", "http", "http https://state.example.com/test"),
        ("http", "override", "http https://state.example.com/test"),
        ("http", "another address", ""),
        ("s3", "s3", "s3 acme-state k"),
        ("s3", "another endpoint", ""),
        ("without a key", "without a key", ""),
        ("s3", S3_STATE, "s3 acme-state k"),
        (S3_STATE, "s3", "s3 acme-state k"),
        ("local", "local", ""),
        ("absolute", "absolute", "local /state/x.tfstate"),
        ("absolute", Local(path="/state/x.tfstate"), "local /state/x.tfstate"),
        ("consul", "consul", "consul 3ad17f4a1868"),
        ("cloud", "cloud", "hcp app.terraform.io acme w"),
        ("cloud", "remote", "hcp app.terraform.io acme w"),
        ("cloud", Hcp(type="hcp", organization="acme", workspace="w"), "hcp app.terraform.io acme w"),
        ("tagged", "tagged", ""),
    ],
)
def test_fails_on_two_stacks_that_share_a_state_in_an_engine_backend(
    one: Any, other: Any, state: str, tmp_path: Any
) -> None:
    app = App(tmp_path)
    for name, given in (("one", one), ("other", other)):
        made = given if isinstance(given, str) else None
        stack = CloudStack(app, name, backend=None if made else given)
        if made:
            MADE[made](stack)
    app.cloud_stacks[0].to_terraform()
    if not state:
        app.cloud_stacks[1].to_terraform()
        return
    key = {"local": "path", "s3": "key", "hcp": "workspace", "http": "name"}.get(state.partition(" ")[0], "state")
    assert problem(app.cloud_stacks[1]) == (
        "other: backend: shares its Terraform state with one; applying one would destroy the resources of the other; "
        f"got {state!r}. Fix: set a different {key} under backend for each stack, or remove it"
    )


@pytest.mark.parametrize(
    ("kind", "block"),
    [
        ("moved", [{"from": "module.bucket", "to": "module.s3"}]),
        ("moved", [{"from": "module.a", "to": "module.b"}, {"from": "module.b", "to": "module.s3"}]),
        ("import", [{"to": "module.s3.module.s3.aws_s3_bucket.this[0]", "id": "acme-bucket"}]),
        ("import", {"to": "module.s3.module.s3.aws_s3_bucket.this[0]", "id": "acme-bucket"}),
        ("removed", [{"from": "module.old", "lifecycle": {"destroy": False}}]),
        (
            "check",
            {
                "reachable": {
                    "data": {"http": {"site": {"url": "https://example.com"}}},
                    "assert": [
                        {"condition": "${data.http.site.status_code == 200}", "error_message": "It is down."},
                        {"condition": '${module.s3.s3_bucket_id != ""}', "error_message": "It has no name."},
                    ],
                }
            },
        ),
        ("locals", {"names": ["a", "b"]}),
    ],
)
def test_blocks_from_overrides_are_kept(kind: str, block: Any, stack: CloudStack) -> None:
    bucket(stack)
    stack.add_override(kind, block)
    assert stack.to_terraform()[kind] == block


def test_blocks_are_added_to_those_of_constructs(stack: CloudStack) -> None:
    made = TerraformResource(stack, "made", terraform_resource_type="aws_sqs_queue")
    made.import_from("https://sqs.example.com/made")
    stack.add_override("import", [{"to": "aws_sqs_queue.other", "id": "other"}])
    Resource(stack, "aws_sqs_queue", "other", {})
    assert stack.to_terraform()["import"] == [
        {"to": "aws_sqs_queue.made", "id": "https://sqs.example.com/made"},
        {"to": "aws_sqs_queue.other", "id": "other"},
    ]


def test_expressions_in_blocks_become_code(stack: CloudStack) -> None:
    made = bucket(stack)
    stack.add_override("import", [{"to": "aws_s3_bucket_policy.it", "id": made.s3_bucket_id}])
    named = {"condition": f"${{{made.s3_bucket_id} == {made.s3_bucket_arn}}}", "error_message": f"{made.s3_bucket_id}!"}
    stack.add_override("check.it.assert", [named])
    tree = stack.to_terraform()
    assert tree["import"][0]["id"] == "${module.s3.s3_bucket_id}"
    assert tree["check"]["it"]["assert"] == [
        {
            "condition": "${module.s3.s3_bucket_id == module.s3.s3_bucket_arn}",
            "error_message": "${module.s3.s3_bucket_id}!",
        }
    ]


@pytest.mark.parametrize(
    ("kind", "block", "where"),
    [
        ("moved", [{"from": "module.a", "to": "X"}], "moved[0].to"),
        ("import", [{"to": "X", "id": "a"}], "import[0].to"),
        ("import", {"to": "X", "id": "a"}, "import.to"),
        ("import", [{"to": "aws_x.y", "id": "a", "provider": "X"}], "import[0].provider"),
        ("removed", [{"from": "X"}], "removed[0].from"),
    ],
)
def test_fails_on_an_expression_where_terraform_accepts_none(
    kind: str, block: Any, where: str, stack: CloudStack
) -> None:
    stack.add_override("variable.a", {})

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: expr("var.a") if inner == "X" else inner for key, inner in value.items()}
        return [filled(element) for element in value]

    stack.add_override(kind, filled(block))
    assert problem(stack) == f"test: {where} cannot be an expression; got ${{var.a}}. Fix: use a literal value"


@pytest.mark.parametrize("name", ["data.http.other", "var.none", "module.none.id"])
def test_fails_on_a_check_that_refers_to_an_unknown_object(name: str, stack: CloudStack) -> None:
    stack.add_override(
        "check.it",
        {
            "data": {"http": {"site": {"url": "https://example.com"}}},
            "assert": [{"condition": f"${{{name}.x == 1}}", "error_message": "No."}],
        },
    )
    assert "check.it.assert[0].condition refers to " in problem(stack)


@pytest.mark.parametrize("name", ["anyscale_bucket_nam", "providerz"])
def test_fails_on_an_override_of_an_input_that_the_module_does_not_have(name: str, stack: CloudStack) -> None:
    made = bucket(stack)
    with pytest.raises(InputError, match=f"aws/s3 at v0.40.1: unknown input '{name}'"):
        made.add_override(f"{name}.a", "x")
    stack.add_override(f"module.s3.{name}.a", "x")
    assert problem(stack).startswith(f"test: module.s3: unknown input '{name}'")


@pytest.mark.parametrize("name", ["tags.Team", "count", "for_each", "providers.aws", "source", "version", "depends_on"])
def test_arguments_of_a_module_call_can_be_overridden(name: str, stack: CloudStack) -> None:
    made = bucket(stack)
    value: Any = ["aws_x.y"] if name == "depends_on" else "x"
    first, _, rest = name.partition(".")
    ways: list[tuple[Any, str]] = [(made, name), (stack, f"module.s3.{name}")]
    for element, path in ways:
        element.add_override(path, value)
        found = stack.to_terraform()["module"]["s3"][first]
        assert (found[rest] if rest else found)[: len(value)] == value


@pytest.mark.parametrize(
    ("path", "value", "lost", "mended"),
    [
        ("provider.aws.region", "us-west-2", "provider.aws.region", "provider.aws.0.region"),
        ("provider.aws", {"region": "us-west-2"}, "provider.aws.region", "provider.aws.0.region"),
        (
            "provider",
            {"aws": {"default_tags": {"tags": {}}}},
            "provider.aws.default_tags",
            "provider.aws.0.default_tags",
        ),
        ("module.s3.cors_rule.max_age", 1, "module.s3.cors_rule.max_age", "module.s3.cors_rule.0.max_age"),
    ],
)
def test_fails_on_an_override_that_the_engine_drops(
    path: str, value: Any, lost: str, mended: str, stack: CloudStack
) -> None:
    stack.add_provider("aws", region="us-east-2")
    bucket(stack).add_override("cors_rule", [{"max_age": 0}])
    stack.add_override(path, value)
    assert problem(stack) == (
        f"test: the override of {lost} has no effect: {lost.rpartition('.')[0]} is a list. "
        f"Fix: add the index of the element, e.g. {mended}"
    )


def test_an_override_of_a_list_element_is_kept(stack: CloudStack) -> None:
    stack.add_provider("aws", region="us-east-2")
    stack.add_provider("aws", alias="west", region="us-west-1")
    stack.add_override("provider.aws.1.region", "us-west-2")
    assert [block["region"] for block in stack.to_terraform()["provider"]["aws"]] == ["us-east-2", "us-west-2"]


def test_an_override_with_none_removes_the_key(stack: CloudStack) -> None:
    bucket(stack)
    stack.add_override("module.s3.bucket_namespace", None)
    assert "bucket_namespace" not in stack.to_terraform()["module"]["s3"]
