"""The check that names begin with a prefix."""

from typing import Any

import pytest

from tests.e2e.names import named
from tests.e2e.report import StepFailedError


def resource(kind: str, **values: Any) -> dict[str, Any]:
    return {"address": f"{kind}.this", "type": kind, "values": values}


def test_names_that_begin_with_the_prefix_are_counted() -> None:
    resources = [
        resource("aws_iam_role", name="acme-node-1", name_prefix="acme-node-"),
        resource("aws_kms_alias", name="alias/acme-prod"),
        resource("aws_cloudwatch_log_group", name="/aws/eks/acme-prod/cluster", name_prefix=""),
        resource("aws_iam_role_policy", name="operator"),
        resource("aws_vpc", cidr_block="10.0.0.0/16"),
    ]
    assert named(resources, "acme-") == 4


@pytest.mark.parametrize(
    "other",
    [
        resource("aws_iam_policy", name_prefix="anyscale-"),
        resource("aws_kms_alias", name="alias/eks/acme-prod"),
        resource("aws_eks_node_group", node_group_name="default"),
    ],
)
def test_names_without_the_prefix_fail(other: dict[str, Any]) -> None:
    with pytest.raises(StepFailedError, match="not all names begin with acme-"):
        named([other], "acme-")
