"""The values of Helm releases, against the keys that the charts have."""

import json
import pathlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from anyscale_constructs.kubernetes.charts import OPERATOR
from tests import ROOT
from tests.examples import FOLDER, KUBERNETES, released, synthesized

# The chart's values.yaml at that version: keys with a value, and mappings that take keys of the user's own.
RECORDED = json.loads((pathlib.Path(__file__).parent / "charts" / "anyscale-operator.json").read_text())
OURS = ROOT / "anyscale_constructs" / "kubernetes"


def paths(values: Mapping[str, Any], at: str = "") -> Iterator[str]:
    for key, value in values.items():
        path = f"{at}{key}"
        if isinstance(value, Mapping) and value and path not in RECORDED["mappings"]:
            yield from paths(value, f"{path}.")
        else:
            yield path


def test_the_recorded_chart_is_the_one_that_is_released() -> None:
    assert (RECORDED["chart"], RECORDED["version"]) == (OPERATOR.chart, OPERATOR.version)


@pytest.mark.parametrize("example", KUBERNETES, ids=lambda file: file.stem)
def test_the_operators_values_are_ones_that_the_chart_has(example: pathlib.Path, tmp_path: pathlib.Path) -> None:
    values = released(example, "anyscale-operator", tmp_path)
    assert not set(paths(values)) - {*RECORDED["keys"], *RECORDED["mappings"]}
    by_terraform = "registration: terraform" in example.read_text()
    source = (
        "data.terraform_remote_state.cloud.outputs.anyscale_cloud_resource_id"
        if by_terraform
        else "var.cloud_resource_id"
    )
    assert values["global"]["cloudDeploymentId"] == f"${{{source}}}"


def test_check_bites() -> None:
    assert list(paths({"networking": {"gatway": {"name": "a"}}})) == ["networking.gatway.name"]
    assert "networking.gatway.name" not in RECORDED["keys"]
    assert list(paths({"operator": {"labels": {"a": "b"}}})) == ["operator.labels"]


def used(chart: str) -> set[str]:
    """What the templates of a chart of ours use, which is what its values.yaml has."""
    found = set(re.findall(r"\.Values\.(\w+)", "".join(file.read_text() for file in (OURS / chart).rglob("*.yaml"))))
    assert found == set(yaml.safe_load((OURS / chart / "values.yaml").read_text()))
    return found


def test_our_own_charts_values_are_those_that_they_use(tmp_path: pathlib.Path) -> None:
    generic = FOLDER / "generic.yaml"
    assert used("gateway") == set(released(generic, "anyscale-gateway", tmp_path))
    configuration, _ = synthesized(generic, tmp_path)[-1]
    token = configuration["resource"]["helm_release"]["anyscale-operator-token"]
    assert used("token") == {value["name"] for value in token["set_wo"]}
