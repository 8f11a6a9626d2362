"""The settings of Terraform's provider google: its identity, the billed project, and labels of all resources."""

from typing import Any, Self

from pydantic import Field, model_validator

from anyscale_constructs.config.model import Model, refuse
from anyscale_constructs.config.types import OrExpr
from anyscale_constructs.expressions import is_one_of, unless
from anyscale_constructs.google.types import GcpProjectId, Labels, ServiceAccountEmail


class GoogleProviderConfig(Model):
    """The settings of the provider google, in both stacks of a Kubernetes cloud; the backend has credentials apart."""

    impersonate_service_account: ServiceAccountEmail | None = Field(
        default=None,
        description="The service account that Terraform impersonates: its caller needs the role Service Account Token "
        "Creator on it, in gcloud too for a GKE cloud. The backend does not impersonate it. Default: Terraform works "
        "with the application default credentials.",
    )
    default_labels: OrExpr[Labels] = Field(
        default_factory=dict,
        description="Labels for everything that the provider creates and that takes labels, including what a module "
        "gives none. A label of the cloud with the same key replaces one of these. Default: none.",
    )
    user_project_override: OrExpr[bool | None] = Field(
        default=None,
        description="Whether API calls use the quota and billing of billing_project, or else of the resource's own "
        "project, instead of the credentials' project. Default: the environment's, USER_PROJECT_OVERRIDE, or false.",
    )
    billing_project: GcpProjectId | None = Field(
        default=None,
        description="The project whose quota and billing API calls use, with user_project_override. Default: the "
        "resource's own.",
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
        """The arguments of Terraform's provider block, but for project and region; None leaves one out."""
        return {
            "impersonate_service_account": self.impersonate_service_account,
            "default_labels": unless(self.default_labels, {}),
            "user_project_override": self.user_project_override,
            "billing_project": self.billing_project,
        }

    def token_command(self) -> list[str]:
        """The command that prints a token for a GKE cluster, for the identity that the provider has."""
        if self.impersonate_service_account is None:
            # As whom Terraform itself comes; otherwise as whoever is logged in to gcloud.
            return ["gke-gcloud-auth-plugin", "--use_application_default_credentials"]
        # The plugin impersonates by gcloud only, not with the application default credentials.
        return ["gke-gcloud-auth-plugin", "--impersonate_service_account", self.impersonate_service_account]
