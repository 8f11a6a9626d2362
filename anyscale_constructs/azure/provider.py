"""The settings of Terraform's providers azurerm and azuread: their identity, and what azurerm registers."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from anyscale_constructs.azure.types import ClientId, TenantId
from anyscale_constructs.config.model import IDLE_KEY, Model, refuse
from anyscale_constructs.config.types import Checked, Known, OrExpr, empty_list
from anyscale_constructs.expressions import unless
from anyscale_constructs.findings import Rule

# The Entra application of all AKS clusters.
_AKS_SERVER_ID = "6dae42f8-4368-4678-94ff-3960e28e3630"

LOGIN = Rule(
    "azure-login",
    "error",
    "azurerm, azuread and kubelogin must all log in as the same identity, each with a single method.",
    "https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs#authenticating-to-azure",
)

ResourceProvider = Annotated[
    str, Checked("an Azure resource provider's namespace", r"[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)+", "Microsoft.Storage")
]


class AzureProviderConfig(Model):
    """The settings of azurerm, and the identity of azuread, in both stacks of a cloud.

    Secrets and certificates stay in the environment. The backend has its own settings.
    """

    tenant_id: TenantId | None = Field(
        default=None,
        description="The Entra tenant. Default: ARM_TENANT_ID from the environment, or the tenant of the login.",
    )
    client_id: ClientId | None = Field(
        default=None,
        description="The application, or the user-assigned managed identity, as which Terraform logs in, with use_oidc "
        "or use_msi. Default: ARM_CLIENT_ID from the environment, or the login of the Azure CLI.",
    )
    use_oidc: Known[bool] = Field(
        default=False,
        description="Whether Terraform logs in with an OIDC token, such as one of GitHub Actions, instead of a "
        "secret. Default: azurerm reads ARM_USE_OIDC from the environment, kubelogin uses the login of the Azure CLI.",
    )
    oidc_token_file_path: str | None = Field(
        default=None,
        description="The file with the OIDC token. Default: the token is requested from GitHub Actions, or the file is "
        "taken from the environment: ARM_OIDC_TOKEN_FILE_PATH, and AZURE_FEDERATED_TOKEN_FILE for kubelogin.",
    )
    use_msi: Known[bool] = Field(
        default=False,
        description="Whether Terraform logs in as the managed identity of the machine on which it runs. Default: "
        "azurerm reads ARM_USE_MSI from the environment, kubelogin uses the login of the Azure CLI.",
    )
    resource_provider_registrations: OrExpr[Literal["core", "extended", "all", "none", "legacy"] | None] = Field(
        default=None,
        description="The set of resource providers that azurerm registers in the subscription when NAME is planned; "
        "none requires no permission to register any. Default: legacy, azurerm's default.",
    )
    resource_providers_to_register: OrExpr[list[ResourceProvider]] = Field(
        default_factory=empty_list, description="More resource providers to register. Default: none."
    )

    @model_validator(mode="after")
    def _there_is_one_way_to_log_in(self) -> Self:
        if self.use_oidc and self.use_msi:
            raise refuse("cannot be combined with use_msi", "remove one of them", key="use_oidc", rule=LOGIN)
        if self.client_id is not None and not (self.use_oidc or self.use_msi):
            raise refuse(
                "has no effect without use_oidc or use_msi",
                "remove it, and set ARM_CLIENT_ID and the secret or the certificate in the environment",
                key="client_id",
                rule=IDLE_KEY,
            )
        if self.use_oidc and (self.client_id is None or self.tenant_id is None):
            raise refuse("requires client_id and tenant_id", "set both of them", key="use_oidc", rule=LOGIN)
        if self.oidc_token_file_path is not None and not self.use_oidc:
            raise refuse(
                "has no effect without use_oidc",
                "remove it, or set use_oidc: true",
                key="oidc_token_file_path",
                rule=IDLE_KEY,
            )
        return self

    def identity(self) -> dict[str, Any]:
        """Returns the arguments of a provider block for its identity; those that are None are omitted."""
        return {
            "tenant_id": self.tenant_id,
            "client_id": self.client_id,
            "use_oidc": unless(self.use_oidc, False),
            "oidc_token_file_path": self.oidc_token_file_path,
            "use_msi": unless(self.use_msi, False),
        }

    def registrations(self) -> dict[str, Any]:
        """Returns the arguments of azurerm's provider block for registrations; those that are None are omitted."""
        return {
            "resource_provider_registrations": self.resource_provider_registrations,
            "resource_providers_to_register": unless(self.resource_providers_to_register, []),
        }

    def token_command(self) -> list[str]:
        """Returns the command that prints a token for an AKS cluster, with the providers' identity."""
        login = "workloadidentity" if self.use_oidc else "msi" if self.use_msi else "azurecli"
        options = {
            "--client-id": self.client_id,
            "--tenant-id": self.tenant_id,
            "--federated-token-file": self.oidc_token_file_path,
        }
        given = [part for option, value in options.items() if value is not None for part in (option, value)]
        return ["kubelogin", "get-token", "--login", login, "--server-id", _AKS_SERVER_ID, *given]
