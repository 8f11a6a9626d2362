"""Kinds of values, ways of use, places: each case produces its Terraform, or an error with its place and the reason."""

import json
from collections import Counter
from typing import Any

import pytest

from anyscale_constructs import words
from tests.contract.product import expected
from tests.contract.product.cases import CASES, EVALUATED, Case, Product, element
from tests.contract.product.expected import ACCEPTED, WAYS, Refused
from tests.contract.product.places import PLACES


@pytest.fixture(scope="module")
def product(terraform: str, tmp_path_factory: pytest.TempPathFactory) -> Product:
    return Product(tmp_path_factory.mktemp("product"), terraform)


def test_most_cases_have_an_outcome() -> None:
    """Only Python or Terraform can decide the others; `expected.py` lists them."""
    found = Counter(case.outcome if isinstance(case.outcome, str) else "refused" for case in CASES)
    assert found[ACCEPTED] + found["refused"] > 0.8 * len(CASES)
    assert {case.outcome.when for case in CASES if isinstance(case.outcome, Refused)} == {
        "put",
        "engine",
        "code",
        "left",
    }


@pytest.mark.parametrize("name", PLACES)
def test_accepted_cases_produce_their_code(name: str, product: Product) -> None:
    place = PLACES[name]
    cases = [case for case in CASES if case.place == name and case.outcome == ACCEPTED]
    found = place.read(product.tree, element(name))
    wanted = expected.spelled(place.shape({each.id: expected.text_of(each.way, each.kind, place) for each in cases}))
    assert differences(cases, found, wanted) == {}
    assert found == wanted


@pytest.mark.parametrize("name", EVALUATED)
def test_terraform_evaluates_accepted_cases(name: str, product: Product) -> None:
    place = PLACES[name]
    cases = [case for case in CASES if case.place == name and case.outcome == ACCEPTED]
    values = {case.id: expected.value_of(case.way, case.kind, place) for case in cases}
    found, wanted = product.values[name], place.shape(values)
    if place.text:
        [text], [wanted] = [found, wanted] if isinstance(found, list) else [[found], [wanted]]
        # What an expression stands for is filled into JSON text as it is, without being quoted.
        for made in {values[case.id] for case in cases if "jsonencode" in case.way}:
            text = text.replace(made, json.dumps(made)[1:-1])
        found, wanted = json.loads(text), json.loads(wanted)
    ways = {case.id: case.way for case in cases}
    assert _read_yaml(found, ways) == _read_yaml(wanted, ways)


def _read_yaml(value: Any, ways: dict[str, str]) -> Any:
    match value:
        case dict():
            return {key: expected.comparable(ways.get(key, ""), _read_yaml(v, ways)) for key, v in value.items()}
        case list():
            return [_read_yaml(each, ways) for each in value]
    return value


@pytest.mark.parametrize("way", WAYS)
def test_refused_cases_report_place_and_reason(way: str, product: Product) -> None:
    cases = [case for case in CASES if case.way == way and isinstance(case.outcome, Refused)]
    silent = [case for case in cases if case.outcome.says not in product.refusals.get(case, "")]  # type: ignore[union-attr] # selected above
    assert silent == []
    for case in cases:
        said = product.refusals[case]
        assert words.PREFIX not in said
        if "engine" not in str(case.outcome):
            assert "Fix: " in said


def differences(cases: list[Case], found: Any, wanted: Any) -> dict[Case, Any]:
    """Returns the cases with another code than expected, with that code."""
    if not isinstance(wanted, dict) or not isinstance(found, dict):
        return {}
    return {case: found.get(case.id) for case in cases if found.get(case.id) != wanted.get(case.id)}
