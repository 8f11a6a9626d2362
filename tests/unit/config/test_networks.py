"""The ranges that are the whole internet, and the warning about what is open to it."""

import pytest

from anyscale_constructs.config import networks
from anyscale_constructs.expressions import expr

OFFICE = "8.8.4.0/24"
LATER = expr("var.later", "string")
ALL_OF_16 = [f"{first}.0.0.0/8" for first in range(16, 32)]


@pytest.mark.parametrize(
    ("cidrs", "found"),
    [
        (["0.0.0.0/0"], ["0.0.0.0/0"]),
        (["0.0.0.0/1", OFFICE, "128.0.0.0/1"], ["0.0.0.0/1", "128.0.0.0/1"]),
        (["128.0.0.0/1"], ["128.0.0.0/1"]),
        (["0.0.0.1/0"], ["0.0.0.0/0"]),
        (["16.0.0.0/7"], ["16.0.0.0/7"]),
        (["17.0.0.0/8", "19.0.0.0/8"], ["17.0.0.0/8", "19.0.0.0/8"]),
        (ALL_OF_16, ALL_OF_16),
        (["::/0"], ["::/0"]),
        (["8000::/1", "::/1"], ["8000::/1", "::/1"]),
        (["2000::/3", OFFICE], ["2000::/3"]),
        (["2600::/16", "2a00::/16"], ["2600::/16", "2a00::/16"]),
        ([LATER, "0.0.0.0/1", f"{LATER}"], ["0.0.0.0/1"]),
    ],
)
def test_ranges_that_cover_most_of_the_internet(cidrs: list[str], found: list[str]) -> None:
    assert networks.nearly_everybody(cidrs) == found


@pytest.mark.parametrize(
    "cidrs",
    [
        [],
        [OFFICE, "17.0.0.0/8"],
        ["17.0.0.0/8", "17.0.0.0/9", "17.128.0.0/9"],
        ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "17.0.0.0/8"],
        ["fc00::/7", "2600::/16"],
        [LATER, f"{LATER}"],
        ["everybody", ""],
    ],
)
def test_ranges_of_organizations_and_private_networks(cidrs: list[str]) -> None:
    assert networks.nearly_everybody(cidrs) == []


def test_one_warning_lists_everything_that_is_open() -> None:
    opened = [
        ("rules", "tcp 443", [OFFICE, "17.0.0.0/8"]),
        ("rules", "tcp 22", ["::/0"]),
        ("rules", "tcp 443", ["19.0.0.0/8"]),
        ("rules", "tcp 80", [OFFICE]),
        ("pool", "all ports", ["0.0.0.0/1", "::/0"]),
    ]
    found = networks.exposure(opened)
    assert found
    assert found.severity == "warning"
    assert str(found) == (
        "rules opens tcp 443, tcp 22 and pool opens all ports to the whole internet, or a large part of it; got "
        f"['{OFFICE}', '17.0.0.0/8', '19.0.0.0/8', '::/0', '0.0.0.0/1']. "
        "Fix: set the ranges that your users connect from"
    )
    assert networks.exposure([("rules", "tcp 443", [OFFICE])]) is None
