"""Helm releases."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import expr
from anyscale_constructs.findings import is_secret
from anyscale_constructs.kubernetes import charts
from anyscale_constructs.kubernetes.charts import (
    AUTOSCALER,
    LOAD_BALANCER_CONTROLLER,
    OPERATOR,
    Chart,
    Release,
    merged_values,
    secrets,
)
from anyscale_constructs.kubernetes.config import ReleaseConfig
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.stack import CloudStack
from tests.examples import KUBERNETES, SYNTHESIZED
from tests.unit.terraform.parts import warnings

Synth = Callable[[Callable[[App], CloudStack]], dict[str, Any]]


def released(synth: Synth, chart: Chart, config: ReleaseConfig, values: dict[str, Any]) -> dict[str, Any]:
    def build(app: App) -> CloudStack:
        stack = CloudStack(app, "test")
        Release(stack, chart, config, values)
        return stack

    release: dict[str, Any] = synth(build)["resource"]["helm_release"][chart.release]
    return {name: value for name, value in release.items() if name != "//"}


def test_a_release_is_of_one_version_and_waits(synth: Synth) -> None:
    assert released(synth, AUTOSCALER, ReleaseConfig(), {"name": expr("path.module", "string")}) == {
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


def test_a_local_chart_has_no_repository_and_no_version(synth: Synth) -> None:
    release = released(synth, Chart("a", "b", "./assets/c"), ReleaseConfig(), {})
    assert not {"repository", "version"} & set(release)


def test_configured_values_take_precedence_and_are_json_strings(synth: Synth) -> None:
    config = ReleaseConfig(values={"a": {"b": 2}, "c": "${aws:x}"})
    (text,) = released(synth, AUTOSCALER, config, {"a": {"b": 1, "d": 3}})["values"]
    assert json.loads(text) == {"a": {"b": 2, "d": 3}, "c": "$${aws:x}"}


def test_removed_values_are_warnings(stack: CloudStack) -> None:
    """Helm gets the null, since it also removes the chart's default."""
    ours = {"a": {"b": 1, "c": [1, 2]}}
    release = Release(stack, AUTOSCALER, ReleaseConfig(values={"a": {"b": None, "c": [2], "d": None}}), ours)
    assert [text.partition(", ")[0] for text in warnings(release)] == [
        "a.b is null",
        "a.c replaces the value that the cloud sets",
    ]
    (text,) = stack.to_terraform()["resource"]["helm_release"]["cluster-autoscaler"]["values"]
    assert json.loads(text.replace("${null}", "null")) == {"a": {"b": None, "c": [2], "d": None}}


def nested(path: str, value: Any) -> dict[str, Any]:
    """Returns a value nested under its path."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return dict(value)


def refusals(chart: Chart, values: dict[str, Any], ours: dict[str, Any] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as error:
        merged_values(chart, ours or {}, values)
    return str(error.value).splitlines()


@pytest.fixture(scope="module")
def paths_set_by_clouds() -> dict[str, set[str]]:
    """Returns the values that the examples set for each release, by the release's name."""
    found: dict[str, set[str]] = {}
    for example in KUBERNETES:
        resources = SYNTHESIZED[example.stem].stacks[-1].terraform["resource"]
        for name, release in resources["helm_release"].items():
            for values in map(json.loads, release.get("values", [])):
                found.setdefault(name, set()).update(path for path, _ in tree(values))
    return found


FIXED = [(chart, path) for chart in (AUTOSCALER, LOAD_BALANCER_CONTROLLER, OPERATOR) for path in chart.fixed]
FIXED += [(AUTOSCALER, "rbac.serviceAccount.name"), (LOAD_BALANCER_CONTROLLER, "serviceAccount.name")]
FIXED += [(OPERATOR, f"{whose}.serviceAccount.name") for whose in ("operator", "workloads")]


@pytest.mark.parametrize(("chart", "path"), FIXED, ids=lambda part: part if isinstance(part, str) else part.release)
def test_fails_on_values_that_change_an_id_or_a_name_that_the_cloud_sets(chart: Chart, path: str) -> None:
    """The role is bound to a service account's name, and the operator to a cloud's ID."""
    section, _, _ = path.partition(".")
    for ours in (nested(path, "mine"), nested(path, expr("var.mine", "string"))):
        merged_values(chart, ours, ours)
        for value in (nested(path, "other"), nested(path, None), nested(path, {"a": "b"}), {section: None}):
            told = f"{chart.release}: {path} must keep the value that the cloud sets. Fix: remove it"
            assert told in refusals(chart, value, ours)


@pytest.mark.parametrize(("chart", "path"), FIXED, ids=lambda part: part if isinstance(part, str) else part.release)
def test_a_cloud_sets_each_of_these(chart: Chart, path: str, paths_set_by_clouds: dict[str, set[str]]) -> None:
    assert path in paths_set_by_clouds[chart.release]


def test_fails_on_values_that_change_the_role_of_a_service_account() -> None:
    role = {"eks.amazonaws.com/role-arn": expr("data.aws_iam_role.operator.arn", "string")}
    ours = {"serviceAccount": {"name": "a", "annotations": role}}
    for value in ("arn:aws:iam::111122223333:role/mine", None):
        values = {"serviceAccount": {"annotations": dict.fromkeys(role, value)}}
        (line,) = refusals(LOAD_BALANCER_CONTROLLER, values, ours)
        assert line.startswith(
            "aws-load-balancer-controller: serviceAccount.annotations.eks.amazonaws.com/role-arn must keep"
        )
    merged_values(LOAD_BALANCER_CONTROLLER, ours, {"serviceAccount": {"annotations": {"team": "a"}}})


def test_values_that_the_cloud_does_not_set_can_be_set() -> None:
    """Without the cloud's gateway, the operator can use another one, and workloads another service account."""
    for path in ("networking.gateway.name", "workloads.serviceAccount.name"):
        merged_values(OPERATOR, {}, nested(path, "mine"))


SECRETS = [
    *("password", "adminPassword", "passwd", "secret", "clientSecret", "azureClientSecret", "token", "authToken"),
    *("anyscaleCliToken", "apiKey", "api_key", "API-KEY", "privateKey", "awsAccessKeyID", "awsSecretAccessKey"),
    *("secretKey", "passphrase", "credentials", "connectionString", "keyJsonB64", "DB_PASSWORD", "HF_TOKEN"),
]


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("value", ["hunter2", 4711, expr("var.hunter2", "string"), ["hunter2"]], ids=repr)
def test_fails_on_secrets_of_any_chart_without_showing_them(name: str, value: Any) -> None:
    places = {
        name: {name: value},
        f"a.{name}": {"a": {name: value}},
        f"a[1].{name}": {"a": [{}, {name: value}]},
        "extraEnv[0].value": {"extraEnv": [{"name": name, "value": value}]},
        f"extraEnv.{name}": {"extraEnv": {name: value}},
    }
    for path, values in places.items():
        (line,) = refusals(AUTOSCALER, values)
        assert re.match(rf"cluster-autoscaler: {re.escape(path)}(?:\[0\])? is a secret, which", line)
        assert str.__str__(str(value)) not in line
        assert "hunter2" not in line


@pytest.mark.parametrize(
    "values",
    [
        {"existingSecret": "a", "envFromSecret": "a", "imagePullSecret": "a", "secretName": "a"},
        {"imagePullSecrets": ["a"], "tokenPath": "/a", "tokenSecretName": "a", "maxTokens": 5},
        {"automountServiceAccountToken": True, "password": "", "token": None, "secret": {}},
        {"annotations": {"vault.example.com/token": "a/b"}},
        {"env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "a", "key": "token"}}}]},
        {"env": [{"name": "HTTPS_PROXY", "value": "http://proxy.example.com"}], "tolerations": [{"key": "token"}]},
    ],
)
def test_names_of_secrets_and_switches_are_not_secrets(values: dict[str, Any]) -> None:
    merged_values(AUTOSCALER, {}, values)


@pytest.mark.parametrize("data", [{".dockerconfigjson": "hunter2"}, {"a": "hunter2"}])
def test_fails_on_values_from_which_the_operators_chart_creates_a_secret(data: dict[str, str]) -> None:
    values = {"workloads": {"imagePullSecrets": [{"name": "a"}, {"name": "b", "create": True, "data": data}]}}
    (line,) = refusals(OPERATOR, values)
    assert line.startswith("anyscale-operator: workloads.imagePullSecrets[1].data is a secret")
    assert "hunter2" not in line
    merged_values(OPERATOR, {}, {"workloads": {"imagePullSecrets": [{"name": "a"}]}})


RECORDED = json.loads((Path(charts.__file__).parent / OPERATOR.keys).read_text())


def tree(known: dict[str, Any], at: str = "") -> Iterator[tuple[str, Any]]:
    for key, inner in known.items():
        yield f"{at}{key}", inner
        yield from tree(inner if isinstance(inner, dict) else {}, f"{at}{key}.")


TREE = dict(tree(RECORDED["values"]))


def test_every_key_that_the_chart_has_passes_and_its_misspelling_does_not() -> None:
    for path, inner in TREE.items():
        section, dot, key = path.rpartition(".")
        values = nested(path, {} if inner else 1)
        if list(secrets(values)):
            continue  # secrets are refused as such
        merged_values(OPERATOR, {}, values)
        (line,) = refusals(OPERATOR, nested(f"{section}{dot}{key}x", {}))
        assert line.startswith(f"anyscale-operator: {section}{dot and ': '}unknown key '{key}x': ")
        near = {f"did you mean {each!r}?" for each in (key, f"{key}s", key[:-1])}
        assert any(line.endswith(each) for each in near) or len(key) < 3


def test_fails_on_all_keys_that_the_chart_does_not_have() -> None:
    values = {"operator": {"replica": 2}, "global": {"gcp": {"region": "a"}}, "extra": {}}
    assert refusals(OPERATOR, values) == [
        "anyscale-operator: operator: unknown key 'replica': did you mean 'replicas'?",
        "anyscale-operator: global.gcp: unknown key 'region': expected projectId",
        f"anyscale-operator: unknown key 'extra': expected one of {', '.join(sorted(RECORDED['values']))}",
    ]


@pytest.mark.parametrize("path", [path for path, inner in TREE.items() if inner == {}])
def test_any_keys_are_allowed_below_an_empty_default(path: str) -> None:
    for value in ({"mine": {"a": 1}}, [{"mine": 1}]):
        merged_values(OPERATOR, {}, nested(path, value))


def test_fails_on_a_collection_for_a_single_value() -> None:
    for path in [path for path, inner in TREE.items() if inner is None]:
        for value, got in (({"a": 1}, "a mapping"), ({}, "a mapping"), (["a"], "a list")):
            said = f"anyscale-operator: {path} must be a single value; got {got}"
            assert said in refusals(OPERATOR, nested(path, value)) or list(secrets(nested(path, ["a"])))


def test_fails_on_another_kind_for_a_mapping() -> None:
    for path in [path for path, inner in TREE.items() if inner and not list(secrets(nested(path, "a")))]:
        for value, got in (("a", "'a'"), (1, "1"), (False, "false"), ([{}], "a list")):
            shown = "a hidden value" if is_secret(path.rpartition(".")[2]) else got
            said = f"anyscale-operator: {path} must be a mapping; got {shown}"
            assert refusals(OPERATOR, nested(path, value)) == [said]
        for unknown in (None, expr("var.a")):
            merged_values(OPERATOR, {}, nested(path, unknown))


def test_fails_on_another_kind_than_the_clouds() -> None:
    """For a chart whose keys are not recorded, too."""
    ours = {"a": {"b": 1}, "c": ["d"], "e": "f"}
    assert refusals(AUTOSCALER, {"a": "x", "c": {"d": 1}, "e": ["g"]}, ours) == [
        "cluster-autoscaler: a must be a mapping; got 'x'",
        "cluster-autoscaler: c must be a list; got a mapping",
        "cluster-autoscaler: e must be a single value; got a list",
    ]


@pytest.mark.parametrize(("old", "new"), RECORDED["moved"].items())
def test_fails_on_keys_of_charts_before_1_0_with_their_new_place(old: str, new: str) -> None:
    values: list[Any] = ["a", [], {}, {"a": "b"}, None]
    for value in values:
        (line,) = refusals(OPERATOR, nested(old, value))
        if list(secrets(nested(old, value))):
            assert line.startswith(f"anyscale-operator: {old} is a secret")
        else:
            fix = "remove it, because the cloud sets it" if new in OPERATOR.fixed else f"use {new}"
            assert line == f"anyscale-operator: {old} was renamed to {new} in version 1.0 of the chart. Fix: {fix}"


def test_a_mirror_has_the_same_version_and_keys_of_other_charts_are_not_checked(synth: Synth) -> None:
    mirrored = ReleaseConfig(repository="oci://registry.example.com/charts", values={"replicas": 1})
    with pytest.raises(ConfigError, match="anyscale-operator: unknown key 'replicas'"):
        released(synth, OPERATOR, mirrored, {})
    merged_values(AUTOSCALER, {}, {"replicas": 1})
