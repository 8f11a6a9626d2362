"""Field types, including AWS's: the literals that they accept, and the errors about others."""

import json
import re
from typing import Annotated, Any, Literal, TypeAlias

import pytest
from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError

from anyscale_constructs.aws import types as aws_types
from anyscale_constructs.aws.provider import SessionName
from anyscale_constructs.azure.types import ResourceGroupName
from anyscale_constructs.config import types
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Checked, OrExpr, Terraform
from anyscale_constructs.engine import Token
from anyscale_constructs.expressions import Expr, expr
from anyscale_constructs.google.types import LabelValue
from anyscale_constructs.terraform.types import TfAny, TfBool, TfList, TfMap, TfNumber, TfString

# type -> (accepted, refused)
LITERALS: dict[str, tuple[list[str], list[Any]]] = {
    "Cidr": (
        ["10.0.0.0/16", "0.0.0.0/0", "192.0.2.1/32"],
        ["10.0.0.0", "10.0.0.1/16", "10.0.0.0/33", "::/0", "", "10.0.0.0/16 ", 10, None],
    ),
    "InternetCidr": (
        ["203.0.113.0/24", "0.0.0.0/0", "172.15.0.0/16"],
        ["10.1.0.0/16", "172.20.0.0/16", "192.168.1.1/32", "100.64.0.0/10", "127.0.0.1/32", "203.0.113.1/24", "a"],
    ),
    "OrgId": (["org_1", "org_1234abcd"], ["org_", "org-1", "ORG_1", "org_1-prod", "cld_1", "org_1\n"]),
    "CloudId": (["cld_1234abcd"], ["cld_", "org_1", "cldrsrc_1"]),
    "CloudResourceId": (["cldrsrc_1234abcd"], ["cld_1", "cldrsrc_"]),
    "ExternalId": (["org_1-prod", "org_1-a+b=c,d.e@f:g/h-i"], ["prod", "org_1", "org_1-", "org_1-a b", "cld_1-prod"]),
    "StackName": (["a", "prod", "a-b_C9", "a" * 64], ["", "1a", "-a", "a b", "a.b", "a/b", "a" * 65, "..", "ü"]),
    "TagKey": (
        ["team", "kubernetes.io/role/elb", "awsome", "aws", "a" * 128],
        ["", "aws:team", "AWS:team", "Aws:", "a" * 129, 4711],
    ),
    "TagValue": (["", "ml", "a\nb", "a" * 256], ["a" * 257, 4711, True, None]),
    "AwsRegion": (
        ["us-east-2", "eu-central-1", "ap-southeast-3", "me-central-1", "ca-west-1", "mx-central-1", "il-central-1"],
        ["us-gov-west-1", "cn-north-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "us-east-2a", "US-EAST-2"],
    ),
    "AvailabilityZone": (
        ["us-east-2a", "ap-southeast-1c", "us-east-1f"],
        ["us-east-2", "use2-az1", "us-east-2A", "us-east-2g", "us-east-2z"],
    ),
    "Zone": (
        ["us-east-2a", "us-west-2-lax-1a", "us-east-1-wl1-bos-wlz-1", "ap-southeast-2-per-1a"],
        ["us-east-2", "use2-az1", "usw2-lax1-az1", "us-east-2A", "us-east-2-", "us-east-2ab", "us-central1-b"],
    ),
    "PolicyArn": (
        ["arn:aws:iam::aws:policy/service-role/X", "arn:aws:iam::111122223333:policy/path/a+=,.@-_b"],
        ["arn:aws:iam::111122223333:role/a", "arn:aws:iam::1:policy/a", "arn:aws-cn:iam::aws:policy/X", "X", 1],
    ),
    "SecretArn": (
        [f"arn:aws:secretsmanager:us-east-2:111122223333:secret:{name}" for name in ("a-AbCdEf", "team/a", "team/*")],
        ["arn:aws:ssm:us-east-2:111122223333:parameter/a", "arn:aws:secretsmanager:us-east-2:1:secret:a", "registry"],
    ),
    "RoleArn": (
        ["arn:aws:iam::111122223333:role/a", "arn:aws:iam::111122223333:role/team:ml/a+=,.@-_b"],
        [
            "arn:aws:iam::111122223333:user/a",
            "arn:aws:iam::1:role/a",
            "arn:aws-cn:iam::111122223333:role/a",
            "a",
            "arn:aws:iam::111122223333:role/a:b",
        ],
    ),
    "InstanceProfileArn": (
        ["arn:aws:iam::111122223333:instance-profile/a"],
        ["arn:aws:iam::111122223333:role/a", "a"],
    ),
    "KmsKeyArn": (
        ["arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab", "arn:aws:kms:us-east-2:111122223333:key/mrk-1"],
        ["arn:aws:kms:us-east-2:111122223333:alias/a", "1234abcd-12ab", "arn:aws:kms::111122223333:key/a"],
    ),
    "BucketName": (
        ["abc", "acme-anyscale-prod", "a.b.c", "1a2", "a" * 63],
        [
            *("ab", "a" * 64, "Acme", "acme_b", "acme b", "-acme", "acme-", "a..b", "192.168.5.4", "s3://acme"),
            *("xn--acme", "sthree-a", "amzn-s3-demo-a"),
            *("acme-s3alias", "acme--ol-s3", "acme.mrap", "acme--x-s3", "acme--table-s3"),
        ],
    ),
    "ExistingBucketName": (
        ["abc", "acme.com", "Acme_Legacy", "sthree-acme", "1.2.3.4", "a" * 255],
        ["ab", "a" * 256, "s3://acme", "a b", "acme-s3alias", "acme--use2-az1--x-s3", "arn:aws:s3:::acme"],
    ),
    "VpcId": (["vpc-0123456789abcdef0", "vpc-12345678"], ["vpc-1", "vpc-0123456789abcdefg", "subnet-12345678"]),
    "SubnetId": (["subnet-0123456789abcdef0"], ["subnet-", "vpc-12345678", "subnet-0123456789ABCDEF0"]),
    "SecurityGroupId": (["sg-0123456789abcdef0"], ["sg-1", "vpc-12345678"]),
    "RouteTableId": (["rtb-0123456789abcdef0", "rtb-12345678"], ["rtb-1", "vpc-12345678", "rtb-0123456789ABCDEF0"]),
    "EfsId": (["fs-0123456789abcdef0", "fs-12345678"], ["fs-1", "fsap-12345678", "fs-0123456789ABCDEF0"]),
    "MemoryDbName": (["a", "acme-services", "a" * 40], ["", "1a", "a-", "a--b", "Acme", "a" * 41, "a_b"]),
}


FIELD_TYPES = vars(types) | vars(aws_types)


def adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(FIELD_TYPES[name])


def test_every_field_type_is_in_the_table() -> None:
    annotated = {name: value for name, value in FIELD_TYPES.items() if hasattr(value, "__metadata__")}
    assert {name for name, value in annotated.items() if isinstance(value.__metadata__[0], Checked)} == set(LITERALS)


@pytest.mark.parametrize(("name", "literal"), [(name, good) for name, (all_, _) in LITERALS.items() for good in all_])
def test_literal_is_accepted(name: str, literal: str) -> None:
    assert adapter(name).validate_python(literal) == literal


@pytest.mark.parametrize(("name", "literal"), [(name, bad) for name, (_, all_) in LITERALS.items() for bad in all_])
def test_fails_on_a_literal_that_is_not_allowed(name: str, literal: object) -> None:
    with pytest.raises(ValidationError) as error:
        adapter(name).validate_python(literal)
    text = "" if isinstance(literal, str) else "a string: "
    assert (
        error.value.errors()[0]["msg"]
        == f"must be {text}{types.checked(FIELD_TYPES[name]).says}, such as {types.checked(FIELD_TYPES[name]).example}"
    )


@pytest.mark.parametrize(
    ("kind", "text", "accepted"),
    [
        (SessionName, "größe", False),
        (aws_types.RoleArn, "arn:aws:iam::٣11122223333:role/anyscale", False),
        (aws_types.AvailabilityZone, "us-east-٢a", False),
        (LabelValue, "größe", True),
        (ResourceGroupName, "größe", True),
    ],
)
def test_characters_outside_ascii_are_accepted_only_where_providers_accept_them(
    kind: Any, text: str, accepted: bool
) -> None:
    assert types.checked(kind).fits(text) == accepted


@pytest.mark.parametrize("name", LITERALS)
def test_unresolved_values_pass_unchanged(name: str) -> None:
    reference = expr("module.vpc.vpc_id", "string")
    for value in (reference, f"{reference}", f"a-{reference}", Token.as_string({"Ref": "x"})):
        assert adapter(name).validate_python(value) is value


@pytest.mark.parametrize("name", LITERALS)
def test_json_schema_agrees_with_the_check(name: str) -> None:
    schema = adapter(name).json_schema()
    assert schema["type"] == "string"
    assert schema["description"] == f"{types.checked(FIELD_TYPES[name]).says}."
    adapter(name).validate_python(*schema["examples"])
    accepted, refused = LITERALS[name]
    if "pattern" in schema:
        assert all(re.search(schema["pattern"], text) for text in accepted)
        # Python's $ also matches before a newline at the end, JavaScript's does not.
        texts = (text for text in refused if isinstance(text, str) and not text.endswith("\n"))
        assert not any(re.search(schema["pattern"], text) for text in texts)


Strings: TypeAlias = TfList[TfString]
Numbers: TypeAlias = TfList[TfList[TfNumber]]
StringMap: TypeAlias = TfMap[TfString]
Object = Annotated[dict[str, str] | Expr, Terraform("object")]

# Terraform's type -> (accepted, refused)
INPUTS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "string": (TfString, ["a", "", "${aws:x}"], [1, True, ["a"], {"a": "b"}]),
    "number": (TfNumber, [1, 0.5, -3], ["1", True, [1]]),
    "bool": (TfBool, [True, False], ["true", 1, 0]),
    "list": (Strings, [[], ["a"], ("a", "b")], ["a", [1], {"a": "b"}, {"a"}, [["a"]]]),
    "list of lists": (Numbers, [[[1], []]], [[1], [["a"]]]),
    "map": (StringMap, [{}, {"a": "b"}], [["a"], {"a": 1}, {1: "a"}, "a"]),
    "object": (Object, [{"a": "b"}], ["a", {"a": 1}]),
    "any": (TfAny, [1, "a", None, [{"a": [True]}]], []),
}


def strict(type_: Any) -> TypeAdapter[Any]:
    """Checks a value like the wrappers' inputs."""
    return TypeAdapter(type_, config=ConfigDict(strict=True))


@pytest.mark.parametrize(("name", "value"), [(name, good) for name, (_, all_, _) in INPUTS.items() for good in all_])
def test_input_is_accepted(name: str, value: object) -> None:
    strict(INPUTS[name][0]).validate_python(value)


@pytest.mark.parametrize(("name", "value"), [(name, bad) for name, (_, _, all_) in INPUTS.items() for bad in all_])
def test_fails_on_an_input_of_another_type(name: str, value: object) -> None:
    with pytest.raises(ValidationError):
        strict(INPUTS[name][0]).validate_python(value)


# Terraform converts scalars into each other, and so the elements of collections.
CONVERTED = {
    "string": {"string", "number", "bool", "any"},
    "number": {"string", "number", "bool", "any"},
    "bool": {"string", "number", "bool", "any"},
    "list": {"list(string)", "set(string)", "tuple([string])", "any"},
    "map": {"map(string)", "object({a = string})", "any"},
    "object": {"map(string)", "object({a = string})", "any"},
    "any": {"string", "list(string)", "map(string)", "any"},
}
TYPES = sorted(set().union(*CONVERTED.values()))


@pytest.mark.parametrize(("name", "type_"), [(name, type_) for name in CONVERTED for type_ in TYPES])
def test_expressions_fit_when_terraform_converts_them(name: str, type_: str) -> None:
    inputs, value = strict(INPUTS[name][0]), expr("module.x.y", type_)
    if type_ in CONVERTED[name] or name == "any":
        assert inputs.validate_python(value) is value
    else:
        with pytest.raises(ValidationError) as error:
            inputs.validate_python(value)
        assert error.value.errors()[0]["msg"] == (
            f"must be a Terraform {name}, but the expression module.x.y is a {type_}"
        )


@pytest.mark.parametrize("name", INPUTS)
def test_tokens_fit_everywhere(name: str) -> None:
    token = Token.as_string({"Ref": "x"})
    assert strict(INPUTS[name][0]).validate_python(token) is token


def test_expressions_fit_as_elements() -> None:
    value = [expr("var.x"), "a", f"{expr('var.y')}"]
    assert strict(Strings).validate_python(value) == value
    with pytest.raises(ValidationError, match="must be a Terraform string, but the expression"):
        strict(Strings).validate_python([expr("var.x", "list(string)")])


def test_objects_take_an_expression_whole() -> None:
    value = expr("var.x", "object({a = string})")
    assert strict(INPUTS["object"][0]).validate_python(value) is value


class Fields(Model):
    a_bool: OrExpr[bool | None] = None
    a_number: OrExpr[int] = 1
    a_string: OrExpr[Literal["a", "b"]] = "a"
    a_list: OrExpr[Annotated[list[str], AfterValidator(sorted)] | None] = None
    a_map: OrExpr[dict[str, str]] = Field(default_factory=dict)


@pytest.mark.parametrize(("name", "type_"), [(name, type_) for name in Fields.model_fields for type_ in TYPES])
def test_fields_take_expressions_when_terraform_converts_them(name: str, type_: str) -> None:
    value, wanted = expr("var.x", type_), name.removeprefix("a_")
    if type_ in CONVERTED[wanted]:
        fields = Fields.model_validate({name: value})
        assert getattr(fields, name) is value
        assert fields.model_dump()[name] is value
        assert json.loads(fields.model_dump_json())[name] == str.__str__(value)
    else:
        with pytest.raises(ValidationError, match=f"must be a Terraform {wanted}, but the expression var.x is a "):
            Fields.model_validate({name: value})
