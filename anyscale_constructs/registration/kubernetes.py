"""The keys of Kubernetes clouds that only registration reads: existing stores and registries for pods."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from anyscale_constructs.config.model import IDLE_KEY, refuse, refuse_all
from anyscale_constructs.expressions import Expr, is_one_of
from anyscale_constructs.registration.fields import HostPort, ImageRegistry
from anyscale_constructs.registration.resource import CloudResource, FileStorage, KubernetesConfig
from anyscale_constructs.registration.rules import MISSING, misfits
from anyscale_constructs.registration.terraform import NO_ARGUMENT
from anyscale_constructs.terraform.config import CloudConfig


class KubernetesCloudConfig(CloudConfig):
    """The configuration that all kinds of Kubernetes clouds share."""

    cloud_provider: ClassVar[Literal["AWS", "GCP", "AZURE", "GENERIC"]]
    """The provider that the cloud is registered with."""

    own_stores: ClassVar[Mapping[str, str]] = {}
    """The key of the store that the cloud creates or looks up, by the key that sets an existing store's address."""

    file_storage: FileStorage | None = Field(
        default=None,
        description="Existing shared file storage: a persistent volume claim, a CSI driver or NFS mount targets. "
        "Default: shared files are stored in the cloud's own file system, or without one in the bucket.",
    )
    redis_endpoint: HostPort | None = Field(
        default=None,
        description="The endpoint of an existing Redis for head node fault tolerance. Default: the cloud's own Redis, "
        "or without one no head node fault tolerance.",
    )
    custom_image_registry: ImageRegistry | None = Field(
        default=None, description="The registry to pull images from. Default: Anyscale's registry."
    )

    @model_validator(mode="after")
    def _can_be_registered(self) -> Self:
        files = self.file_storage
        if files and all(is_one_of(value, None, []) for _, value in files):
            raise refuse(
                "has no effect",
                "remove it, or set mount_targets, persistent_volume_claim or csi_ephemeral_volume_driver",
                key="file_storage",
                rule=IDLE_KEY,
            )
        for key, own in self.own_stores.items():
            if getattr(self, key) is not None and getattr(self, own) is not None:
                raise refuse(f"cannot be combined with {own}", "remove one of the two", key=key)
        given = CloudResource.model_construct(
            provider=self.cloud_provider, compute_stack="K8S", region=None, file_storage=files
        )
        if found := list(misfits(given)):
            raise refuse_all(found)
        if files and files.file_storage_id is not None and files.mount_targets is None:
            raise refuse(
                "requires file_storage.mount_targets, which Anyscale does not look up for clouds on Kubernetes",
                "set mount_targets too, or remove file_storage_id",
                key="file_storage.file_storage_id",
                rule=MISSING,
            )
        if self.registration == "terraform" and self.custom_image_registry is not None:
            raise refuse(
                "has no argument in Anyscale's Terraform provider",
                "remove it, or set registration: command",
                key="custom_image_registry",
                rule=NO_ARGUMENT,
            )
        return self

    def kubernetes_config(
        self, identity: str | None = None, zones: Sequence[str] | Expr | None = None
    ) -> KubernetesConfig:
        """Returns the cluster's part of the registration.

        Args:
            identity: The operator's IAM identity.
            zones: The zones in which pods are launched.
        """
        return KubernetesConfig(
            anyscale_operator_iam_identity=identity,
            zones=zones,
            redis_endpoint=self.redis_endpoint,
            custom_image_registry=self.custom_image_registry,
        )
