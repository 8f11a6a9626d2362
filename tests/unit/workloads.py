"""Clouds of each kind, for the tests of the permissions of users' workloads."""

from pathlib import Path
from typing import Any

from anyscale_constructs.clouds import (
    AksConfig,
    AksStack,
    Ec2Config,
    Ec2Stack,
    EksConfig,
    EksStack,
    GceConfig,
    GceStack,
    GenericConfig,
    GenericStack,
    GkeConfig,
    GkeStack,
)
from anyscale_constructs.terraform.app import App
from tests.folder import read

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
AWS = {"region": "us-east-2", "org_id": "org_1"}
GOOGLE = {"region": "us-central1", "org_id": "org_1", "project": {"project_id": "acme-ml"}}
KINDS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "eks": (EksStack, EksConfig, AWS),
    "gke": (GkeStack, GkeConfig, GOOGLE),
    "aks": (AksStack, AksConfig, {"region": "eastus2", "org_id": "org_1", "subscription_id": SUBSCRIPTION}),
    "generic": (
        GenericStack,
        GenericConfig,
        {"org_id": "org_1", "kube_context": "acme", "bucket": {"bucket_name": "s3://acme"}},
    ),
    "ec2": (Ec2Stack, Ec2Config, AWS),
    "gce": (GceStack, GceConfig, GOOGLE),
}
KUBERNETES = [kind for kind in KINDS if kind not in {"ec2", "gce"}]
CONTAINER = {"storage_account_name": "acmedata", "container_name": "datasets", "resource_group_name": "data"}


def made(kind: str, folder: Path, **keys: Any) -> tuple[list[dict[str, Any]], list[str]]:
    """Returns the JSON of a cloud's stacks, and the rules of its warnings."""
    stack, config, base = KINDS[kind]
    app = App(folder)
    stacks = stack.build(app, "ml", config.model_validate(base | keys))
    app.synth()
    rules = [found.rule.id for each in stacks for found in each.findings if found.severity == "warning"]
    return [read(folder / "stacks" / each.name) for each in stacks], rules
