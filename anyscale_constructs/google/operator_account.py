"""The service accounts of a Kubernetes cloud, for which upstream has no module that leaves others' roles alone."""

from collections.abc import Sequence
from dataclasses import replace

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
    """The account of the pods of a Kubernetes service account, by workload identity.

    It makes tokens, which sign links to files in the bucket, for itself alone: upstream's examples let it act as every
    account of the project. All grants are members beside others, never bindings, which would take the roles from
    others.

    Args:
        scope: The stack.
        id: What the names of its resources are or begin with.
        project: The project it is in.
        account_id: Its name; 6 to 30 characters.
        display_name: What it is for.
        whose: Whose account it is, in messages.
        roles: Its roles in the project.
        depends_on: Constructs that must be there first.

    Raises:
        InputError: Google refuses the name.
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
            raise InputError([replace(found, what=what, fix=fix, on=on, key=key)]) from error
        self._scope = scope
        self._id = id
        self._project_id = project.project_id
        arguments = {"project": self._project_id, "account_id": account_id, "display_name": display_name}
        self._account = Resource(scope, "google_service_account", id, arguments, depends_on)
        self.email = self._account.attribute("email")
        """Its e-mail address."""
        self.member = self._account.attribute("member")
        """It, as Google's policies write it."""
        for role in roles:
            name = f"{id}_" + role.rpartition("/")[2].replace(".", "_")
            grant = {"project": self._project_id, "role": role, "member": self.member}
            Resource(scope, "google_project_iam_member", name, grant)
        self._let_act_as_itself(f"{id}_signer", _SIGNER_ROLE, self.member)

    @property
    def bucket_members(self) -> list[str]:
        """It, as the only member of a bucket."""
        return [self.member]

    def bind_workload_identity(self, namespace: str, service_account: str, depends_on: Sequence[Construct]) -> None:
        """Lets the pods of a Kubernetes service account be it.

        Args:
            namespace: That account's.
            service_account: Its name.
            depends_on: The cluster: the first one in a project makes the project's workload identity pool.
        """
        pods = f"serviceAccount:{self._project_id}.svc.id.goog[{namespace}/{service_account}]"
        self._let_act_as_itself(f"{self._id}_pods", _POD_ROLE, pods, depends_on)

    def _let_act_as_itself(self, id: str, role: str, member: str, depends_on: Sequence[Construct] = ()) -> None:
        grant = {"service_account_id": self._account.attribute("name"), "role": role, "member": member}
        Resource(self._scope, "google_service_account_iam_member", id, grant, depends_on)


class OperatorAccount(PodAccount):
    """The account of a cluster's nodes and of Anyscale's operator, and of workloads without one of their own.

    In the project it may read images and write logs and metrics, beside what every `PodAccount` may.

    Args:
        scope: The stack.
        project: The project it is in.
        account_id: Its name; 6 to 30 characters.
        file_storage: Whether it may manage Filestore; mounting an instance takes no role.
        depends_on: Constructs that must be there first.

    Raises:
        InputError: Google refuses the name.
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
