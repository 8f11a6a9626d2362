"""GCE with one more API and labels."""

from typing import Any

from anyscale_constructs import clouds


class GceStack(clouds.GceStack):
    """The package's, with the API of Artifact Registry and an output."""

    def optional_apis(self) -> list[str]:
        return [*super().optional_apis(), "artifactregistry.googleapis.com"]

    def cloud_outputs(self) -> dict[str, Any]:
        return super().cloud_outputs() | {"team": "ml"}
