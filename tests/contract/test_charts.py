"""The values of Helm releases, against the keys that the charts have."""

import json
import os
import pathlib
import re
from collections.abc import Iterator

import pytest
import yaml

from anyscale_constructs.codegen import git
from anyscale_constructs.kubernetes.charts import OPERATOR
from tests import ROOT
from tests.contract import charts
from tests.e2e.clones import find_clone
from tests.examples import FOLDER, KUBERNETES, SYNTHESIZED, released
from tests.missing import MissingPieceError, reachable

RECORDED = json.loads(charts.FILE.read_text())
OURS = ROOT / "anyscale_constructs" / "kubernetes"


@pytest.fixture(scope="session")
def clone() -> Iterator[pathlib.Path]:
    """The repository of the operator's chart: in ANYSCALE_MODULES_DIR, or from GitHub."""
    named = os.environ.get("ANYSCALE_MODULES_DIR")
    if named:
        if (found := find_clone(pathlib.Path(named), charts.REPOSITORY)) is None:
            raise MissingPieceError(f"a clone of {charts.REPOSITORY}", [named], "clone it there, or name no folder")
        yield found
    elif reachable("github.com"):
        with git.clone(charts.REPOSITORY) as cloned:
            yield cloned
    else:
        raise MissingPieceError(
            f"a clone of {charts.REPOSITORY}",
            ["https://github.com"],
            "name a folder of clones in ANYSCALE_MODULES_DIR",
            remote=True,
        )


def test_the_recorded_chart_is_the_released_one() -> None:
    assert (RECORDED["chart"], RECORDED["version"]) == (OPERATOR.chart, OPERATOR.version)


def test_the_recorded_keys_are_those_of_the_chart(clone: pathlib.Path) -> None:
    made = charts.recorded(charts.chart(clone, RECORDED["version"]))
    assert made == RECORDED, f"record them again: python -m tests.contract.charts {clone}"


def test_the_recorded_keys_are_all_that_the_templates_read(clone: pathlib.Path) -> None:
    known = set(charts.paths(RECORDED["values"]))
    read = charts.templates(charts.chart(clone, RECORDED["version"]))
    assert read <= known
    # No key is recorded that the chart does not read.
    assert {path for path in charts.READ if not re.search(r"\.(?:aws|azure|gcp|karpenter|generic)\b", path)} <= read


def test_every_key_of_charts_before_1_0_has_a_new_place(clone: pathlib.Path) -> None:
    known, moved = set(charts.paths(RECORDED["values"])), RECORDED["moved"]
    old = [version for version in charts.versions(clone) if version.startswith("0.")]
    assert len(old) > 20
    for version in old:
        defaults = charts.values(charts.chart(clone, version))
        assert {key for key in defaults if key not in known} <= {path.partition(".")[0] for path in moved}
    last = charts.values(charts.chart(clone, old[-1]))
    for path, new in moved.items():
        assert new in known
        inner = last
        for key in path.split("."):
            inner = inner[key]


@pytest.mark.parametrize("example", KUBERNETES, ids=lambda file: file.stem)
def test_the_operator_has_the_settings_of_its_cloud(example: pathlib.Path) -> None:
    values = released(example, "anyscale-operator")
    by_terraform = "registration: terraform" in example.read_text()
    source = (
        "data.terraform_remote_state.cloud.outputs.anyscale_cloud_resource_id"
        if by_terraform
        else "var.cloud_resource_id"
    )
    assert values["global"]["cloudDeploymentId"] == f"${{{source}}}"


def used(chart: str) -> set[str]:
    """Returns the values that the templates of a chart of this library use, which must be those in its values.yaml."""
    found = set(re.findall(r"\.Values\.(\w+)", "".join(file.read_text() for file in (OURS / chart).rglob("*.yaml"))))
    assert found == set(yaml.safe_load((OURS / chart / "values.yaml").read_text()))
    return found


def test_this_librarys_charts_declare_exactly_the_values_that_they_use() -> None:
    assert used("gateway") == set(released(FOLDER / "generic.yaml", "anyscale-gateway"))
    assert used("service-accounts") == set(released(FOLDER / "generic.yaml", "anyscale-service-accounts"))
    token = SYNTHESIZED["generic"].stacks[-1].resources["helm_release.anyscale-operator-token"]
    assert used("token") == {value["name"] for value in token["set_wo"]}
