"""Azure's field types for existing resources: what each accepts and rejects."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from anyscale_constructs.azure import types
from anyscale_constructs.azure.vnet import ExistingVnet
from anyscale_constructs.expressions import expr

UUID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
SUBNET = (
    f"/subscriptions/{UUID}/resourceGroups/Acme-Network/providers/Microsoft.Network/virtualNetworks/Shared/subnets/n.1"
)

LITERALS: dict[str, tuple[list[str], list[Any]]] = {
    **dict.fromkeys(
        ("TenantId", "ClientId", "SubscriptionId", "PrincipalId"),
        ([UUID, UUID.upper()], ["acme.onmicrosoft.com", UUID[:-1], f"{UUID}\n", f"/subscriptions/{UUID}", 1]),
    ),
    "SubnetId": ([SUBNET], [SUBNET.rpartition("/subnets/")[0], f"{SUBNET}/", SUBNET[1:], UUID, "nodes", 1]),
    "ContainerName": (["anyscale"], ["$web", "Anyscale", "a--b", "-ab", "ab"]),
    "ExistingContainerName": (["anyscale", "$web", "$root"], ["$other", "Anyscale", "ab", "a" * 64]),
}


@pytest.mark.parametrize(("name", "literal"), [(name, good) for name, (all_, _) in LITERALS.items() for good in all_])
def test_literal_is_accepted(name: str, literal: str) -> None:
    assert TypeAdapter(vars(types)[name]).validate_python(literal) == literal


@pytest.mark.parametrize(("name", "literal"), [(name, bad) for name, (_, all_) in LITERALS.items() for bad in all_])
def test_fails_on_a_literal_that_is_not_allowed(name: str, literal: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(vars(types)[name]).validate_python(literal)


@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_a_subnet_id_is_passed_in_the_providers_case(change: Any) -> None:
    given = change(SUBNET)
    names = [given.split("/")[index] for index in (2, 4, 8, 10)]
    written = "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/virtualNetworks/{}/subnets/{}"
    assert ExistingVnet(subnet_id=given).subnet_id == written.format(*names)


def test_an_unresolved_subnet_id_passes_unchanged() -> None:
    reference = expr("module.network.subnet_id", "string")
    assert ExistingVnet(subnet_id=reference).subnet_id is reference
