"""Workload identity federation, by which Anyscale's control plane, which runs on AWS, impersonates a service account.

A provider in an identity pool trusts Anyscale's AWS account, and in it only the role that Anyscale uses for one
organization: the subjects of its tokens begin with `arn:aws:sts::525325868955:assumed-role/gcp_if_<organization id>`.
All identities of the pool can impersonate the control plane's service account, so the pool must have no other
providers. No service account keys are created.
"""

from pydantic import Field, TypeAdapter

from anyscale_constructs.anyscale import CONTROL_PLANE_ACCOUNT
from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import OrgId
from anyscale_constructs.findings import Finding
from anyscale_constructs.google.guards import name_is_refused
from anyscale_constructs.google.types import IdentityProviderName, PoolId
from anyscale_constructs.terraform.guards import Inputs, guard, too_long, value_is_refused

_ORGANIZATION: TypeAdapter[str] = TypeAdapter(OrgId)
_PROVIDER: TypeAdapter[str | None] = TypeAdapter(IdentityProviderName | None)
_POOL: TypeAdapter[str] = TypeAdapter(PoolId)
_NAMES = ("workload_identity_pool_name", "workload_identity_pool_provider_name")
# Google's limits, which are the same for the pool and its provider.
_LONGEST_TEXTS = {"workload_identity_pool_display_name": 32, "workload_identity_pool_description": 256}


class ExistingIdentityProvider(Model):
    """An existing identity provider, which must trust Anyscale for the organization like a new one."""

    provider_name: IdentityProviderName = Field(
        description="The provider's full name, which contains the project number."
    )


@guard("google-organization-trust", "anyscale_org_id")
def the_organization_is_the_only_one_trusted(i: Inputs) -> Finding | None:
    """Upstream trusts every organization whose ID begins with this value, and it accepts org_ alone."""
    return value_is_refused(_ORGANIZATION, i["anyscale_org_id"], "anyscale_org_id", "use your organization's whole ID")


@guard(
    "google-control-plane-trust",
    "workload_anyscale_aws_account_id",
    "anyscale_access_aws_account_id",
    severity="warning",
)
def anyscale_is_trusted(i: Inputs) -> Finding | None:
    """Roles of another AWS account could act as Anyscale's control plane, and Anyscale itself could not."""
    for name in ("workload_anyscale_aws_account_id", "anyscale_access_aws_account_id"):
        if i.known(name) and i[name] not in (None, CONTROL_PLANE_ACCOUNT):
            return Finding(
                f"{name} is not the AWS account of Anyscale's control plane",
                "remove it",
                i[name],
                CONTROL_PLANE_ACCOUNT,
                on=[name],
            )
    return None


@guard("identity-provider-name", "existing_workload_identity_provider_name")
def an_existing_provider_is_named_in_full(i: Inputs) -> Finding | None:
    """Upstream reads the pool from the full name, and Google identifies a pool's members by the project number."""
    name = "existing_workload_identity_provider_name"
    command = "gcloud iam workload-identity-pools providers list"
    return value_is_refused(_PROVIDER, i[name], name, f"use the full name, which {command} shows")


@guard("identity-pool-settings", *_NAMES, *_LONGEST_TEXTS)
def pool_settings_need_a_new_pool(i: Inputs) -> Finding | None:
    """Upstream ignores the settings of a new pool if an existing provider is set."""
    if i["existing_workload_identity_provider_name"] is not None:
        for name in (*_NAMES, *_LONGEST_TEXTS):
            if name in i.given:
                return Finding(
                    f"{name} has no effect with existing_workload_identity_provider_name", "remove it", on=[name]
                )
    return None


@guard("identity-pool-name", *_NAMES, "anyscale_access_service_acct_name", "anyscale_access_service_acct_name_prefix")
def pool_names_are_ones_google_accepts(i: Inputs) -> Finding | None:
    """Google rejects invalid pool IDs. By default, a pool has its account's name, which may begin with gcp-."""
    account = ("anyscale_access_service_acct_name", "anyscale_access_service_acct_name_prefix")
    for name in _NAMES:
        given = i[name] is not None
        found = (
            value_is_refused(_POOL, i[name], name, "choose another name")
            if given
            else name_is_refused(i, _POOL, *account, default="anyscale-")
        )
        if found:
            return found._replace(on=[name]) if given else found
    return None


@guard("identity-pool-text", *_LONGEST_TEXTS)
def pool_texts_fit(i: Inputs) -> Finding | None:
    """Google rejects longer display names and descriptions at apply, after the accounts have been created."""
    return too_long(i, _LONGEST_TEXTS)


GUARDS = (
    the_organization_is_the_only_one_trusted,
    anyscale_is_trusted,
    an_existing_provider_is_named_in_full,
    pool_settings_need_a_new_pool,
    pool_names_are_ones_google_accepts,
    pool_texts_fit,
)
"""The guards for the module that creates the pool, which is that of the service accounts."""
