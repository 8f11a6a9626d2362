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
    """The part of the configuration of users' pods that all kinds of clouds have."""

    @property
    @abstractmethod
    def service_accounts(self) -> Mapping[str, Any]:
        """The service accounts in addition to the default one of users' pods, by name."""


def accounts_of(workloads: Workloads | None) -> dict[str, Any]:
    """Returns the service accounts of users' pods with their configurations, by name.

    Args:
        workloads: The section of the configuration. None if users' pods share the operator's account.
    """
    return {} if workloads is None else {WORKLOADS: workloads, **workloads.service_accounts}


def short_name(account: str) -> str:
    """Returns the suffix of the name of a service account's identity."""
    return "workloads" if account == WORKLOADS else account


def resource_id(account: str) -> str:
    """Returns the ID of a service account's resources in the stack."""
    return "workloads" if account == WORKLOADS else f"workloads_{account}"


ServiceAccountName = Annotated[
    str,
    Checked(
        "1 to 63 lower-case letters, digits and hyphens, without a hyphen at either end (default, operator, workloads, "
        f"anyscale-operator and {WORKLOADS} are reserved)",
        rf"(?!(?:default|(?:anyscale-)?(?:operator|workloads))$){DNS_LABEL}",
        "feature-store",
    ),
]

SHARED = Rule(
    "shared-service-account",
    "warning",
    "The operator's service account can read every Secret in its namespace, and so can all users of the cloud if their "
    "pods run as that account.",
    "https://github.com/anyscale/helm-charts, charts/anyscale-operator at 1.8.0",
)
