"""depends_on of a module with data sources: an error if it replaces resources, else a note."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import anyscale_constructs.aws as aws_constructs
import anyscale_constructs.google as google_constructs
from anyscale_constructs.aws import Efs, Eks, ExistingVpc, Iam, SecurityGroups, Vpc
from anyscale_constructs.errors import InputError, SynthesisError
from anyscale_constructs.google import Gke
from anyscale_constructs.modules.aws import S3Module, VpcModule
from anyscale_constructs.terraform.interface import Interface
from anyscale_constructs.terraform.module import Module
from anyscale_constructs.terraform.resource import Resource
from anyscale_constructs.terraform.stack import CloudStack
from anyscale_constructs.testing import Clouds, SynthesizedCloud
from tests.unit.google.parts import NETWORK, PROJECT
from tests.unit.terraform.parts import notes

MODULES = [
    each
    for package in (aws_constructs, google_constructs)
    for _, each in inspect.getmembers(package, inspect.isclass)
    if issubclass(each, Module)
]
EXISTING = ExistingVpc(
    vpc_id="vpc-12345678",
    subnet_ids_to_az={"subnet-12345678": "us-east-2a", "subnet-12345679": "us-east-2b"},
)
REFUSAL = (
    "module.vpc: depends_on makes Terraform read data.aws_availability_zones.default, "
    "data.aws_iam_policy_document.flow_log_cloudwatch_assume_role, "
    "data.aws_iam_policy_document.vpc_flow_log_cloudwatch, data.aws_vpc_endpoint.gateway_endpoint, "
    "data.aws_vpc_endpoint_service.gateway_endpoints during apply whenever a dependency changes, "
    "and replace subnets, route table associations and the S3 endpoint. Fix: remove depends_on, and pass an attribute "
    "of the dependency to an input, such as a tag: references order single resources instead of whole modules"
)


def role(stack: CloudStack) -> Resource:
    return Resource(stack, "aws_iam_role", "network", {"name": "network"})


@pytest.mark.parametrize("zones", [None, ["us-east-2a", "us-east-2b"]])
@pytest.mark.parametrize("mode", ["PUBLIC", "PRIVATE"])
def test_a_vpc_rejects_depends_on(zones: list[str] | None, mode: str, stack: CloudStack) -> None:
    with pytest.raises(InputError) as error:
        Vpc(stack, depends_on=[role(stack)], networking_mode=mode, availability_zones=zones)  # type: ignore[arg-type]
    assert str(error.value) == REFUSAL


def cluster(stack: CloudStack, **more: Any) -> Eks:
    return Eks(stack, vpc=EXISTING, name="acme", kubernetes_version="1.33", **more)


MAKE: dict[type[Module], Callable[..., Module]] = {Vpc: Vpc, Eks: cluster}
TARGETS = ["aws_iam_role.network"]
WAYS: dict[str, Callable[[CloudStack, Module], None]] = {
    "its override": lambda _, module: module.add_override("depends_on", TARGETS),
    "the stack's override": lambda stack, module: stack.add_override(f"{module.address}.depends_on", TARGETS),
    "the engine's property": lambda _, module: setattr(module, "depends_on", TARGETS),
}


def refusal(construct: type[Module]) -> str:
    read = ", ".join(Interface.load(construct.interface_name).data_sources)
    return (
        f"module.{construct.interface_name.partition('/')[2]}: depends_on makes Terraform read {read} during apply "
        f"whenever a dependency changes, and replace {construct.replaced_by_waiting}. Fix: "
        "remove depends_on, and pass an attribute of the dependency to an input, such as a tag: references "
        "order single resources instead of whole modules"
    )


def test_these_constructs_reject_depends_on() -> None:
    assert {each for each in MODULES if each.replaced_by_waiting} == MAKE.keys()
    assert refusal(Vpc) == REFUSAL


@pytest.mark.parametrize("construct", MAKE)
def test_constructs_with_resources_replaced_by_waiting_reject_depends_on(
    construct: type[Module], stack: CloudStack
) -> None:
    with pytest.raises(InputError) as error:
        MAKE[construct](stack, depends_on=[role(stack)])
    assert str(error.value) == refusal(construct)


@pytest.mark.parametrize("wait", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("construct", MAKE)
def test_depends_on_is_rejected_however_it_is_set(
    wait: Callable[[CloudStack, Module], None], construct: type[Module], stack: CloudStack
) -> None:
    role(stack)
    wait(stack, MAKE[construct](stack))
    with pytest.raises(SynthesisError) as error:
        stack.to_terraform()
    assert str(error.value) == f"test: {refusal(construct)}"


def test_the_suggested_fix_is_accepted(stack: CloudStack) -> None:
    Vpc(stack, tags={"Role": role(stack).attribute("arn")}, depends_on=[])
    call = stack.to_terraform()["module"]["vpc"]
    assert "depends_on" not in call
    assert call["tags"]["Role"] == "${aws_iam_role.network.arn}"


def test_a_note_names_the_data_sources_that_depends_on_defers(stack: CloudStack) -> None:
    group = SecurityGroups(stack, vpc=EXISTING, ingress_cidr_blocks=["10.0.0.0/8"])
    waiting = Efs(stack, vpc=EXISTING, security_group=group, depends_on=[role(stack)])
    (note,) = [note for note in notes(waiting) if note.startswith("depends_on")]
    assert note == (
        "depends_on makes Terraform read data.aws_iam_policy_document.policy during apply whenever a dependency "
        "changes, and show dependent arguments as (known after apply). Fix: remove depends_on, and pass an attribute "
        "of the dependency to an input, such as a tag: references order single resources instead of whole modules"
    )
    alone = Efs(stack, "alone", vpc=EXISTING, security_group=group)
    assert not [note for note in notes(alone) if note.startswith("depends_on")]
    assert stack.to_terraform()["module"]["efs"]["depends_on"] == ["aws_iam_role.network"]


@pytest.mark.parametrize("construct", [S3Module, VpcModule])
def test_only_modules_with_data_sources_have_the_note(construct: type[S3Module | VpcModule], stack: CloudStack) -> None:
    found = notes(construct(stack, "m", depends_on=[role(stack)]))
    assert bool(found) == bool(Interface.load(construct.interface_name).data_sources)


def test_a_note_names_all_data_sources(stack: CloudStack) -> None:
    iam = Iam(stack, anyscale_external_id="org_1-a", depends_on=[role(stack)])
    (note,) = [note for note in notes(iam) if note.startswith("depends_on")]
    assert [address in note for address in Interface.load("aws/iam").data_sources] == [True] * 8


@pytest.mark.parametrize("zones", [None, ["us-central1-a"]])
def test_gke_defers_no_data_sources(zones: list[str] | None, stack: CloudStack) -> None:
    """With zones in any case: the construct rejects a configuration without them."""
    network = NETWORK.model_copy(update={"pods_range_name": "pods", "services_range_name": "services"})
    gke = Gke(
        stack,
        project=PROJECT,
        vpc=network,
        name="acme",
        region="us-central1",
        zones=zones,
        service_account="operator@acme-ml.iam.gserviceaccount.com",
        node_pools=[{"name": "a"}],
        depends_on=[role(stack)],
    )
    assert not [note for note in notes(gke) if note.startswith("depends_on")]


@pytest.mark.parametrize("construct", MODULES, ids=lambda each: f"{each.__module__}.{each.__name__}")
def test_what_a_construct_settles_is_in_the_catalog(construct: type[Module]) -> None:
    known = Interface.load(construct.interface_name).data_sources
    assert set(construct.settled) <= set(known)
    assert known or not construct.replaced_by_waiting


def waits(stacks: list[CloudStack]) -> Iterator[str]:
    for stack in stacks:
        for module in stack.modules.values():
            if module.depends_on_modules:
                yield from (note for note in notes(module) if note.startswith("depends_on"))


def test_clouds_defer_no_data_sources(cloud: SynthesizedCloud) -> None:
    assert not list(waits([stack.construct for stack in cloud.stacks]))


def test_google_clouds_do_use_depends_on(clouds: Clouds) -> None:
    """Otherwise the test above could not fail."""
    (stack,) = clouds["gce-everything"].stacks
    with_data = [name for name, call in stack.terraform["module"].items() if call.get("depends_on")]
    assert {"vpc", "filestore", "iam", "loggingsink"} <= set(with_data)
