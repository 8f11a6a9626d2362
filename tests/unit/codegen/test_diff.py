"""The difference between two interfaces, in words."""

import dataclasses

from anyscale_constructs.codegen.diff import differences
from anyscale_constructs.terraform.interface import Interface, Output, Provider, Variable

OLD = Interface(
    name="aws/example",
    repository="acme/modules",
    path="modules/example",
    ref="v1",
    commit="1" * 40,
    required_version=">= 1.9",
    required_providers={
        "aws": Provider("hashicorp/aws", ">= 5.0"),
        "time": Provider("hashicorp/time", ">= 0.9"),
    },
    variables={
        "name": Variable("string", required=True),
        "size": Variable("number", 3, validation=("var.size > 1",)),
        "gone": Variable("string"),
    },
    outputs={"id": Output("string"), "users": Output("any")},
    data_sources=("data.aws_region.current", "data.aws_partition.current"),
)


def test_another_ref_with_the_same_interface_has_no_differences() -> None:
    assert differences(OLD, dataclasses.replace(OLD, ref="v2", commit="2" * 40)) == []


def test_every_kind_of_change_is_reported() -> None:
    new = dataclasses.replace(
        OLD,
        ref="v2",
        required_version=">= 1.10",
        required_providers={"aws": Provider("hashicorp/aws", ">= 6.37.0")},
        variables={
            "name": Variable("string", "anyscale"),
            "size": Variable("string", 4, validation=("var.size > 2",), known_at_plan="value"),
            "mode": Variable("string", "a", validation=('contains(["a"], var.mode)',)),
            "token": Variable("string", required=True),
        },
        outputs={
            "id": Output("list(string)"),
            "users": Output("any", sensitive=True),
            "arn": Output("string"),
        },
        data_sources=("data.aws_region.current", "module.kms.data.aws_caller_identity.current"),
    )
    assert differences(OLD, new) == [
        "provider time removed",
        "variable gone removed",
        "data source data.aws_partition.current removed",
        'variable mode added: type string, default "a", validation contains(["a"], var.mode)',
        "variable token added: type string, default none (required)",
        "output arn added: type string",
        "data source module.kms.data.aws_caller_identity.current added",
        "terraform: version changed from >= 1.9 to >= 1.10",
        "provider aws: version changed from >= 5.0 to >= 6.37.0",
        'variable name: default changed from none (required) to "anyscale"',
        "variable size: type changed from number to string",
        "variable size: default changed from 3 to 4",
        "variable size: validation changed from var.size > 1 to var.size > 2",
        "variable size: known at plan changed from nothing to value",
        "output id: type changed from string to list(string)",
        "output users: sensitive changed from no to yes",
    ]
