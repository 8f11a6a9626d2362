"""The backends, which store the states of stacks."""

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

from anyscale_constructs.engine.native.elements import TerraformElement
from anyscale_constructs.engine.native.tokens import keys
from anyscale_constructs.engine.native.tree import Construct, lacks


@lacks("get_remote_state_data_source is_backend")
class TerraformBackend(TerraformElement):
    """A backend.

    Args:
        scope: The stack.
        **arguments: The arguments, by Terraform's names.
    """

    name: ClassVar[str]

    def __init__(self, scope: Construct, **arguments: Any) -> None:
        super().__init__(scope, "backend")
        self._arguments: Mapping[str, Any] = arguments

    def to_terraform(self) -> dict[str, Any]:
        """Returns the block."""
        return {"terraform": {"backend": {self.name: self._block(self._arguments)}}}

    def to_metadata(self) -> dict[str, Any]:
        """Returns the backend's part of the JSON's metadata."""
        overrides = {"overrides": {"backend": keys(self._overrides)}} if self._overrides else {}
        return {"backend": self.name, **overrides}


class LocalBackend(TerraformBackend):
    """A local file."""

    name = "local"


class S3Backend(TerraformBackend):
    """An Amazon S3 bucket."""

    name = "s3"


class GcsBackend(TerraformBackend):
    """A Google Cloud Storage bucket."""

    name = "gcs"


class AzurermBackend(TerraformBackend):
    """A container of an Azure storage account."""

    name = "azurerm"


class HttpBackend(TerraformBackend):
    """An HTTP address."""

    name = "http"


class NamedCloudWorkspace(NamedTuple):
    """A workspace of HCP Terraform, selected by name.

    Attributes:
        name: The name of the workspace.
    """

    name: str


class NamedRemoteWorkspace(NamedTuple):
    """A workspace of the `remote` backend, selected by name.

    Attributes:
        name: The name of the workspace.
    """

    name: str


class _Workspaces(TerraformBackend):
    """A service with workspaces."""

    def __init__(self, scope: Construct, *, workspaces: NamedTuple, **arguments: Any) -> None:
        super().__init__(scope, workspaces=workspaces._asdict(), **arguments)

    def to_metadata(self) -> dict[str, Any]:
        """Returns the backend's part of the JSON's metadata."""
        host = self._arguments.get("hostname") or "app.terraform.io"
        return {**super().to_metadata(), "cloud": "tfc" if host.startswith("app.terraform.io") else "tfe"}


class RemoteBackend(_Workspaces):
    """A service that implements the `remote` backend."""

    name = "remote"


class CloudBackend(_Workspaces):
    """HCP Terraform or Terraform Enterprise."""

    name = "cloud"

    def to_terraform(self) -> dict[str, Any]:
        """Returns the block."""
        return {"terraform": {"cloud": self._block(self._arguments)}}
