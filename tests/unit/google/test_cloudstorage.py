"""The bucket, its guards and its IAM members."""

from typing import Any

import pytest

from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import expr
from anyscale_constructs.google import CloudStorage, ExistingBucket
from anyscale_constructs.google import cloudstorage as guards
from anyscale_constructs.terraform.stack import CloudStack
from tests import spelled
from tests.unit.google.parts import ACCOUNTS, ENABLED, KEY, LABELS, PROJECT, RANDOM_SUFFIX, REGION, many
from tests.unit.guards import Case, Table, said

CORS = {
    "origins": ["https://*.anyscale.com"],
    "methods": ["GET"],
    "response_headers": ["*"],
    "max_age_seconds": 60,
}


def lifecycle(**condition: str) -> dict[str, Any]:
    return {"lifecycle_rules": [{"action": {"type": "Delete"}, "condition": condition}]}


TABLE = Table(
    CloudStorage,
    {"project": PROJECT, "region": REGION, "iam": ACCOUNTS},
    [
        ENABLED,
        RANDOM_SUFFIX,
        LABELS,
        Case(
            guards.bucket_name_is_one_google_accepts,
            "must be a bucket name",
            springs=[
                *many(anyscale_bucket_name=["Acme", "ab", "acme-", "goog-acme", "acme-google", "acme.com", "a" * 64]),
                *many(anyscale_bucket_name_prefix=["a" * 56, "_acme"]),
            ],
            passes=[*many(anyscale_bucket_name=["a" * 63, "acme_1"]), *many(anyscale_bucket_name_prefix=["a" * 55])],
        ),
        Case(
            guards.the_storage_class_fits_the_location,
            "bucket_storage_class does not fit",
            springs=[
                {"bucket_storage_class": "MULTI_REGIONAL"},
                {"bucket_storage_class": "REGIONAL", "bucket_location": "us"},
                {"bucket_storage_class": "REGIONAL", "bucket_location": "NAM4"},
            ],
            passes=[
                {"bucket_storage_class": "REGIONAL"},
                {"bucket_storage_class": "MULTI_REGIONAL", "bucket_location": "EU"},
                {"bucket_storage_class": "MULTI_REGIONAL", "bucket_location": "NAM4"},
                {"bucket_storage_class": "NEARLINE", "bucket_location": "EU"},
            ],
        ),
        Case(
            guards.gcs_key_location,
            "bucket_encryption_key_name",
            springs=[
                {"bucket_encryption_key_name": "storage"},
                {"bucket_encryption_key_name": KEY, "bucket_location": "US"},
                {"bucket_encryption_key_name": KEY.replace(REGION, "global")},
            ],
            passes=[
                {"bucket_encryption_key_name": KEY},
                {"bucket_encryption_key_name": KEY, "bucket_location": REGION.upper()},
            ],
        ),
        Case(
            guards.the_storage_agent_may_use_the_key,
            "service agent must have access to the key in bucket_encryption_key_name",
            springs=[
                {"bucket_encryption_key_name": KEY},
                {"bucket_encryption_key_name": expr("google_kms_crypto_key.this.id", "string")},
                {"bucket_encryption_key_name": KEY, "anyscale_project_id": expr("module.project.project_id")},
            ],
            passes=[{}],
        ),
        Case(
            guards.both_accounts_may_use_the_bucket,
            "bucket_iam_member",
            springs=[
                {"bucket_iam_members": []},
                {"bucket_iam_member_roles": ["roles/storage.objectAdmin"]},
                {"bucket_iam_member_roles": []},
            ],
            passes=[
                {"bucket_iam_member_roles": ["roles/storage.admin"]},
                {
                    "bucket_iam_member_roles": ["roles/storage.objectAdmin"],
                    "bucket_iam_member_additional_roles": ["roles/storage.legacyBucketReader"],
                },
            ],
        ),
        Case(
            guards.the_bucket_stays_private,
            "can be ",
            springs=[{"bucket_uniform_level_access": False}, {"bucket_public_access_prevention": "inherited"}],
            passes=[{"bucket_public_access_prevention": "enforced"}],
        ),
        Case(
            guards.cors_rules_let_the_console_read_logs,
            "cors_rules has no rule",
            springs=many(
                cors_rules=[
                    [],
                    [{**CORS, "origins": ["https://console.anyscale.com"]}],
                    [{**CORS, "response_headers": ["Accept-Ranges"]}],
                    [{**CORS, "methods": ["PUT"]}],
                ]
            ),
            passes=many(cors_rules=[[CORS], [{**CORS, "origins": ["https://acme.com"]}, CORS]]),
        ),
        Case(
            guards.lifecycle_rules_have_the_conditions_upstream_reads,
            "lifecycle_rules has a rule with",
            springs=[lifecycle(numNewerVersions="10"), lifecycle(age="1", send_age_if_zero="true"), lifecycle()],
            passes=[lifecycle(age="90"), lifecycle(num_newer_versions="3", matches_prefix="logs/")],
        ),
        Case(
            guards.gcs_retention_period,
            "retention_policy",
            springs=many(retention_policy=[{"is_locked": "false"}, {"retention_period": "60", "is_locked": "true"}]),
            passes=many(retention_policy=[{}]),
        ),
        Case(
            guards.logging_names_its_bucket,
            "bucket_logging lacks log_bucket",
            springs=many(bucket_logging=[{"log_object_prefix": "logs"}]),
            passes=many(bucket_logging=[{}, {"log_bucket": "acme-logs"}]),
        ),
    ],
)


def test_the_bucket_is_in_the_clouds_region_and_open_to_both_accounts(stack: CloudStack) -> None:
    bucket = CloudStorage(stack, project=PROJECT, region=REGION, iam=ACCOUNTS)
    assert bucket.rendered == {
        "anyscale_project_id": "acme-ml",
        "bucket_location": REGION,
        "bucket_iam_members": ACCOUNTS.bucket_members,
        "random_char_length": 8,
    }
    assert spelled(bucket.bucket_url) == "${module.cloudstorage.cloudstorage_bucket_url}"


def test_an_existing_bucket_has_a_scheme_where_it_is_registered() -> None:
    assert ExistingBucket(bucket_name="acme-anyscale").bucket_url == "gs://acme-anyscale"


def test_fails_on_an_existing_bucket_with_a_scheme() -> None:
    with pytest.raises(ConfigError, match="must be a bucket name"):
        ExistingBucket(bucket_name="gs://acme-anyscale")


@pytest.mark.parametrize(
    ("inputs", "command"),
    [
        ({"bucket_encryption_key_name": KEY}, f"--project=acme-ml --authorize-cmek={KEY}, unless it has access"),
        (
            {"bucket_encryption_key_name": KEY, "anyscale_project_id": expr("module.project.project_id", "string")},
            f"--project=PROJECT --authorize-cmek={KEY}, unless it has access already (in a new project: after",
        ),
        (
            {"bucket_encryption_key_name": expr("google_kms_crypto_key.this.id", "string")},
            "--project=acme-ml --authorize-cmek=KEY, unless it has access",
        ),
    ],
)
def test_the_warning_shows_how_to_grant_the_key_to_the_storage_agent(
    inputs: dict[str, Any], command: str, stack: CloudStack
) -> None:
    (warning,) = [found for found in said(stack, TABLE, inputs) if found.severity == "warning"]
    assert f"run gcloud storage service-agent {command}" in warning.fix
