"""Where a stack's state is kept."""

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

from anyscale_constructs.engine.native.elements import TerraformElement
from anyscale_constructs.engine.native.tokens import keys
from anyscale_constructs.engine.native.tree import Construct


class TerraformBackend(TerraformElement):
    """A backend.

    Args:
        scope: The stack.
        **arguments: Its arguments, by Terraform's names.
    """

    name: ClassVar[str]

    def __init__(self, scope: Construct, **arguments: Any) -> None:
        super().__init__(scope, "backend")
        self._arguments: Mapping[str, Any] = arguments

    def to_terraform(self) -> dict[str, Any]:
        """Its block."""
        return {"terraform": {"backend": {self.name: self._block(self._arguments)}}}

    def to_metadata(self) -> dict[str, Any]:
        """What the JSON says of it."""
        overrides = {"overrides": {"backend": keys(self._overrides)}} if self._overrides else {}
        return {"backend": self.name, **overrides}


class LocalBackend(TerraformBackend):
    """A file."""

    name = "local"


class S3Backend(TerraformBackend):
    """A bucket on AWS."""

    name = "s3"


class GcsBackend(TerraformBackend):
    """A bucket on Google Cloud."""

    name = "gcs"


class AzurermBackend(TerraformBackend):
    """A container on Azure."""

    name = "azurerm"


class HttpBackend(TerraformBackend):
    """An address."""

    name = "http"


class NamedCloudWorkspace(NamedTuple):
    """A workspace of HCP Terraform.

    Attributes:
        name: Its name.
    """

    name: str


class NamedRemoteWorkspace(NamedTuple):
    """A workspace of the backend `remote`.

    Attributes:
        name: Its name.
    """

    name: str


class _Workspaces(TerraformBackend):
    """A service that has workspaces."""

    def __init__(self, scope: Construct, *, workspaces: NamedTuple, **arguments: Any) -> None:
        super().__init__(scope, workspaces=workspaces._asdict(), **arguments)

    def to_metadata(self) -> dict[str, Any]:
        """What the JSON says of it."""
        host = self._arguments.get("hostname") or "app.terraform.io"
        return {**super().to_metadata(), "cloud": "tfc" if host.startswith("app.terraform.io") else "tfe"}


class RemoteBackend(_Workspaces):
    """A service with the interface of HCP Terraform."""

    name = "remote"


class CloudBackend(_Workspaces):
    """HCP Terraform, or Terraform Enterprise."""

    name = "cloud"

    def to_terraform(self) -> dict[str, Any]:
        """Its block."""
        return {"terraform": {"cloud": self._block(self._arguments)}}
