"""What all kinds of clouds on Azure have in common."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import Field

from anyscale_constructs.azure.provider import AzureProviderConfig
from anyscale_constructs.azure.regions import REGIONS
from anyscale_constructs.azure.types import AzureRegion, ResourceGroupName, SubscriptionId, Tags
from anyscale_constructs.clouds.base import Cloud
from anyscale_constructs.config.types import OrExpr
from anyscale_constructs.expressions import Expr, merge
from anyscale_constructs.terraform.config import CloudConfig
from anyscale_constructs.terraform.interface import Provider as RequiredProvider
from anyscale_constructs.terraform.resource import Resource

# Since 4.65 a federated credential names its identity as version 5 does.
AZURE = ("Azure's resources", {"azurerm": RequiredProvider("hashicorp/azurerm", ">= 4.65, < 5")})


class AzureCloudConfig(CloudConfig):
    """What the configurations of clouds on Azure have in common."""

    subscription_id: SubscriptionId
    region: AzureRegion
    tags: OrExpr[Tags] = Field(default_factory=dict, description="For every resource.")
    resource_group_name: ResourceGroupName | None = Field(
        default=None, description="An existing resource group. Default: a new one with the stack's name."
    )
    provider: AzureProviderConfig = Field(
        default_factory=AzureProviderConfig,
        description="Settings of Terraform's providers azurerm and azuread. Default: those of the environment.",
    )


C = TypeVar("C", bound=AzureCloudConfig)


class AzureCloud(Cloud[C]):
    """An Anyscale cloud on Azure.

    Args:
        scope: The app.
        name: The cloud's name in Anyscale, and the stack's.
        config: The cloud's configuration.
    """

    provider = "AZURE"
    place: Mapping[str, str]
    """The location and the resource group of the cloud's parts."""

    def add_providers(self) -> None:
        """Configures the provider azurerm."""
        self.warn_of_region(self.config.region, REGIONS)
        self.require(*AZURE)
        # The account's own services are asked nothing, so Terraform needs neither its keys nor a way to it.
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
        """Adds the resource group, unless it exists; gives its name."""
        if self.config.resource_group_name is not None:
            return self.config.resource_group_name
        arguments = {"name": self.name, "location": self.config.region, "tags": self.tags()}
        return Resource(self, "azurerm_resource_group", "this", arguments).attribute("name")

    def tags(self, own: Tags | Expr | None = None) -> Tags | Expr:
        """The tags of a part: Anyscale's, the cloud's, and its own."""
        return merge(self.config.standard_tags(self.cloud_id), self.config.tags, {} if own is None else own)
