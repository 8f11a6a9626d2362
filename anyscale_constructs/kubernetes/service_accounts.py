"""The service accounts of users' pods: one for all, and further ones for cloud IAM mapping."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from anyscale_constructs.config.types import Checked
from anyscale_constructs.findings import Rule
from anyscale_constructs.kubernetes.config import DNS_LABEL

WORKLOADS = "anyscale-workloads"
"""The service account that users' pods run as, unless cloud IAM mapping names another one."""


class Workloads(Protocol):
    """What a kind of cloud says of users' pods, as far as all kinds have it in common."""

    @property
    @abstractmethod
    def service_accounts(self) -> Mapping[str, Any]:
        """The service accounts beside the one that users' pods run as by default, by name."""


def accounts_of(workloads: Workloads | None) -> dict[str, Any]:
    """The service accounts of users' pods, and what the configuration says of each, by name.

    Args:
        workloads: The configuration's section; None: users' pods have no account of their own.
    """
    return {} if workloads is None else {WORKLOADS: workloads, **workloads.service_accounts}


def short_name(account: str) -> str:
    """What names of the service account's identity end with."""
    return "workloads" if account == WORKLOADS else account


def resource_id(account: str) -> str:
    """The name of a service account's resources beside others, in Terraform."""
    return "workloads" if account == WORKLOADS else f"workloads_{account}"


ServiceAccountName = Annotated[
    str,
    Checked(
        "1 to 63 lower-case letters, digits and hyphens, without a hyphen at either end (default, operator, workloads, "
        f"anyscale-operator and {WORKLOADS} are taken)",
        rf"(?!(?:default|(?:anyscale-)?(?:operator|workloads))$){DNS_LABEL}",
        "feature-store",
    ),
]

SHARED = Rule(
    "shared-service-account",
    "warning",
    "The Role of the operator's service account reads every Secret in its namespace, and so does whoever runs a pod as "
    "that account: every user of the cloud.",
    "https://github.com/anyscale/helm-charts, charts/anyscale-operator at 1.8.0",
)
