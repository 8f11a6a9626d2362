"""The versions that go together."""

import pytest

from anyscale_constructs.azure.types import KubernetesVersion
from anyscale_constructs.config.types import checked
from anyscale_constructs.versions import CHARTS, DEFAULT_EKS, NEW_EKS, OLDEST_KUBERNETES, chart_version, minor


@pytest.mark.parametrize(
    ("kubernetes", "version"),
    [
        (None, "9.46.0"),
        ("latest", "9.46.0"),
        ("1.31", "9.46.0"),
        ("1.32", "9.46.0"),
        ("1.33.4", "9.51.0"),
        ("1.34", "9.53.0"),
        ("1.35", "9.59.0"),
        ("1.100", "9.59.0"),
    ],
)
def test_the_autoscaler_is_for_the_clusters_kubernetes_or_the_nearest(kubernetes: str | None, version: str) -> None:
    found = chart_version("cluster-autoscaler", kubernetes)
    assert found
    assert found.version == version


def test_a_chart_that_does_not_depend_on_kubernetes_has_no_row() -> None:
    assert chart_version("anyscale-operator", "1.35") is None


def test_new_repositories_have_a_version_that_all_charts_are_tested_with() -> None:
    assert all(any(version.is_tested_with(NEW_EKS) for version in versions) for versions in CHARTS.values())
    assert minor(OLDEST_KUBERNETES) <= minor(NEW_EKS) <= minor(DEFAULT_EKS)


def test_aks_and_eks_reject_the_same_versions() -> None:
    major, oldest = minor(OLDEST_KUBERNETES)
    accepted = [number for number in range(100) if checked(KubernetesVersion).fits(f"{major}.{number}")]
    assert accepted == list(range(oldest, 100))
