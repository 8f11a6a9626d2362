"""The doubles of the Helm and Kubernetes providers fail on errors that the real ones would find later."""

import pytest
from msgpack.ext import ExtType
from tf.iface import CreateContext
from tf.types import Unknown
from tf.utils import Diagnostics

from tests import ROOT
from tests.e2e.providers.cluster import CLUSTER_IS_KNOWN, ClusterDouble
from tests.e2e.providers.helm_provider import HelmRelease


@pytest.mark.parametrize(
    ("host", "known", "fails"),
    [("https://10.0.0.1", True, False), (Unknown, True, True), (ExtType(12, b""), True, True), (Unknown, False, False)],
)
def test_a_cluster_that_is_unknown_at_plan_is_an_error(
    host: object, known: bool, fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if known:
        monkeypatch.setenv(CLUSTER_IS_KNOWN, "1")
    diags = Diagnostics()
    ClusterDouble("helm", ["kubernetes"]).configure_provider(
        diags, {"kubernetes": [b"", {"host": host, "args": ["a"]}]}
    )
    assert diags.has_errors() == fails


@pytest.mark.parametrize(
    ("folder", "values", "says"),
    [
        ("gateway", '{"cloudResourceId": "cldrsrc_a", "domain": "example.com"}', None),
        ("gateway", '{"cloudResourceId": "cldrsrc_a"}', "domain is required"),
        ("no-such-chart", "{}", "there is no folder"),
    ],
)
def test_this_librarys_charts_are_rendered(folder: str, values: str, says: str | None) -> None:
    chart = str(ROOT / "anyscale_constructs" / "kubernetes" / folder)
    planned = {"name": "a", "namespace": "b", "chart": chart, "repository": None, "values": [values]}
    diags = Diagnostics()
    HelmRelease(ClusterDouble("helm", [])).create(CreateContext(diags, "helm_release"), planned)
    assert diags.has_errors() == (says is not None)
    assert (says or "") in str(diags)
