"""Repositories that `anyscale-constructs init` writes, and the contents of their workflows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

S3 = ("--state", "s3", "--backend-config", "bucket=acme-state", "--backend-config", "region=us-east-2")
GCS = ("--state", "gcs", "--backend-config", "bucket=acme-state")
AZURERM = (
    *("--state", "azurerm"),
    *("--backend-config", "storage_account_name=acmestate", "--backend-config", "container_name=state"),
)
STATES = {"aks": AZURERM, "ec2": S3, "eks": S3, "gce": GCS, "generic": S3, "gke": GCS}
"""The backend of the provider of each kind of cloud."""


def workflows(repository: Path) -> dict[str, Any]:
    """The workflows and actions of a repository, by their files."""
    return {
        str(file.relative_to(repository)): yaml.safe_load(file.read_text(encoding="utf-8"))
        for file in sorted((repository / ".github").rglob("*.yml"))
    }


def steps(content: Any) -> Iterator[dict[str, Any]]:
    """The steps of all jobs of a workflow, or of an action."""
    for job in content.get("jobs", {"": content.get("runs", {})}).values():
        yield from job.get("steps", ())
