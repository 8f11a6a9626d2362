"""Generic resources and data sources of any provider, which need no prebuilt provider package."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, cast

from anyscale_constructs.engine import Construct, TerraformDataSource, TerraformResource
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import Expr, expr
from anyscale_constructs.findings import Finding, shown
from anyscale_constructs.terraform.additions import UNKNOWN_ARGUMENT
from anyscale_constructs.terraform.arguments import check_block
from anyscale_constructs.terraform.kinds import wrong_kinds
from anyscale_constructs.terraform.place import cloud_stack
from anyscale_constructs.terraform.values import lost, merge, to_terraform

_NAME = re.compile(r"[A-Za-z_][\w-]*")


class Resource(TerraformResource):
    """A resource; directly in a stack, its address is `<type>.<id>`.

    `Resource(self, "aws_s3_bucket", "logs", {"bucket": f"logs-{vpc.vpc_id}"}).attribute("arn")` is its ARN.

    Args:
        scope: The parent construct, usually the stack.
        type: The resource type, e.g. `aws_iam_role`.
        id: The resource name, unique among resources of its type.
        arguments: The arguments, by Terraform's names. Blocks are mappings or lists of mappings, all values may contain
            expressions, and None omits an argument.
        depends_on: Constructs that must be created first. Default: none.

    Raises:
        InputError: A value has no equivalent in Terraform, or the type begins with `anyscale_` and Anyscale's provider
            has no such type or argument.
        SynthesisError: The stack is not a `CloudStack`.
    """

    def __init__(
        self,
        scope: Construct,
        type: str,
        id: str,
        arguments: Mapping[str, Any],
        depends_on: Sequence[Construct] = (),
    ) -> None:
        self._stack = cloud_stack(scope, f"{type}.{id}")
        super().__init__(
            scope,
            f"{type}-{id}",
            terraform_resource_type=type,
            depends_on=cast(Any, list(depends_on) or None),  # modules and resources are dependables
        )
        self.override_logical_id(id)
        address = f"{type}.{id}"
        over = self._stack.sources.arguments(address)
        self._stack.addresses.append(address)
        if wrong := [*_misnamed(over), *wrong_kinds({**arguments, "depends_on": []}, over, terraform=True)]:
            raise InputError(_located(each, address) for each in wrong)
        for name, value in _set("resources", type, merge(arguments, over, remove_null=True), address).items():
            self.add_override(name, value)
        for found in lost(arguments, over):
            self._stack.report(_located(found, address), self)

    @property
    def address(self) -> str:
        """The Terraform address."""
        return f"{self.terraform_resource_type}.{self.friendly_unique_id}"

    def attribute(self, path: str, type: str = "string") -> Expr:
        """Returns a reference to an attribute.

        Args:
            path: The path of the attribute, e.g. `arn`.
            type: The Terraform type of its value. Default: `string`.
        """
        return expr(f"{self.address}.{path}", type, stack=self._stack)


class Data(TerraformDataSource):
    """A data source; directly in a stack, its address is `data.<type>.<id>`.

    `Data(self, "aws_iam_role", "nodes", {"name": "nodes"}).attribute("arn")` is the ARN of an existing role.

    Args:
        scope: The parent construct, usually the stack.
        type: The type of data source, e.g. `aws_iam_role`.
        id: The name, unique among data sources of its type.
        arguments: The arguments, as for `Resource`.
        depends_on: Constructs that must be created first; if one has changes, Terraform reads the data source during
            apply instead of plan. Default: none.

    Raises:
        InputError: A value has no equivalent in Terraform, or the type begins with `anyscale_` and Anyscale's provider
            has no such type or argument.
        SynthesisError: The stack is not a `CloudStack`.
    """

    def __init__(
        self,
        scope: Construct,
        type: str,
        id: str,
        arguments: Mapping[str, Any],
        depends_on: Sequence[Construct] = (),
    ) -> None:
        self._stack = cloud_stack(scope, f"data.{type}.{id}")
        super().__init__(
            scope,
            f"data-{type}-{id}",
            terraform_resource_type=type,
            depends_on=cast(Any, list(depends_on) or None),  # modules and resources are dependables
        )
        self.override_logical_id(id)
        for name, value in _set("data", type, arguments, f"data.{type}.{id}").items():
            self.add_override(name, value)

    @property
    def address(self) -> str:
        """The Terraform address."""
        return f"data.{self.terraform_resource_type}.{self.friendly_unique_id}"

    def attribute(self, path: str, type: str = "string") -> Expr:
        """Returns a reference to an attribute.

        Args:
            path: The path of the attribute, e.g. `endpoint`.
            type: The Terraform type of its value. Default: `string`.
        """
        return expr(f"{self.address}.{path}", type, stack=self._stack)


def _misnamed(arguments: Mapping[str, Any]) -> Iterator[Finding]:
    """Finds names that no argument can have; the engine would read a dot as a path."""
    for name in arguments:
        if not _NAME.fullmatch(name):
            fix = "write the arguments of a block as a map"
            yield Finding(f"{shown(name)} is not the name of an argument", fix, rule=UNKNOWN_ARGUMENT, key=(name,))


def _located(finding: Finding, address: str) -> Finding:
    """Returns the finding about an override with its address and its key in the configuration."""
    return finding._replace(construct=address, key=("resources", address, "arguments", *finding.key))


def _set(kind: Literal["data", "resources"], type: str, arguments: Mapping[str, Any], at: str) -> dict[str, Any]:
    given = {name: to_terraform(value, f"{at}.{name}") for name, value in arguments.items() if value is not None}
    check_block(kind, type, given, at)
    return given
