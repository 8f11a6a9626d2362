"""The storage account's name."""

import re

import pytest

from anyscale_constructs.azure import unique_account_name
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import expr

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
ANOTHER = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"


def test_the_accounts_name_is_unique_short_and_always_the_same() -> None:
    name = unique_account_name("Machine-Learning_Platform", SUBSCRIPTION)
    assert name == unique_account_name("Machine-Learning_Platform", SUBSCRIPTION)
    assert re.fullmatch(r"machinelearningp[0-9a-f]{8}", name)
    assert name != unique_account_name("Machine-Learning_Platform", ANOTHER)
    assert name != unique_account_name("machinelearningplatform", SUBSCRIPTION)


def test_fails_on_an_account_name_derived_from_an_unresolved_value() -> None:
    with pytest.raises(InputError, match=r"^subscription_id: .* Fix: set bucket\.name"):
        unique_account_name("ml", expr("var.subscription", "string"))
