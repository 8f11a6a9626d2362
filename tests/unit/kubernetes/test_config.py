"""The configuration of Helm releases."""

from typing import Any

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
    with pytest.raises(ConfigError, match="repository: must be an https://, http:// or oci:// URL without credentials"):
        GatewayConfig(repository=repository)


@pytest.mark.parametrize(
    "keys",
    [
        {"domain": "azure.anyscaleuserdata.com"},
        {"domain": expr("var.domain", "string")},
        {"per_cloud_domain_label": "acme"},
        # The longest label that Anyscale accepts for its own domain.
        {"per_cloud_domain_label": "a" * 39},
        {"per_cloud_domain_label": "a" * 33, "domain": "azure.anyscaleuserdata.com"},
        {"per_cloud_domain_label": "a" * 63, "domain": expr("var.domain", "string")},
        {"per_cloud_domain_label": expr("var.label", "string")},
    ],
)
def test_the_gateways_domain_is_a_dns_name(keys: dict[str, Any]) -> None:
    config = GatewayConfig(**keys)
    assert {key: getattr(config, key) for key in keys} == keys


@pytest.mark.parametrize(
    "domain",
    [
        *("", "com", "*.anyscaleuserdata.com", "https://anyscaleuserdata.com", "Anyscaleuserdata.com"),
        *("anyscaleuserdata.com.", ".anyscaleuserdata.com", "anyscale_userdata.com", "-a.com", f"{'a' * 64}.com"),
    ],
)
def test_fails_on_a_domain_that_dns_does_not_allow(domain: str) -> None:
    with pytest.raises(ConfigError, match="domain: must be a lower-case domain name, without a wildcard"):
        GatewayConfig(domain=domain)


@pytest.mark.parametrize("label", ["", "*", "acme.prod", "Acme", "-acme", "acme-", "acme_prod", "a" * 64])
def test_fails_on_a_label_that_dns_does_not_allow(label: str) -> None:
    with pytest.raises(ConfigError, match="per_cloud_domain_label: must be 1 to 63 lower-case letters"):
        GatewayConfig(per_cloud_domain_label=label)


@pytest.mark.parametrize(
    ("label", "domain", "over"),
    [("a" * 40, "anyscaleuserdata.com", 1), ("a" * 39, "azure.anyscaleuserdata.com", 6)],
)
def test_fails_on_a_label_whose_hostname_is_too_long_for_a_certificate(label: str, domain: str, over: int) -> None:
    with pytest.raises(
        ConfigError, match=rf"per_cloud_domain_label: is too long: .* at most 64.* shorten it by {over}$"
    ):
        GatewayConfig(per_cloud_domain_label=label, domain=domain)
