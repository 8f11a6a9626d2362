"""Helm releases."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from anyscale_constructs.core.app import App
from anyscale_constructs.core.stack import CloudStack
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import expr
from anyscale_constructs.kubernetes.charts import AUTOSCALER, OPERATOR, Chart, Release, merge
from anyscale_constructs.kubernetes.config import ReleaseConfig

Synth = Callable[[Callable[[App], CloudStack]], dict[str, Any]]


def released(synth: Synth, chart: Chart, config: ReleaseConfig, values: dict[str, Any]) -> dict[str, Any]:
    def build(app: App) -> CloudStack:
        stack = CloudStack(app, "test")
        Release(stack, chart, config, values)
        return stack

    release: dict[str, Any] = synth(build)["resource"]["helm_release"][chart.release]
    return {name: value for name, value in release.items() if name != "//"}


def test_a_release_is_of_one_version_and_waits(synth: Synth) -> None:
    assert released(synth, AUTOSCALER, ReleaseConfig(), {"name": expr("path.module")}) == {
        "name": "cluster-autoscaler",
        "namespace": "kube-system",
        "create_namespace": True,
        "repository": "https://kubernetes.github.io/autoscaler",
        "chart": "cluster-autoscaler",
        "version": "9.46.0",
        "timeout": 900,
        "atomic": True,
        "values": ['{"name": "${path.module}"}'],
    }


def test_a_chart_can_come_from_a_mirror(synth: Synth) -> None:
    config = ReleaseConfig(repository="oci://registry.example.com/charts")
    assert released(synth, AUTOSCALER, config, {})["repository"] == "oci://registry.example.com/charts"


def test_a_folder_has_no_repository_and_no_version(synth: Synth) -> None:
    release = released(synth, Chart("a", "b", "./assets/c"), ReleaseConfig(), {})
    assert not {"repository", "version"} & set(release)


def test_values_of_the_configuration_win_and_are_text(synth: Synth) -> None:
    config = ReleaseConfig(values={"a": {"b": 2}, "c": "${aws:x}"})
    (text,) = released(synth, AUTOSCALER, config, {"a": {"b": 1, "d": 3}})["values"]
    assert json.loads(text) == {"a": {"b": 2, "d": 3}, "c": "$${aws:x}"}


def test_mappings_merge_and_all_else_is_replaced() -> None:
    assert merge({"a": {"b": [1], "c": 1}, "d": {"e": 1}}, {"a": {"b": [2]}, "d": 4}) == {
        "a": {"b": [2], "c": 1},
        "d": 4,
    }


def test_fails_on_values_that_take_an_accounts_permissions(synth: Synth) -> None:
    """The role is for a service account by its name."""
    ours = {"rbac": {"serviceAccount": {"name": "autoscaler"}}}
    same = ReleaseConfig(values=ours | {"rbac": {"serviceAccount": {"annotations": {"a": "b"}}}})
    released(synth, AUTOSCALER, same, ours)
    for values in ({"rbac": {"serviceAccount": {"name": "other"}}}, {"rbac": {"serviceAccount": None}}):
        with pytest.raises(ConfigError, match=r"change rbac\.serviceAccount\.name, but the account 'autoscaler'"):
            released(synth, AUTOSCALER, ReleaseConfig(values=values), ours)


@pytest.mark.parametrize("path", OPERATOR.secrets)
def test_fails_on_secrets(path: str, synth: Synth) -> None:
    inner: Any = "hunter2"
    for key in reversed(path.split(".")):
        inner = {key: inner}
    with pytest.raises(ConfigError, match=f"hold a secret, {re.escape(path)}, which would stand") as error:
        released(synth, OPERATOR, ReleaseConfig(values=inner), {})
    assert "hunter2" not in str(error.value)


def test_fails_on_secrets_in_lists_and_on_those_that_terraform_knows(synth: Synth) -> None:
    pull: dict[str, Any] = {"workloads": {"imagePullSecrets": [{"name": "a"}, {"name": "b", "data": {"c": "d"}}]}}
    for values in (pull, {"global": {"auth": {"anyscaleCliToken": expr("var.token", "string")}}}):
        with pytest.raises(ConfigError, match="hold a secret"):
            released(synth, OPERATOR, ReleaseConfig(values=values), {})
    released(synth, OPERATOR, ReleaseConfig(values={"workloads": {"imagePullSecrets": [{"name": "a"}]}}), {})
