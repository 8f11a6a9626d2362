"""What is said of Helm releases."""

import pytest

from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import expr
from anyscale_constructs.kubernetes.config import GatewayConfig, ReleaseConfig


@pytest.mark.parametrize(
    "repository",
    [
        *("https://charts.example.com", "https://charts.example.com:8443/a/b", "https://charts.example.com/@acme/"),
        *("oci://registry.example.com/charts", "oci://docker.io/envoyproxy", expr("var.mirror", "string")),
    ],
)
def test_a_repository_is_one_of_charts_or_of_images(repository: str) -> None:
    assert ReleaseConfig(repository=repository).repository == repository


@pytest.mark.parametrize(
    "repository",
    [
        *("registry.example.com/charts", "git@example.com:charts", "./charts", ""),
        *("https://", "https:///charts", "https://charts.example.com/a b"),
        *("https://user:secret@charts.example.com/a", "oci://token@registry.example.com"),
    ],
)
def test_fails_on_a_repository_without_a_scheme_or_with_credentials(repository: str) -> None:
    with pytest.raises(ConfigError, match=r"repository: must be https://, http:// or oci:// .*, without credentials"):
        GatewayConfig(repository=repository)
