"""Assertions, and what they say."""

import doctest
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from anyscale_constructs import CloudStack, Data, Resource, engine, testing
from anyscale_constructs.engine import TerraformHclModule
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.testing import (
    ANY,
    Capture,
    SynthesizedStack,
    assert_module,
    assert_no_findings,
    assert_output,
    assert_resource,
    partial,
    synthesize,
)

NOTE = Rule("test-note", "note", "For the test.")
WARNING = Rule("test-warning", "warning", "For the test.")


@pytest.fixture(scope="module")
def roles() -> SynthesizedStack:
    stack = CloudStack(engine.Testing.app(), "roles")
    Data(stack, "aws_region", "current", {})
    for number, name in enumerate(["reader", "writer", "owner", "guest"]):
        Resource(stack, "aws_iam_role", name, {"name": name, "tags": {"Number": number}})
    TerraformHclModule(stack, "raw", source="git::https://example.com/raw.git", variables={"size": 3})
    stack.report(Finding("nobody may write", "add a role", rule=WARNING))
    stack.report(Finding("there is one region", rule=NOTE))
    return synthesize(stack)


@pytest.mark.node
@pytest.mark.parametrize("name", ["Capture", "partial", "synthesize", *[n for n in testing.__all__ if "assert_" in n]])
def test_the_examples_of_docstrings_run(name: str, prod: SynthesizedStack) -> None:
    names = {each: getattr(testing, each) for each in testing.__all__}
    text = re.sub(r"(?m)^    ", "", getattr(testing, name).__doc__).replace("cdktf", engine.name)
    names |= {"prod": prod, "json": json, "CloudStack": CloudStack}
    example = doctest.DocTestParser().get_doctest(text, names, name, None, None)
    assert example.examples
    said: list[str] = []
    doctest.DocTestRunner().run(example, out=said.append)
    assert "".join(said) == ""


def test_assertions_pass_on_existing_elements(roles: SynthesizedStack, prod: SynthesizedStack) -> None:
    name = Capture()
    assert_resource(roles, "aws_iam_role")
    assert_resource(roles, "aws_iam_role", name=name, tags={"Number": 2})
    assert name.values == ["owner"]
    assert_resource(roles, "aws_iam_role.writer", name="writer")
    assert_resource(roles, "data.aws_region")
    assert_resource(roles, "data.aws_region.current")
    assert_module(roles, "raw", size=3)
    assert_module(prod, "vpc", cidr_block="10.0.0.0/19", tags=partial({"team": "ml"}))
    assert_output(prod, "anyscale_cloud_name")
    assert_output(prod, "anyscale_cloud_resource", partial({"provider": "AWS", "object_storage": ANY}))
    assert_no_findings(prod)


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (lambda prod, _: assert_module(prod, "vpc", tags=partial({"team": "ml", "Env": "x"})), """\
module.vpc of prod is not as expected
  tags.Env: is not set; expected "x\""""),
        (lambda prod, _: assert_module(prod, "vpc", cidr_blok=1, enable_ipv6=True, public_subnets="x"), """\
module.vpc of prod is not as expected
  unknown input 'cidr_blok': did you mean 'cidr_block'\\?
  unknown input 'enable_ipv6': the closest matches are .*
  public_subnets: got .*; expected "x\""""),
        (lambda prod, _: assert_module(prod, "vpc", enable_vpc_dns_support=True, private_subnet_suffix="x"), """\
module.vpc of prod is not as expected
  enable_vpc_dns_support: is not set; upstream's default is true
  private_subnet_suffix: is not set; upstream's default is .*"""),
        (lambda _, roles: assert_module(roles, "raw", sice=3), """\
module.raw of roles is not as expected
  sice: is not set; expected 3; did you mean 'size'\\?"""),
        (lambda _, roles: assert_module(roles, "vpc"), "roles: unknown module 'vpc': expected raw"),
        (lambda _, roles: assert_resource(roles, "aws_iam_role", name="x", tags={"Number": 0}), """\
no aws_iam_role of roles is as expected; the closest first
  aws_iam_role.reader:
    name: got "reader"; expected "x"
  aws_iam_role.guest:
    name: got "guest"; expected "x"
    tags.Number: got 3; expected 0
  aws_iam_role.owner:
    name: .*
    tags.Number: .*
  and 1 more: aws_iam_role.writer"""),
        (lambda _, roles: assert_resource(roles, "aws_iam_roles"), """\
roles: unknown resource 'aws_iam_roles': did you mean 'aws_iam_role'\\?; resources in modules are not .*"""),
        (lambda _, roles: assert_resource(roles, "aws_iam_role.readers"), """\
roles: unknown resource 'aws_iam_role.readers': did you mean 'aws_iam_role.reader'\\?; .*"""),
        (lambda _, roles: assert_resource(roles, "data.aws_regions"), """\
roles: unknown resource 'data.aws_regions': did you mean 'data.aws_region'\\?; .*"""),
        (lambda prod, _: assert_output(prod, "anyscale_cloud_nam", "x"), """\
prod: unknown output 'anyscale_cloud_nam': did you mean 'anyscale_cloud_name'\\?"""),
        (lambda prod, _: assert_output(prod, "anyscale_cloud_name", "x"), """\
the output anyscale_cloud_name of prod is not as expected
  anyscale_cloud_name: got "prod"; expected "x\""""),
        (lambda _, roles: assert_no_findings(roles), """\
roles has 1 finding. Fix: correct the cloud, or accept the findings with allow
  warning\\[test-warning\\]: roles: nobody may write
    Fix: add a role"""),
        (lambda _, roles: assert_no_findings(roles, severity="note"), """\
roles has 2 findings.*
  warning\\[.*
    Fix: .*
  note\\[test-note\\]: roles: there is one region"""),
    ],
)  # fmt: skip
def test_a_failure_lists_the_differences(
    check: Callable[[Any, Any], None], said: str, prod: SynthesizedStack, roles: SynthesizedStack
) -> None:
    with pytest.raises(AssertionError) as failure:
        check(prod, roles)
    assert re.fullmatch(said, str(failure.value)), str(failure.value)
