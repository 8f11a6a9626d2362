"""The project: new, or an existing one."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, Unpack

from pydantic import Field, TypeAdapter

from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import OrExpr, empty_map
from anyscale_constructs.engine import Construct
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.google.guards import (
    exact_names,
    globally_unique,
    labels_are_ones_google_accepts,
    name_is_refused,
    the_module_is_enabled,
    the_random_suffix_has_a_length,
)
from anyscale_constructs.google.types import (
    BillingAccountId,
    FolderId,
    GcpProjectId,
    Labels,
    OrganizationNumber,
    ProjectId,
    ProjectName,
)
from anyscale_constructs.modules.google.project import ProjectInputs, ProjectModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard, value_is_refused

_BILLING_ACCOUNT: TypeAdapter[str] = TypeAdapter(BillingAccountId)
_ID: TypeAdapter[str] = TypeAdapter(ProjectId)
_NAME: TypeAdapter[str] = TypeAdapter(ProjectName)
_DEFAULT = "anyscale-"


class ProjectConfig(Model):
    """A new project."""

    billing_account_id: BillingAccountId = Field(description="The billing account's ID.")
    id: ProjectId | None = Field(
        default=None, description="The project's ID. Default: a unique ID that begins with name_prefix."
    )
    name: ProjectName | None = Field(default=None, description="The project's display name. Default: the ID.")
    folder_id: FolderId | None = Field(
        default=None, description="The project's folder; set this or organization_id. Default: none."
    )
    organization_id: OrganizationNumber | None = Field(
        default=None, description="The project's organization, unless folder_id is set. Default: none."
    )
    labels: OrExpr[Labels] = Field(
        default_factory=empty_map, description="Labels of the project, in addition to the cloud's. Default: none."
    )


class IProject(Protocol):
    """A project: `Project`, `ExistingProject`, or a class with this property."""

    @property
    def project_id(self) -> str:
        """The project's ID."""
        ...


class ExistingProject(Model):
    """An existing project, with a billing account."""

    project_id: GcpProjectId


@guard("billing-account-id", "billing_account_id")
def the_billing_account_is_an_id(i: Inputs) -> Finding | None:
    """Google accepts neither the names nor the paths of billing accounts."""
    return value_is_refused(
        _BILLING_ACCOUNT,
        i["billing_account_id"],
        "billing_account_id",
        "use the ID, which gcloud billing accounts list shows",
    )


@guard("project-id", "anyscale_project_id", "anyscale_project_name", "anyscale_project_name_prefix")
def project_id_is_one_google_accepts(i: Inputs) -> Finding | None:
    """Google rejects invalid project IDs. Without an ID, upstream uses the name, which may have other characters."""
    names = ("anyscale_project_id", "anyscale_project_name", "anyscale_project_name_prefix")
    return name_is_refused(i, _ID, *names, default=_DEFAULT)


@guard("project-name", "anyscale_project_name", "anyscale_project_name_prefix")
def project_name_is_one_google_accepts(i: Inputs) -> Finding | None:
    """Google rejects invalid project names at apply."""
    return name_is_refused(i, _NAME, "anyscale_project_name", "anyscale_project_name_prefix", default=_DEFAULT)


NO_PARENT = Rule(
    "project-parent-missing", "warning", "A service account can create projects only in a folder or an organization."
)


@guard("project-parent", "folder_id", "organization_id")
def the_project_has_one_parent(i: Inputs) -> Finding | None:
    """A project has one parent. Upstream ignores the organization if a folder is set."""
    folder, organization = i["folder_id"], i["organization_id"]
    if folder is not None and organization is not None:
        return Finding(
            "organization_id has no effect with folder_id", "remove one of them", organization, on=["organization_id"]
        )
    if folder is None and organization is None:
        return Finding(
            "neither folder_id nor organization_id is set, but a service account can create a project only in one",
            "set one of them, unless a user account applies the cloud",
            rule=NO_PARENT,
        )
    return None


class Project(ProjectModule):
    """A project with a billing account and with audit logs of all data access.

    Names are used unchanged; prefixes get a random suffix.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `project`.
        billing_account_id: The billing account's ID, e.g. `01ABCD-234567-89EF01`.
        depends_on: Constructs that must be created first. Default: none.
        **inputs: Upstream's input variables, with upstream's names.

    Raises:
        InputError: An input is invalid, or breaks one of the construct's rules.
    """

    guards: ClassVar[Sequence[Guard]] = (
        the_module_is_enabled,
        the_random_suffix_has_a_length,
        labels_are_ones_google_accepts,
        the_billing_account_is_an_id,
        project_id_is_one_google_accepts,
        project_name_is_one_google_accepts,
        the_project_has_one_parent,
    )

    def __init__(
        self,
        scope: Construct,
        id: str = "project",
        *,
        billing_account_id: str,
        depends_on: Sequence[Construct] = (),
        **inputs: Unpack[ProjectInputs],
    ) -> None:
        super().__init__(scope, id, billing_account_id=billing_account_id, depends_on=depends_on, **inputs)

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Disables the random suffix for names."""
        return exact_names(globally_unique(given), "anyscale_project_name", "anyscale_project_id")
