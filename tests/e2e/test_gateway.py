"""The gateway's objects from this library's chart, rendered by the real helm, compared with Anyscale's documentation.

Sources: examples/aws/eks-public/sample-values_gateway.yaml in anyscale/terraform-kubernetes-anyscale-foundation-modules
at b209ceff; for Azure's domain Microsoft's page "What is a cloud resource on Azure?"; for the label the option
--per-cloud-domain-label of the program anyscale 0.26.112; for the policies the API of Envoy Gateway 1.8.2.
"""

import pathlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from anyscale_constructs.clouds import GenericConfig, GenericStack
from anyscale_constructs.kubernetes.charts import ENVOY_GATEWAY, OPERATOR
from tests.e2e.test_helm import OUR_CHARTS, Documents, applied, of_kind, template
from tests.examples import KUBERNETES
from tests.unit.clouds import maker, values

CHART = [str(OUR_CHARTS / "gateway")]
RELEASE = "anyscale-gateway"
CLUSTERS, SERVICES = "anyscale-cldrsrc-e2e-certificate", "anyscale-svc-cldrsrc-e2e-certificate"
HERE = {"name": RELEASE, "namespace": OPERATOR.namespace}
LABELS = {
    "gateway.envoyproxy.io/owning-gateway-name": RELEASE,
    "gateway.envoyproxy.io/owning-gateway-namespace": OPERATOR.namespace,
}
TARGET = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": RELEASE}


def listener(name: str, hostname: str = "", secrets: Sequence[str] = ()) -> dict[str, Any]:
    """Returns a listener as in the canonical Gateway; one with Secrets terminates TLS."""
    both: dict[str, Any] = {"name": name, "allowedRoutes": {"namespaces": {"from": "All"}}}
    if not secrets:
        return both | {"protocol": "HTTP", "port": 80}
    references = [{"kind": "Secret", "name": secret} for secret in secrets]
    tls = {"mode": "Terminate", "certificateRefs": references}
    return both | {"protocol": "HTTPS", "port": 443, "hostname": hostname, "tls": tls}


def canonical(domain: str) -> list[dict[str, Any]]:
    return [
        listener("http"),
        listener("https", f"*.i.{domain}", [CLUSTERS]),
        listener("https-session", f"*.s.{domain}", [SERVICES]),
    ]


@dataclass(frozen=True)
class Gateway:
    """The objects of the chart, and its values."""

    given: dict[str, Any]
    made: Documents

    def __getitem__(self, kind: str) -> dict[str, Any]:
        return of_kind(self.made, kind)


@pytest.fixture(scope="module", params=KUBERNETES, ids=lambda file: file.stem)
def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Gateway:
    """Returns the gateway of each example of each kind of cloud."""
    folder = tmp_path_factory.mktemp(request.param.stem)
    given = applied(request.param, RELEASE)
    return Gateway(given, template(CHART, given, folder, RELEASE))


def listeners(folder: pathlib.Path, **gateway: str) -> list[dict[str, Any]]:
    """Returns the listeners of a cloud whose releases.gateway has these keys."""
    bucket, files = {"bucket_name": "s3://acme"}, {"persistent_volume_claim": "anyscale"}
    config = {"org_id": "org_1", "kube_context": "acme", "bucket": bucket, "file_storage": files}
    make = maker(GenericStack, lambda **keys: GenericConfig.model_validate(config | keys), folder)
    _, operator = make(releases={"gateway": gateway})
    given = values(operator, RELEASE) | {"cloudResourceId": "cldrsrc_e2e"}
    found: list[dict[str, Any]] = of_kind(template(CHART, given, folder, RELEASE), "Gateway")["spec"]["listeners"]
    return found


def test_the_gateway_has_the_canonical_listeners(gateway: Gateway) -> None:
    assert gateway["Gateway"]["metadata"] == HERE
    assert gateway["Gateway"]["spec"]["listeners"] == canonical("anyscaleuserdata.com")


def test_another_domain_is_in_both_hostnames(tmp_path: pathlib.Path) -> None:
    domain = "azure.anyscaleuserdata.com"
    assert listeners(tmp_path, domain=domain) == canonical(domain)


@pytest.mark.parametrize("domain", ["anyscaleuserdata.com", "azure.anyscaleuserdata.com"])
def test_a_cloud_with_its_own_domain_has_one_hostname(domain: str, tmp_path: pathlib.Path) -> None:
    """Two listeners with the same hostname would conflict, so one has the certificates of both."""
    assert listeners(tmp_path, domain=domain, per_cloud_domain_label="acme") == [
        listener("http"),
        listener("https", f"*.acme.n.{domain}", [CLUSTERS, SERVICES]),
    ]


def test_the_load_balancer_is_in_front_of_the_proxies(gateway: Gateway) -> None:
    """Helm waits for its address; Envoy Gateway labels the proxies with their Gateway."""
    service, proxies = gateway["Service"], gateway["EnvoyProxy"]["spec"]["provider"]["kubernetes"]
    assert (service["metadata"]["name"], service["metadata"]["namespace"]) == (RELEASE, ENVOY_GATEWAY.namespace)
    assert (service["spec"]["type"], proxies["envoyService"]["type"]) == ("LoadBalancer", "ClusterIP")
    assert service["spec"]["selector"] == LABELS
    assert service["metadata"].get("annotations", {}) == gateway.given["annotations"]
    assert service["spec"].get("loadBalancerSourceRanges", []) == gateway.given["sourceRanges"]


def test_a_proxy_runs_while_a_node_is_drained(gateway: Gateway) -> None:
    proxies = gateway["EnvoyProxy"]["spec"]["provider"]["kubernetes"]
    spread = {
        "topologyKey": "kubernetes.io/hostname",
        "maxSkew": 1,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": LABELS},
    }
    assert proxies["envoyDeployment"] == {"replicas": 2, "pod": {"topologySpreadConstraints": [spread]}}
    assert proxies["envoyPDB"] == {"minAvailable": 1}


def test_the_gateway_class_uses_these_proxies(gateway: Gateway) -> None:
    reference = {"group": "gateway.envoyproxy.io", "kind": "EnvoyProxy", **HERE}
    assert gateway["GatewayClass"]["spec"]["parametersRef"] == reference
    assert gateway["EnvoyProxy"]["metadata"] == HERE
    assert gateway["Gateway"]["spec"]["gatewayClassName"] == gateway["GatewayClass"]["metadata"]["name"]


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("ClientTrafficPolicy", {"headers": {"withUnderscoresAction": "Allow"}}),
        ("BackendTrafficPolicy", {"timeout": {"http": {"requestTimeout": "0s", "streamIdleTimeout": "1h"}}}),
    ],
)
def test_the_gateway_has_the_policy(kind: str, spec: dict[str, Any], gateway: Gateway) -> None:
    policy = gateway[kind]
    assert policy["apiVersion"] == "gateway.envoyproxy.io/v1alpha1"
    assert policy["metadata"] == HERE
    assert policy["spec"] == {"targetRefs": [TARGET], **spec}


@pytest.mark.parametrize("key", ["cloudResourceId", "domain"])
def test_fails_without_a_required_value(key: str, tmp_path: pathlib.Path) -> None:
    given = {"cloudResourceId": "cldrsrc_e2e", "domain": "anyscaleuserdata.com"}
    del given[key]
    with pytest.raises(AssertionError, match=f"{key} is required"):
        template(CHART, given, tmp_path, RELEASE)
