"""Places of values: how cases are added there, and where the finished JSON contains them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from anyscale_constructs.aws import S3, ExistingBucket, ExistingRoles, S3Policy
from anyscale_constructs.kubernetes.charts import AUTOSCALER, Release
from anyscale_constructs.kubernetes.config import ReleaseConfig
from anyscale_constructs.terraform.resource import Data, Resource
from anyscale_constructs.terraform.stack import CloudStack
from tests.contract.product.kinds import cdktf

Cases = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """A place.

    Args:
        put: Adds cases, in elements whose name is the second argument.
        path: The keys under which the JSON contains the cases; `NAME` represents that name.
        shape: The JSON under these keys, given the JSON of each case.
        text: Whether the cases become part of a JSON string.
        field: Whether a configuration field gets the cases, which turns engine values into expressions.
        ours: Whether the library adds them; otherwise the engine does.
    """

    put: Callable[[CloudStack, str, Cases], object]
    path: tuple[str | int, ...]
    shape: Callable[[Cases], Any] = dict
    text: bool = False
    field: bool = False
    ours: bool = True

    def read(self, tree: Any, name: str) -> Any:
        """Returns the JSON of the cases."""
        path = [name if step == "NAME" else step for step in self.path]
        return reduce(lambda inner, step: inner[step], path, tree)


def _as_keys(cases: Cases) -> list[Any]:
    return [{value: name} for name, value in cases.items()]


def _nested(cases: Cases) -> list[Any]:
    return [[{"a": [{name: value}]}] for name, value in cases.items()]


def _statements(cases: Cases) -> dict[str, Any]:
    statement = {"Sid": "Cases", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": dict(cases)}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _policy(stack: CloudStack, name: str, cases: Cases) -> None:
    roles = ExistingRoles(
        control_plane_role_arn="arn:aws:iam::123456789012:role/a",
        cluster_node_role_arn="arn:aws:iam::123456789012:role/b",
    )
    bucket = ExistingBucket(bucket_name="acme-bucket")
    S3Policy(stack, name, bucket=bucket, iam=roles, custom_s3_policy=_statements(cases))


def _prebuilt(stack: CloudStack, name: str, cases: Cases) -> None:
    made = cdktf.DataTerraformRemoteStateLocal(stack, name, path="given.tfstate", defaults=dict(cases))
    made.override_logical_id(name)


def _raw(stack: CloudStack, name: str, cases: Cases) -> None:
    made = cdktf.TerraformResource(stack, f"raw_{name}", terraform_resource_type="terraform_data")
    made.override_logical_id(name)
    made.add_override("input", dict(cases))


def _their_local(stack: CloudStack, name: str, cases: Cases) -> None:
    cdktf.TerraformLocal(stack, f"l_{name}", dict(cases)).override_logical_id(name)


STATE = {"backend": "local", "config": {"path": "given.tfstate"}}
PLACES: dict[str, Place] = {
    "a module's input": Place(lambda s, n, c: S3(s, n, cors_rule=dict(c)), ("module", "NAME", "cors_rule")),
    "a resource": Place(
        lambda s, n, c: Resource(s, "terraform_data", n, {"input": c}), ("resource", "terraform_data", "NAME", "input")
    ),
    "a data source": Place(
        lambda s, n, c: Data(s, "terraform_remote_state", n, {**STATE, "defaults": c}),
        ("data", "terraform_remote_state", "NAME", "defaults"),
    ),
    "an output": Place(lambda s, n, c: s.add_output(n, c), ("output", "NAME", "value")),
    "a local": Place(lambda s, n, c: s.add_local(n, c), ("locals", "NAME")),
    "a provider": Place(
        lambda s, n, c: s.add_provider(n, default_tags={"tags": c}), ("provider", "NAME", 0, "default_tags", "tags")
    ),
    "Helm values": Place(
        lambda s, n, c: Release(s, replace(AUTOSCALER, release=n), ReleaseConfig(), c),
        ("resource", "helm_release", "NAME", "values"),
        lambda cases: [json.dumps(cases, sort_keys=True)],
        text=True,
    ),
    "a policy": Place(
        _policy,
        ("module", "NAME", "custom_s3_policy"),
        lambda c: json.dumps(_statements(c), sort_keys=True),
        text=True,
        field=True,
    ),
    "nested lists": Place(lambda s, n, c: s.add_output(n, _nested(c)), ("output", "NAME", "value"), _nested),
    "an override": Place(lambda s, n, c: s.add_override(f"locals.{n}", dict(c)), ("locals", "NAME"), ours=False),
    "TerraformOutput": Place(
        lambda s, n, c: cdktf.TerraformOutput(s, n, value=dict(c)), ("output", "NAME", "value"), ours=False
    ),
    "TerraformLocal": Place(_their_local, ("locals", "NAME"), ours=False),
    "TerraformResource": Place(_raw, ("resource", "terraform_data", "NAME", "input"), ours=False),
    "a prebuilt construct": Place(_prebuilt, ("data", "terraform_remote_state", "NAME", "defaults"), ours=False),
}
