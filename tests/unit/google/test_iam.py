"""The service accounts, the identity federation and their guards."""

import pytest

from anyscale_constructs.anyscale import CONTROL_PLANE_ACCOUNT
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.google import ExistingServiceAccounts, Iam
from anyscale_constructs.google import iam as guards
from anyscale_constructs.google import workload_identity as federation
from anyscale_constructs.terraform.interface import Interface
from anyscale_constructs.terraform.stack import CloudStack
from tests import spelled
from tests.unit.google.parts import ACCOUNTS, ENABLED, IDENTITY_PROVIDER, PROJECT, PROVIDER, RANDOM_SUFFIX, REGION, many
from tests.unit.guards import Case, Table

NAMES = {"anyscale_access_service_acct_name": "acme-access", "anyscale_cluster_node_service_acct_name": "acme-node"}

TABLE = Table(
    Iam,
    {"project": PROJECT, "region": REGION, "anyscale_org_id": "org_1234abcd"},
    [
        ENABLED,
        RANDOM_SUFFIX,
        Case(
            federation.the_organization_is_the_only_one_trusted,
            "anyscale_org_id: must be an Anyscale organization ID",
            springs=many(anyscale_org_id=["org_", "org_1234abcd/", "org_*", "1234abcd"]),
            passes=many(anyscale_org_id=["org_7c1KalmX"]),
        ),
        Case(
            federation.anyscale_is_trusted,
            "is not the AWS account of Anyscale's control plane",
            springs=many(
                workload_anyscale_aws_account_id=["111122223333"], anyscale_access_aws_account_id=["111122223333"]
            ),
            passes=many(workload_anyscale_aws_account_id=[CONTROL_PLANE_ACCOUNT]),
        ),
        Case(
            federation.an_existing_provider_is_named_in_full,
            "must be an identity provider's full name",
            springs=many(
                existing_workload_identity_provider_name=[
                    "anyscale",
                    PROVIDER.replace("123456789012", "acme-ml"),
                    PROVIDER.rpartition("/providers/")[0],
                    f"//iam.googleapis.com/{PROVIDER}",
                ]
            ),
            passes=[{"identity_provider": IDENTITY_PROVIDER}],
        ),
        Case(
            federation.pool_settings_need_a_new_pool,
            "has no effect with existing_workload_identity_provider_name",
            springs=[
                {"identity_provider": IDENTITY_PROVIDER, "workload_identity_pool_name": "anyscale"},
                {"identity_provider": IDENTITY_PROVIDER, "workload_identity_pool_description": "Anyscale"},
            ],
            passes=[{"workload_identity_pool_name": "anyscale"}, {"identity_provider": IDENTITY_PROVIDER}],
        ),
        Case(
            federation.pool_names_are_ones_google_accepts,
            "not beginning with gcp-",
            springs=[
                {"anyscale_access_service_acct_name_prefix": "gcp-anyscale-"},
                {"workload_identity_pool_name": "gcp-anyscale"},
                {"workload_identity_pool_name": "Anyscale"},
                {"workload_identity_pool_provider_name": "abc"},
            ],
            passes=[
                {
                    "anyscale_access_service_acct_name_prefix": "gcp-anyscale-",
                    "workload_identity_pool_name": "anyscale",
                    "workload_identity_pool_provider_name": "a" * 32,
                }
            ],
        ),
        Case(
            federation.pool_texts_fit,
            "is too long",
            springs=many(
                workload_identity_pool_display_name=["a" * 33], workload_identity_pool_description=["a" * 257]
            ),
            passes=many(workload_identity_pool_display_name=["a" * 32], workload_identity_pool_description=["a" * 256]),
        ),
        Case(
            guards.the_control_plane_gets_a_role,
            "_anyscale_access_role",
            springs=[
                {"existing_anyscale_access_role_name": "roles/editor"},
                {"existing_anyscale_access_role_name": "roles/editor", "create_anyscale_access_role": False},
                {"create_anyscale_access_role": False},
            ],
            passes=[{"create_anyscale_access_role": True}],
        ),
        Case(
            guards.both_accounts_are_made,
            "is false, so the control plane's account cannot use the nodes' account",
            springs=many(
                create_anyscale_access_service_acct=[False], create_anyscale_cluster_node_service_acct=[False]
            ),
            passes=many(create_anyscale_access_service_acct=[True]),
        ),
        Case(
            guards.google_role_binding,
            "from every other account in the project",
            springs=many(create_gke_cluster_service_acct=[True]),
            passes=many(create_gke_cluster_service_acct=[False]),
        ),
        Case(
            guards.accounts_are_named_together,
            "is set without",
            springs=[{name: value} for name, value in NAMES.items()],
            passes=[NAMES, {}, *({name: value, "enable_random_name_suffix": True} for name, value in NAMES.items())],
        ),
        Case(
            guards.names_are_ones_google_accepts,
            "must be",
            springs=[
                {**NAMES, "anyscale_access_service_acct_name": "acme"},
                {**NAMES, "anyscale_access_service_acct_name": "a" * 31},
                {**NAMES, "anyscale_cluster_node_service_acct_name": "a" * 27, "enable_random_name_suffix": True},
                {"anyscale_cluster_node_service_acct_name_prefix": "a" * 25, "random_char_length": 6},
                {"anyscale_cluster_node_service_acct_name_prefix": "acme-", "enable_random_name_suffix": False},
                {"anyscale_access_role_id": "acme-access"},
            ],
            passes=[
                {**NAMES, "anyscale_cluster_node_service_acct_name": "a" * 30},
                {"anyscale_access_service_acct_name_prefix": "a" * 25},
                {"anyscale_access_role_id": "acme_access"},
            ],
        ),
        Case(
            guards.google_kept_name,
            "would have a fixed ID",
            springs=[
                NAMES,
                {"workload_identity_pool_name": "acme-pool"},
                {**NAMES, "existing_workload_identity_provider_name": PROVIDER},
                {**NAMES, "create_anyscale_access_role": False},
            ],
            passes=[
                {},
                {"anyscale_access_service_acct_name_prefix": "acme-"},
                {**NAMES, "enable_random_name_suffix": True},
                {
                    **NAMES,
                    "existing_workload_identity_provider_name": PROVIDER,
                    "create_anyscale_access_role": False,
                },
            ],
        ),
        Case(
            guards.roles_are_named_in_full,
            "must be a role's full name",
            springs=many(anyscale_cluster_node_service_acct_permissions=[["roles/viewer", "editor"]]),
            passes=many(
                anyscale_cluster_node_service_acct_permissions=[["roles/viewer", "projects/acme-ml/roles/nodes"]]
            ),
        ),
        Case(
            guards.google_role_missing,
            "lacks a role that Anyscale needs",
            springs=many(
                anyscale_access_service_acct_binding_permissions=[[]],
                anyscale_cluster_node_service_acct_permissions=[["roles/pubsub.viewer"]],
            ),
            passes=many(anyscale_cluster_node_service_acct_permissions=[["roles/viewer"]]),
        ),
    ],
)


def test_a_new_provider_trusts_anyscales_account_and_the_organization(stack: CloudStack) -> None:
    iam = Iam(stack, project=PROJECT, region=REGION, anyscale_org_id="org_1234abcd")
    assert iam.rendered == {
        "anyscale_org_id": "org_1234abcd",
        "anyscale_project_id": "acme-ml",
        "google_region": REGION,
    }
    assert Interface.load("google/iam").variable("anyscale_access_aws_account_id").default == CONTROL_PLANE_ACCOUNT
    assert spelled(iam.provider_name) == "${module.iam.iam_workload_identity_provider_name}"


def test_an_existing_provider_keeps_its_name(stack: CloudStack) -> None:
    iam = Iam(
        stack, project=PROJECT, region=REGION, anyscale_org_id="org_1234abcd", identity_provider=IDENTITY_PROVIDER
    )
    assert iam.rendered["existing_workload_identity_provider_name"] == iam.provider_name == PROVIDER


def test_a_role_is_named_like_its_account(stack: CloudStack) -> None:
    iam = Iam(
        stack,
        project=PROJECT,
        region=REGION,
        anyscale_org_id="org_1234abcd",
        anyscale_access_service_acct_name="a-" * 14 + "b",
        anyscale_cluster_node_service_acct_name="acme-node",
    )
    assert iam.rendered["anyscale_access_role_id"] == "a_" * 14
    assert iam.rendered["enable_random_name_suffix"] is False


def test_members_of_a_bucket_are_never_null(stack: CloudStack) -> None:
    iam = Iam(
        stack,
        project=PROJECT,
        region=REGION,
        anyscale_org_id="org_1234abcd",
        create_anyscale_access_service_acct=False,
    )
    assert spelled(iam.bucket_members) == ["${module.iam.iam_anyscale_cluster_node_service_acct_member}"]
    assert ACCOUNTS.bucket_members == [
        "serviceAccount:access@acme-ml.iam.gserviceaccount.com",
        "serviceAccount:node@acme-ml.iam.gserviceaccount.com",
    ]


@pytest.mark.parametrize("email", ["access", "access@acme.com", "serviceAccount:a@acme-ml.iam.gserviceaccount.com/x"])
def test_fails_on_invalid_accounts(email: str) -> None:
    with pytest.raises(ConfigError, match="a service account's e-mail address"):
        ExistingServiceAccounts(**{**ACCOUNTS.model_dump(), "anyscale_service_account_email": email})
