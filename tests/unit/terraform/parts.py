"""A configuration with some of everything, a bucket, and the messages of a stack and of a module."""

from typing import Annotated, Any, Self

import pytest
from pydantic import Field, model_validator

from anyscale_constructs.aws import S3
from anyscale_constructs.aws.types import VpcId
from anyscale_constructs.config.model import ExistingIf, Model, refuse
from anyscale_constructs.config.types import Cidr, TagValue
from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import InputError, SynthesisError
from anyscale_constructs.terraform.config import CloudConfig
from anyscale_constructs.terraform.module import Module
from anyscale_constructs.terraform.place import cloud_stack
from anyscale_constructs.terraform.stack import CloudStack


class NewVpc(Model):
    name: str | None = None
    cidr_block: Cidr = "10.0.0.0/16"

    @model_validator(mode="after")
    def _not_large(self) -> Self:
        if self.cidr_block == "10.0.0.0/8":
            raise refuse("is too large", "take a /16", key="cidr_block")
        return self


class OldVpc(Model):
    vpc_id: VpcId
    zones: dict[str, str] = Field(default_factory=dict)


class Config(CloudConfig):
    vpc: Annotated[NewVpc | OldVpc, ExistingIf("vpc_id")] = Field(default_factory=NewVpc)
    ranges: list[Cidr] = Field(default_factory=list)
    tags: dict[str, TagValue] = Field(default_factory=dict)
    rules: list[NewVpc] = Field(default_factory=list)
    zones: int = Field(default=2, ge=2)
    logs: bool = False
    name: str = ""


def problem(stack: CloudStack) -> str:
    """The message of the error about the stack as a whole."""
    with pytest.raises(SynthesisError) as error:
        stack.to_terraform()
    return str(error.value)


def refusal(cls: type[Module], stack: CloudStack, **inputs: Any) -> list[str]:
    """The lines of the error about a module's inputs."""
    with pytest.raises(InputError) as error:
        cls(stack, "m", **inputs)
    return str(error.value).splitlines()


def warnings(construct: Construct) -> list[str]:
    """The texts of a construct's warnings, as the engine has them at synthesis."""
    cloud_stack(construct, "").prepare_stack()
    return [entry.data for entry in construct.node.metadata if entry.type == "@cdktf/warn"]


def notes(module: Module) -> list[str]:
    """The texts of a module's notes."""
    findings = cloud_stack(module, "").findings
    return [each.annotation for each in findings if each.severity == "note" and each.construct == module.address]


def bucket(stack: CloudStack) -> S3:
    """Adds a bucket."""
    return S3(stack, anyscale_bucket_name="acme-bucket")


def settings(stack: CloudStack) -> dict[str, Any]:
    """The `terraform` block of a stack with a bucket."""
    bucket(stack)
    found: dict[str, Any] = stack.to_terraform()["terraform"]
    return found
