"""AKS with a lock on what holds data."""

from anyscale_constructs import Resource, clouds
from anyscale_constructs.azure import Container


class AksStack(clouds.AksStack):
    """The package's, whose bucket has a management lock."""

    def add_bucket(self) -> Container:
        bucket = super().add_bucket()
        arguments = {"name": "kept", "scope": self.cluster.attribute("id"), "lock_level": "CanNotDelete"}
        Resource(self, "azurerm_management_lock", "kept", arguments)
        return bucket
