"""The service accounts of Anyscale's control plane and of its nodes: new, or existing ones."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, Unpack

from pydantic import Field, TypeAdapter

from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Known, empty_list
from anyscale_constructs.engine import Construct
from anyscale_constructs.expressions import fn, is_unresolved
from anyscale_constructs.findings import Finding, Rule
from anyscale_constructs.google import workload_identity
from anyscale_constructs.google.guards import (
    CLIENT_CONFIG,
    exact_names,
    name_is_refused,
    the_module_is_enabled,
    the_random_suffix_has_a_length,
)
from anyscale_constructs.google.project import IProject
from anyscale_constructs.google.types import GcpRegion, Role, RoleId, ServiceAccountEmail, ServiceAccountName
from anyscale_constructs.google.workload_identity import ExistingIdentityProvider
from anyscale_constructs.modules.google.iam import IamInputs, IamModule
from anyscale_constructs.terraform.guards import Guard, Inputs, guard, value_is_refused

_ACCESS, _NODE, _ROLE = (
    "anyscale_access_service_acct_name",
    "anyscale_cluster_node_service_acct_name",
    "anyscale_access_role_id",
)
_SUFFIX, _POOL = "enable_random_name_suffix", "workload_identity_pool_name"
_ACCOUNT_NAME: TypeAdapter[str] = TypeAdapter(ServiceAccountName)
_ROLE_ID: TypeAdapter[str] = TypeAdapter(RoleId)
_ROLES: TypeAdapter[list[str]] = TypeAdapter(list[Role])
_LONGEST_ROLE_ID = 28
# Any one of these is enough.
_WANTED_ROLES = {
    "anyscale_access_service_acct_binding_permissions": {"roles/iam.serviceAccountTokenCreator"},
    "anyscale_cluster_node_service_acct_permissions": {"roles/artifactregistry.reader", "roles/viewer"},
}


class IamConfig(Model):
    """New service accounts."""

    anyscale_service_account_name: ServiceAccountName | None = Field(
        default=None,
        description="The name of the control plane's account. Default: a unique name. Set both names or neither, or "
        "one with enable_random_name_suffix: true in modules.iam.inputs, which appends a suffix to it.",
    )
    cluster_service_account_name: ServiceAccountName | None = Field(
        default=None, description="The name of the nodes' account. Default: a unique name."
    )
    cluster_node_logging: Known[bool] = Field(default=False, description="Whether nodes may write logs and metrics.")
    cluster_node_roles: list[Role] = Field(
        default_factory=empty_list,
        description="The older name of workloads.roles; set only one of them. Default: none; nodes can always read "
        "images.",
    )
    identity_provider: ExistingIdentityProvider | None = Field(
        default=None,
        description="The identity provider for Anyscale's control plane. Default: a new one that trusts only Anyscale.",
    )


class IBucketUsers(Protocol):
    """The bucket's users: `Iam`, `ExistingServiceAccounts`, `OperatorAccount`, or a class with this property."""

    @property
    def bucket_members(self) -> list[str]:
        """The members of the bucket's IAM policy."""
        ...


class ExistingServiceAccounts(ExistingIdentityProvider):
    """Existing service accounts, and the identity provider for Anyscale's control plane.

    The control plane's account must be able to create tokens for itself, manage instances in the project, and use the
    nodes' account. All identities of the provider's pool must be able to impersonate it (Workload Identity User).
    """

    anyscale_service_account_email: ServiceAccountEmail = Field(description="The control plane's account.")
    cluster_service_account_email: ServiceAccountEmail = Field(description="The nodes' account.")

    @property
    def bucket_members(self) -> list[str]:
        """Both accounts, as members of the bucket's IAM policy."""
        return [
            f"serviceAccount:{self.anyscale_service_account_email}",
            f"serviceAccount:{self.cluster_service_account_email}",
        ]


ROLE_OFF = Rule(
    "google-control-plane-role-off", "warning", "Without a role, Anyscale's control plane cannot manage instances."
)


@guard("google-control-plane-role", "create_anyscale_access_role", "existing_anyscale_access_role_name")
def the_control_plane_gets_a_role(i: Inputs) -> Finding | None:
    """Upstream uses the role that it creates even if an existing one is set, or fails if it creates none."""
    if i["existing_anyscale_access_role_name"] is not None:
        return Finding(
            "existing_anyscale_access_role_name does not work: upstream grants the role that it creates, or fails",
            "remove it, set create_anyscale_access_role to false, and grant the role in a separate resource",
            on=["existing_anyscale_access_role_name"],
        )
    if i["create_anyscale_access_service_acct"] is True and i["create_anyscale_access_role"] is False:
        return Finding(
            "create_anyscale_access_role is false, so the control plane's account has no role in the project",
            "remove it, unless you grant a role in a separate resource",
            on=["create_anyscale_access_role"],
            rule=ROLE_OFF,
        )
    return None


@guard(
    "google-service-account-missing",
    "create_anyscale_access_service_acct",
    "create_anyscale_cluster_node_service_acct",
    severity="warning",
)
def both_accounts_are_made(i: Inputs) -> Finding | None:
    """Upstream lets the control plane's account use the nodes' account only if it creates both."""
    switches = ("create_anyscale_access_service_acct", "create_anyscale_cluster_node_service_acct")
    off = [switch for switch in switches if i[switch] is False]
    if off:
        return Finding(
            f"{off[0]} is false, so the control plane's account cannot use the nodes' account",
            "remove it, or use two existing accounts, or grant roles/iam.serviceAccountUser yourself",
            on=[off[0]],
        )
    return None


@guard("google-role-binding", "create_gke_cluster_service_acct")
def google_role_binding(i: Inputs) -> Finding | None:
    """Upstream grants the GKE account's roles with google_project_iam_binding, which removes all other members."""
    if i["create_gke_cluster_service_acct"] is True:
        return Finding(
            "create_gke_cluster_service_acct removes its roles, such as roles/logging.logWriter, from every other "
            "account in the project",
            "remove it, and create the account and google_project_iam_member resources yourself",
        )
    return None


@guard("google-service-account-names", _ACCESS, _NODE, _SUFFIX)
def accounts_are_named_together(i: Inputs) -> Finding | None:
    """Upstream has one switch for the random suffix of both accounts, and appends it to names and to prefixes."""
    named = [name for name in (_ACCESS, _NODE) if i[name] is not None]
    if len(named) == 1 and i.given.get(_SUFFIX) is not True:
        other = _NODE if named == [_ACCESS] else _ACCESS
        return Finding(
            f"{named[0]} is set without {other}",
            f"set both, or neither; or set {_SUFFIX} to true in modules.iam.inputs, which appends a suffix to the name",
            on=named,
        )
    return None


@guard("google-iam-name", _ACCESS, _NODE, _ROLE, f"{_ACCESS}_prefix", f"{_NODE}_prefix", f"{_ROLE}_prefix")
def names_are_ones_google_accepts(i: Inputs) -> Finding | None:
    """Google rejects invalid names of accounts and roles at apply. Upstream checks them without the random suffix."""
    return (
        name_is_refused(i, _ACCOUNT_NAME, _ACCESS, f"{_ACCESS}_prefix", default="anyscale-")
        or name_is_refused(i, _ACCOUNT_NAME, _NODE, f"{_NODE}_prefix", default="anyscale-")
        or name_is_refused(i, _ROLE_ID, _ROLE, f"{_ROLE}_prefix", default="anyscale_")
    )


@guard(
    "google-kept-name",
    _POOL,
    _ACCESS,
    _ROLE,
    _SUFFIX,
    severity="warning",
    source="https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/google_project_iam_custom_role",
)
def google_kept_name(i: Inputs) -> Finding | None:
    """Google reserves the ID of a deleted identity pool for 30 days, and that of a deleted role for 7 to 37.

    Until then, no new resource can have the ID: a cloud with fixed names cannot be created again after it is destroyed,
    and its accounts cannot get their old names back.
    """
    new = {
        "the identity pool": i["create_anyscale_access_service_acct"] is True
        and i["existing_workload_identity_provider_name"] is None
        and (i[_POOL] is not None or i[_SUFFIX] is False),
        "the role": i["create_anyscale_access_role"] is True and i[_SUFFIX] is False,
    }
    kept = [what for what, has_fixed_id in new.items() if has_fixed_id]
    if kept:
        return Finding(
            f"{' and '.join(kept)} would have a fixed ID, which Google reserves for up to 37 days after Terraform "
            "deletes it",
            "use prefixes for a cloud that may be created again, or allow google-kept-name",
            on=[name for name in (_POOL, _ACCESS, _ROLE, _SUFFIX) if name in i.given][:1],
        )
    return None


@guard("google-role-name", *_WANTED_ROLES)
def roles_are_named_in_full(i: Inputs) -> Finding | None:
    """Google accepts only the full names of roles."""
    for name in _WANTED_ROLES:
        if i.known(name) and (found := value_is_refused(_ROLES, i[name], name, "use the full name")):
            return found._replace(on=[name])
    return None


@guard("google-role-missing", *_WANTED_ROLES, severity="warning")
def google_role_missing(i: Inputs) -> Finding | None:
    """The control plane signs links to logs, and nodes pull images. `anyscale cloud verify` checks both roles."""
    for name, roles in _WANTED_ROLES.items():
        if i.known(name) and not roles & set(i[name]):
            allowed = " or ".join(sorted(roles))
            return Finding(f"{name} lacks a role that Anyscale needs", "add it", i[name], allowed, on=[name])
    return None


class Iam(IamModule):
    """The control plane's service account with its identity pool, and the nodes' service account.

    Names are used unchanged; prefixes get a random suffix.

    Args:
        scope: The stack.
        id: The construct's ID in the stack. Default: `iam`.
        project: The accounts' project.
        region: The cloud's region, for the accounts' descriptions.
        anyscale_org_id: The only Anyscale organization that is trusted.
        identity_provider: An existing identity provider. Default: a new one in its own pool.
        depends_on: Constructs that must be created first. Default: none.
        **inputs: Upstream's input variables, with upstream's names.

    Raises:
        InputError: An input is invalid, or breaks one of the construct's rules.
    """

    guards: ClassVar[Sequence[Guard]] = (
        the_module_is_enabled,
        the_random_suffix_has_a_length,
        *workload_identity.GUARDS,
        the_control_plane_gets_a_role,
        both_accounts_are_made,
        google_role_binding,
        accounts_are_named_together,
        names_are_ones_google_accepts,
        google_kept_name,
        roles_are_named_in_full,
        google_role_missing,
    )
    settled = (CLIENT_CONFIG,)

    def __init__(
        self,
        scope: Construct,
        id: str = "iam",
        *,
        project: IProject,
        region: GcpRegion,
        anyscale_org_id: str,
        identity_provider: ExistingIdentityProvider | None = None,
        depends_on: Sequence[Construct] = (),
        **inputs: Unpack[IamInputs],
    ) -> None:
        self._project = project
        self._region = region
        self._identity_provider = identity_provider
        super().__init__(scope, id, anyscale_org_id=anyscale_org_id, depends_on=depends_on, **inputs)

    def complete(self, given: dict[str, Any]) -> dict[str, Any]:
        """Sets the identity provider, and names the role after its account."""
        given = {"anyscale_project_id": self._project.project_id, "google_region": self._region} | given
        if self._identity_provider:
            given = {"existing_workload_identity_provider_name": self._identity_provider.provider_name} | given
        if _ACCESS in given and _ROLE not in given:
            given[_ROLE] = role_id(given[_ACCESS])
        return exact_names(given, _NODE) if _ACCESS in given else given

    @property
    def anyscale_service_account_email(self) -> str:
        """The e-mail address of the account that Anyscale's control plane impersonates."""
        return self.iam_anyscale_access_service_acct_email

    @property
    def cluster_service_account_email(self) -> str:
        """The e-mail address of the nodes' account."""
        return self.iam_anyscale_cluster_node_service_acct_email

    @property
    def provider_name(self) -> str:
        """The identity provider's full name: upstream's output is null for an existing one."""
        existing: str | None = self.inputs["existing_workload_identity_provider_name"]
        return self.iam_workload_identity_provider_name if existing is None else existing

    @property
    def bucket_members(self) -> list[str]:
        """The new accounts, as members of the bucket's IAM policy: upstream's output is null for existing ones."""
        members = {
            "create_anyscale_access_service_acct": self.iam_anyscale_access_service_acct_member,
            "create_anyscale_cluster_node_service_acct": self.iam_anyscale_cluster_node_service_acct_member,
        }
        return [member for switch, member in members.items() if self.inputs[switch] is not False]


def role_id(name: str) -> str:
    """Returns a name as the ID of a role, which cannot contain hyphens."""
    if is_unresolved(name):
        return fn.substr(fn.replace(name, "-", "_"), 0, _LONGEST_ROLE_ID)
    return name.replace("-", "_")[:_LONGEST_ROLE_ID]
