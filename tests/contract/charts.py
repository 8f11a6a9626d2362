"""The keys of the values of the operator's chart; `python -m tests.contract.charts CLONE` records those of OPERATOR."""

import functools
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from anyscale_constructs.codegen.git import Checkout
from anyscale_constructs.kubernetes.charts import OPERATOR
from tests import ROOT

REPOSITORY = "anyscale/helm-charts"
FILE = ROOT / "anyscale_constructs" / "kubernetes" / OPERATOR.keys
PATH = f"charts/{OPERATOR.chart}"

# Mappings with keys of the user's own: the chart goes through them or hands them on, to Kubernetes or another chart.
OPEN = {
    "ingress-nginx",
    "operator.container.resources",
    "operator.vector.resources",
    "workloads.accelerator.nodeSelectors.aws",
    "workloads.accelerator.nodeSelectors.azure",
    "workloads.accelerator.nodeSelectors.gcp",
    "workloads.instanceTypes.defaults",
}
# What the templates read though values.yaml lacks it, as the tree of keys has it.
READ: dict[str, Any] = {
    "global.controlPlaneURL": None,
    "operator.container.imagePullPolicy": None,
    "operator.vector.imagePullPolicy": None,
    # Looked up by the provider's name.
    "workloads.accelerator.nodeSelectors.generic": {},
    **{f"workloads.marketType.{provider}.all": {} for provider in ("aws", "azure", "gcp", "karpenter")},
}
# What charts before 1.0 call otherwise.
MOVED = {
    "acceleratorNodeSelector": "workloads.accelerator.customNodeSelectorKey",
    "additionalInstanceTypes": "workloads.instanceTypes.additional",
    "additionalPatches": "patches",
    "anyscaleCliToken": "global.auth.anyscaleCliToken",
    "aws.credentialSecret.accessKeyId": "credentialMount.aws.createSecret.accessKeyId",
    "aws.credentialSecret.create": "credentialMount.aws.createSecret.create",
    "aws.credentialSecret.enabled": "credentialMount.aws.enabled",
    "aws.credentialSecret.endpointUrl": "credentialMount.aws.createSecret.endpointUrl",
    "aws.credentialSecret.name": "credentialMount.aws.fromSecret.name",
    "aws.credentialSecret.operatorMountPath": "credentialMount.aws.fromSecret.operatorMountPath",
    "aws.credentialSecret.podMountPath": "credentialMount.aws.fromSecret.podMountPath",
    "aws.credentialSecret.secretAccessKey": "credentialMount.aws.createSecret.secretAccessKey",
    "cloudDeploymentId": "global.cloudDeploymentId",
    "cloudProvider": "global.cloudProvider",
    "defaultInstanceTypes": "workloads.instanceTypes.defaults",
    "enableAnyscaleRayHeadNodePDB": "workloads.enableAnyscaleRayHeadNodePDB",
    "enableGateway": "networking.gateway.enabled",
    "enableKarpenterSupport": "workloads.enableKarpenterSupport",
    "enableStatusReporting": "operator.config.status.reportingEnabled",
    "enableZoneNodeSelector": "workloads.enableZoneSelector",
    "gatewayAPIVersion": "networking.gateway.apiVersion",
    "gatewayHostname": "networking.gateway.hostname",
    "gatewayIp": "networking.gateway.ip",
    "gatewayName": "networking.gateway.name",
    "iamMappingAnnotation": "workloads.serviceAccount.iamMappingAnnotation",
    "ingressAddress": "networking.ingress.address",
    "kubeConfigPath": "operator.config.kubernetesClient.kubeConfigPath",
    "kubernetesClientRateLimiterBurst": "operator.config.kubernetesClient.rateLimiter.burst",
    "kubernetesClientRateLimiterQPS": "operator.config.kubernetesClient.rateLimiter.qps",
    "operatorAnnotations": "operator.annotations",
    "operatorExcludeComponentVerification": "operator.config.status.excludeComponentVerification",
    "operatorIamIdentity": "global.auth.iamIdentity",
    "operatorImage": "operator.container.image",
    "operatorImagePullSecrets": "operator.imagePullSecrets",
    "operatorLabels": "operator.labels",
    "operatorNodeSelection.affinity": "operator.affinity",
    "operatorNodeSelection.nodeSelector": "operator.nodeSelector",
    "operatorNodeSelection.tolerations": "operator.tolerations",
    "operatorReplicas": "operator.replicas",
    "operatorResources.operator": "operator.container.resources",
    "operatorResources.vector": "operator.vector.resources",
    "region": "global.region",
    "storageS3UsePathStyle": "global.aws.s3.usePathStyle",
    "supportedAccelerators": "workloads.accelerator.nodeSelectors",
    "unscheduledPodReaperReconcileInterval": "operator.config.unscheduledPodReaper.reconcileInterval",
    "unscheduledPodReaperTerminationThreshold": "operator.config.unscheduledPodReaper.terminationThreshold",
    "vectorImage": "operator.vector.image",
    "workloadDefaultTolerances.all": "workloads.marketType.generic.all",
    "workloadDefaultTolerances.gpu": "workloads.accelerator.tolerations.default",
    "workloadDefaultTolerances.spot": "workloads.marketType.generic.spot",
    "workloadServiceAccountName": "workloads.serviceAccount.name",
}


def chart(clone: Path, version: str) -> Checkout:
    """Returns the chart at a version."""
    return Checkout.at(clone, f"{OPERATOR.chart}-{version}")


def versions(clone: Path) -> list[str]:
    """Returns all versions of the chart, in order."""
    command = ["git", "-C", str(clone), "tag", "--sort=version:refname", "--list", f"{OPERATOR.chart}-*"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return [tag.removeprefix(f"{OPERATOR.chart}-") for tag in listed]


def values(checkout: Checkout) -> dict[str, Any]:
    """Returns the chart's default values."""
    loaded: dict[str, Any] = yaml.safe_load(checkout.files(PATH, "values.yaml")["values.yaml"])
    return loaded


def templates(checkout: Checkout) -> set[str]:
    """Returns the values that the chart's templates read."""
    files = checkout.files(f"{PATH}/templates", ".yaml") | checkout.files(f"{PATH}/templates", ".tpl")
    return set(re.findall(r"\.Values\.(\w+(?:\.\w+)*)", "\n".join(files.values())))


def recorded(checkout: Checkout) -> dict[str, Any]:
    """Returns what is recorded of the chart: the tree of its keys, and the new places of old keys."""
    tree = _tree(values(checkout))
    for path, kind in READ.items():
        way, _, last = path.rpartition(".")
        functools.reduce(dict.__getitem__, way.split("."), tree)[last] = kind
    return {
        "chart": OPERATOR.chart,
        "version": OPERATOR.version,
        "commit": checkout.commit,
        "values": tree,
        "moved": MOVED,
    }


def _tree(defaults: Mapping[str, Any], at: str = "") -> dict[str, Any]:
    """Returns the keys: a mapping of keys, `{}` if anything can be below, null for a single value."""
    found: dict[str, Any] = {}
    for key, value in defaults.items():
        path = f"{at}{key}"
        if isinstance(value, Mapping) and path not in OPEN:
            found[key] = _tree(value, f"{path}.")
        else:
            found[key] = {} if value is None or isinstance(value, list | Mapping) else None
    return found


def paths(tree: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Yields all keys of a tree."""
    for key, inner in tree.items():
        yield f"{at}{key}"
        yield from paths(inner or {}, f"{at}{key}.")


if __name__ == "__main__":
    made = recorded(chart(Path(sys.argv[1]), str(OPERATOR.version)))
    FILE.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n")
