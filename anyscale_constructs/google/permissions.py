"""The permissions of users' workloads on Google Cloud, in addition to the cloud's bucket."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from anyscale_constructs.config import permissions
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.permissions import EachOnce, grant_name
from anyscale_constructs.config.types import Checked, empty_list
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.google.types import ExistingGcsBucketName, Role
from anyscale_constructs.terraform.resource import Resource

SecretName = Annotated[
    str,
    Checked(
        "a secret's full name",
        r"projects/[^/\s]+/secrets/[\w-]{1,255}",
        "projects/acme-ml/secrets/registry",
    ),
]
_DATA_ROLES = {"read": "roles/storage.objectViewer", "read-write": "roles/storage.objectUser"}
_SECRET_ROLE = "roles/secretmanager.secretAccessor"  # noqa: S105 - a role


class DataAccess(permissions.DataAccess):
    """Access of workloads to an existing Cloud Storage bucket other than the cloud's."""

    bucket: ExistingGcsBucketName = Field(
        description="The bucket's name. With a prefix, the bucket must have uniform bucket-level access."
    )

    def condition(self) -> dict[str, str] | None:
        """The condition of the grant; None for all objects."""
        if self.prefix is None:
            return None
        names = json.dumps(f"projects/_/buckets/{self.bucket}/objects/{self.prefix}")
        # The resource of a list request is the bucket with a prefix, not an object.
        lists = 'api.getAttribute("storage.googleapis.com/objectListPrefix", "")'
        expression = f"resource.name.startsWith({names}) || {lists}.startsWith({json.dumps(str(self.prefix))})"
        return {"title": "prefix", "expression": expression}


class Permissions(Model):
    """The permissions of workloads on Google Cloud, in addition to the cloud's bucket."""

    roles: list[Role] = Field(
        default_factory=empty_list, description="Roles in the whole project, predefined or custom. Default: none."
    )
    secrets: list[SecretName] = Field(
        default_factory=empty_list,
        description="Secrets in Secret Manager whose values workloads may read. Default: none.",
    )
    data_access: EachOnce[DataAccess] = Field(
        default_factory=empty_list,
        description="Existing Cloud Storage buckets that workloads may read or write. Default: none.",
    )


def grant(
    scope: Construct,
    id: str,
    member: str,
    permitted: Permissions,
    *,
    project_id: str,
    depends_on: Sequence[Construct] = (),
) -> None:
    """Grants an account its permissions, as an IAM member.

    Args:
        scope: The stack.
        id: The prefix of the grants' IDs in the stack.
        member: The account, as a member of an IAM policy.
        permitted: The permissions.
        project_id: The project of the roles.
        depends_on: Constructs that must be created first. Default: none.
    """
    for index, role in enumerate(permitted.roles):
        arguments = {"project": project_id, "role": role, "member": member}
        name = grant_name(id, role if is_unresolved(role) else role.removeprefix("roles/"), index)
        Resource(scope, "google_project_iam_member", name, arguments, depends_on)
    for index, secret in enumerate(permitted.secrets):
        arguments = {"secret_id": secret, "role": _SECRET_ROLE, "member": member}
        Resource(scope, "google_secret_manager_secret_iam_member", grant_name(id, secret, index), arguments, depends_on)
    for index, access in enumerate(permitted.data_access):
        place = access.bucket if access.prefix is None else f"{access.bucket}/{access.prefix}"
        given: dict[str, Any] = {"bucket": access.bucket, "role": _DATA_ROLES[access.mode], "member": member}
        if condition := access.condition():
            given["condition"] = [condition]
        Resource(scope, "google_storage_bucket_iam_member", grant_name(id, place, index), given, depends_on)
