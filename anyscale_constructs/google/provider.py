"""The settings of Terraform's provider google: its identity, the billed project, and labels of all resources."""

from typing import Any, Self

from pydantic import Field, model_validator

from anyscale_constructs.config.model import Model, refuse
from anyscale_constructs.config.types import OrExpr, empty_map
from anyscale_constructs.expressions import is_one_of, unless
from anyscale_constructs.google.types import GcpProjectId, Labels, ServiceAccountEmail


class GoogleProviderConfig(Model):
    """The settings of the provider google, in both stacks of a Kubernetes cloud; the backend has its own settings."""

    impersonate_service_account: ServiceAccountEmail | None = Field(
        default=None,
        description="The service account that Terraform impersonates. The caller needs the role Service Account Token "
        "Creator on it; for a GKE cloud, gcloud's account does, too. The backend does not impersonate it. Default: "
        "Terraform uses the application default credentials.",
    )
    default_labels: OrExpr[Labels] = Field(
        default_factory=empty_map,
        description="Labels for every resource that supports them, including resources for which a module sets none. A "
        "label of the cloud with the same key overrides these. Default: none.",
    )
    user_project_override: OrExpr[bool | None] = Field(
        default=None,
        description="Whether API calls use the quota and billing of billing_project, or without it of the resource's "
        "project, instead of the credentials' project. Default: USER_PROJECT_OVERRIDE from the environment, or false.",
    )
    billing_project: GcpProjectId | None = Field(
        default=None,
        description="The project whose quota and billing API calls use, with user_project_override. Default: the "
        "resource's project.",
    )

    @model_validator(mode="after")
    def _nothing_is_idle(self) -> Self:
        if self.billing_project is not None and is_one_of(self.user_project_override, None, False):
            raise refuse(
                "has no effect without user_project_override",
                "remove it, or set user_project_override: true",
                key="billing_project",
            )
        return self

    def arguments(self) -> dict[str, Any]:
        """Returns the arguments of the provider block, except project and region; those that are None are omitted."""
        return {
            "impersonate_service_account": self.impersonate_service_account,
            "default_labels": unless(self.default_labels, {}),
            "user_project_override": self.user_project_override,
            "billing_project": self.billing_project,
        }

    def token_command(self) -> list[str]:
        """Returns the command that prints a token for a GKE cluster, with the provider's identity."""
        if self.impersonate_service_account is None:
            # This uses Terraform's own identity; the default would be the account that is logged in to gcloud.
            return ["gke-gcloud-auth-plugin", "--use_application_default_credentials"]
        # The plugin can impersonate only with gcloud's credentials, not with the application default credentials.
        return ["gke-gcloud-auth-plugin", "--impersonate_service_account", self.impersonate_service_account]
