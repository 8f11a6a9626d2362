"""The service accounts of a Kubernetes cloud. Upstream's module for them would remove roles from other accounts."""

from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from anyscale_constructs.config.model import found_in
from anyscale_constructs.engine import Construct
from anyscale_constructs.errors import InputError
from anyscale_constructs.expressions import known
from anyscale_constructs.google.project import IProject
from anyscale_constructs.google.types import ServiceAccountName
from anyscale_constructs.terraform.place import cloud_stack
from anyscale_constructs.terraform.resource import Resource

_NAME: TypeAdapter[str] = TypeAdapter(ServiceAccountName)
_PROJECT_ROLES = (
    "roles/artifactregistry.reader",
    "roles/logging.logWriter",
    "roles/monitoring.metricWriter",
    "roles/monitoring.viewer",
)
_FILE_ROLE = "roles/file.editor"
_SIGNER_ROLE = "roles/iam.serviceAccountTokenCreator"
_POD_ROLE = "roles/iam.workloadIdentityUser"


class PodAccount:
    """The Google service account of the pods of a Kubernetes service account, by Workload Identity.

    It can create tokens, which sign links to files in the bucket, only for itself: upstream's examples let it
    impersonate every account of the project. All grants are IAM members, never bindings, which would remove the roles
    from other accounts.

    Args:
        scope: The stack.
        id: The ID of the account in the stack, and the prefix of the IDs of its grants.
        project: The account's project.
        account_id: The account's name; 6 to 30 characters.
        display_name: The account's display name.
        whose: The owner of the account, for messages.
        roles: The account's roles in the project. Default: none.
        depends_on: Constructs that must be created first. Default: none.

    Raises:
        InputError: The name is not a valid account name.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        project: IProject,
        account_id: str,
        display_name: str,
        whose: str,
        roles: Sequence[str] = (),
        depends_on: Sequence[Construct] = (),
    ) -> None:
        try:
            _NAME.validate_python(account_id)
        except ValidationError as error:
            (found,) = found_in(error)
            what, on = f"the name of {whose} service account {found.what}", ["account_id"]
            key = cloud_stack(scope, f"{whose} service account").origins.of(on)
            fix = "set service_account_name, or account_id in Python"
            raise InputError([found._replace(what=what, fix=fix, on=on, key=key)]) from error
        self._scope = scope
        self._id = id
        self._project_id = project.project_id
        arguments = {"project": self._project_id, "account_id": account_id, "display_name": display_name}
        self._account = Resource(scope, "google_service_account", id, arguments, depends_on)
        self.email = self._account.attribute("email")
        """The account's e-mail address."""
        self.member = self._account.attribute("member")
        """The account, as a member of an IAM policy."""
        for role in roles:
            name = f"{id}_" + role.rpartition("/")[2].replace(".", "_")
            grant = {"project": self._project_id, "role": role, "member": self.member}
            Resource(scope, "google_project_iam_member", name, grant)
        self._let_act_as_itself(f"{id}_signer", _SIGNER_ROLE, self.member)

    @property
    def bucket_members(self) -> list[str]:
        """The account, as the only member of the bucket's IAM policy."""
        return [self.member]

    def bind_workload_identity(self, namespace: str, service_account: str, depends_on: Sequence[Construct]) -> None:
        """Lets the pods of a Kubernetes service account impersonate this account.

        Args:
            namespace: The Kubernetes service account's namespace.
            service_account: The Kubernetes service account's name.
            depends_on: The cluster: a project's first cluster creates the project's workload identity pool.
        """
        pods = f"serviceAccount:{self._project_id}.svc.id.goog[{namespace}/{service_account}]"
        self._let_act_as_itself(f"{self._id}_pods", _POD_ROLE, pods, depends_on)

    def _let_act_as_itself(self, id: str, role: str, member: str, depends_on: Sequence[Construct] = ()) -> None:
        grant = {"service_account_id": self._account.attribute("name"), "role": role, "member": member}
        Resource(self._scope, "google_service_account_iam_member", id, grant, depends_on)


class OperatorAccount(PodAccount):
    """The account of a cluster's nodes, of Anyscale's operator, and of workloads without their own account.

    In addition to the permissions of a `PodAccount`, it can read images and write logs and metrics in the project.

    Args:
        scope: The stack.
        project: The account's project.
        account_id: The account's name; 6 to 30 characters.
        file_storage: Whether it may manage Filestore; mounting an instance needs no role.
        depends_on: Constructs that must be created first. Default: none.

    Raises:
        InputError: The name is not a valid account name.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        project: IProject,
        account_id: str,
        file_storage: bool = False,
        depends_on: Sequence[Construct] = (),
    ) -> None:
        super().__init__(
            scope,
            "operator",
            project=project,
            account_id=account_id,
            display_name="Anyscale's operator, workloads and nodes",
            whose="the operator's",
            roles=[*_PROJECT_ROLES, *([_FILE_ROLE] if known(file_storage, "file_storage") else [])],
            depends_on=depends_on,
        )
