"""The base of all kinds of clouds on Azure."""

from collections.abc import Mapping
from typing import Self, TypeVar

from pydantic import Field, model_validator

from anyscale_constructs.azure.provider import AzureProviderConfig
from anyscale_constructs.azure.regions import REGIONS
from anyscale_constructs.azure.types import AzureRegion, ResourceGroupName, SubscriptionId, Tags
from anyscale_constructs.clouds.base import Cloud
from anyscale_constructs.config.model import CONFLICTING, refuse_all
from anyscale_constructs.config.types import OrExpr, empty_map
from anyscale_constructs.expressions import Expr, merge
from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.config import CloudConfig
from anyscale_constructs.terraform.interface import Provider as RequiredProvider
from anyscale_constructs.terraform.resource import Resource
from anyscale_constructs.terraform.sources import ResourceOverride

# Since 4.65, a federated credential has the same argument for its identity as in version 5.
AZURE = ("Azure's resources", {"azurerm": RequiredProvider("hashicorp/azurerm", ">= 4.65, < 5")})

# Arguments whose values other resources use too, with the key that sets the value for all of them.
_FIXED = {
    "azurerm_kubernetes_cluster.this": {"name": "cluster.name", "resource_group_name": "resource_group_name"},
    "azurerm_storage_account.this": {"name": "bucket.name"},
    "azurerm_storage_container.this": {"name": "bucket.container_name"},
    "azurerm_storage_account.nfs": {"name": "nfs.name"},
    "azurerm_storage_share.nfs": {"name": "nfs.share_name"},
    "azurerm_user_assigned_identity.operator": {"resource_group_name": "resource_group_name"},
}


class AzureCloudConfig(CloudConfig):
    """The base of the configurations of clouds on Azure."""

    subscription_id: SubscriptionId
    region: AzureRegion
    tags: OrExpr[Tags] = Field(
        default_factory=empty_map, description="Tags of every resource. Default: no additional ones."
    )
    resource_group_name: ResourceGroupName | None = Field(
        default=None, description="An existing resource group. Default: a new one with the stack's name."
    )
    resources: dict[str, ResourceOverride] = Field(
        default_factory=empty_map,
        description="Overrides of individual resources, by their addresses in the stack, e.g. "
        "azurerm_kubernetes_cluster.this, for arguments that have no key here. Default: none.",
    )
    provider: AzureProviderConfig = Field(
        default_factory=AzureProviderConfig,
        description="Settings of Terraform's providers azurerm and azuread. Default: taken from the environment.",
    )

    @property
    def resource_overrides(self) -> dict[str, ResourceOverride]:
        """The overrides of individual resources, by their addresses."""
        return self.resources

    @model_validator(mode="after")
    def _others_know_the_names(self) -> Self:
        found = [
            Finding(
                f"{name} changes this resource only, and other resources would keep the old value",
                f"set {key} instead",
                rule=CONFLICTING,
                key=("resources", address, "arguments", name),
            )
            for address, keys in _FIXED.items()
            for name, key in keys.items()
            if address in self.resources and name in self.resources[address].arguments
        ]
        if found:
            raise refuse_all(found)
        return self


C = TypeVar("C", bound=AzureCloudConfig)


class AzureCloud(Cloud[C]):
    """An Anyscale cloud on Azure.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, which is also the stack's name.
        config: The cloud's configuration.
    """

    provider = "AZURE"
    place: Mapping[str, str]
    """The location and the resource group of the cloud's resources."""

    def add_providers(self) -> None:
        """Configures the provider azurerm."""
        self.warn_of_region(self.config.region, REGIONS)
        self.require(*AZURE)
        # Terraform does not use the storage account's data plane, so it needs neither keys nor network access to it.
        features = {"storage": {"data_plane_available": False}}
        self.add_provider(
            "azurerm",
            features=features,
            subscription_id=self.config.subscription_id,
            storage_use_azuread=True,
            **self.config.provider.identity(),
            **self.config.provider.registrations(),
        )

    def add_resource_group(self) -> str:
        """Adds the resource group, unless it exists; returns its name."""
        if self.config.resource_group_name is not None:
            return self.config.resource_group_name
        arguments = {"name": self.name, "location": self.config.region, "tags": self.tags()}
        return Resource(self, "azurerm_resource_group", "this", arguments).attribute("name")

    def tags(self, own: Tags | Expr | None = None) -> Tags | Expr:
        """Returns the tags of a resource: Anyscale's, the cloud's, and its own."""
        return merge(self.config.standard_tags(self.cloud_id), self.config.tags, {} if own is None else own)
