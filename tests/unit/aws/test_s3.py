"""The bucket, new or existing."""

import pathlib
from typing import Any

import pytest

from anyscale_constructs.aws import S3, ExistingBucket, s3
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import NULL, expr
from anyscale_constructs.terraform.app import App
from anyscale_constructs.terraform.sources import ModuleOverride, Sources
from anyscale_constructs.terraform.stack import CloudStack
from tests import spelled
from tests.unit.guards import Case, Table

KEY = "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab"
REGIONAL: dict[str, Any] = {"bucket_namespace": "account-regional"}
RULE = {
    "allowed_headers": ["*"],
    "allowed_methods": ["GET", "POST", "PUT", "HEAD", "DELETE"],
    "allowed_origins": ["https://*.anyscale.com", "https://acme.example.com"],
    "expose_headers": ["Accept-Ranges", "Content-Range", "Content-Length"],
}

TABLE = Table(
    S3,
    {},
    [
        Case(
            s3.objects_have_versions_and_an_access_log,
            "object_versioning and logging of the bucket: off by default",
            [{}],
            [{"object_versioning": True, "logging": {"target_bucket": "acme-logs"}}],
            trap="18",
        ),
        Case(
            s3.bucket_name_is_one_aws_accepts,
            "anyscale_bucket_name: must be an S3 bucket name",
            [
                {"anyscale_bucket_name": "Acme_Bucket"},
                {"anyscale_bucket_name": "ab"},
                {"anyscale_bucket_name": "192.168.0.1"},
            ],
            [
                {"anyscale_bucket_name": "acme-bucket"},
                {"anyscale_bucket_name": expr("var.name")},
                {"anyscale_bucket_name": f"acme-{expr('var.name')}"},
            ],
        ),
        Case(
            s3.bucket_prefix_makes_a_bucket_name,
            "anyscale_bucket_prefix is too long; got ",
            [{"anyscale_bucket_prefix": "p" * 38}],
            [
                {"anyscale_bucket_prefix": "p" * 37},
                {"anyscale_bucket_prefix": "p" * 38, "anyscale_bucket_name": "acme-bucket"},
                {"anyscale_bucket_prefix": NULL},
            ],
        ),
        Case(
            s3.bucket_prefix_makes_a_bucket_name,
            "anyscale_bucket_prefix cannot begin a bucket name; got ",
            [{"anyscale_bucket_prefix": "Acme-"}, {"anyscale_bucket_prefix": "-acme"}],
            [{"anyscale_bucket_prefix": "acme."}, {"anyscale_bucket_prefix": ""}],
        ),
        Case(
            s3.s3_regional_name,
            "anyscale_bucket_name lacks the suffix of the account-regional namespace",
            [REGIONAL | {"anyscale_bucket_name": "acme-bucket"}],
            [
                REGIONAL | {"anyscale_bucket_name": "acme-111122223333-us-east-2-an"},
                {"anyscale_bucket_name": "acme-bucket"},
                REGIONAL | {"anyscale_bucket_name": expr("var.name")},
            ],
            trap="3",
        ),
        Case(
            s3.account_regional_prefixes_leave_room,
            "bucket_namespace account-regional with a prefix results in names that are too long",
            [REGIONAL, REGIONAL | {"anyscale_bucket_prefix": "acme-"}],
            [REGIONAL | {"anyscale_bucket_name": "acme-111122223333-us-east-2-an"}, {}],
            trap="3",
        ),
        Case(
            s3.cors_rule_is_one_object,
            "cors_rule must be one object, not a list",
            [{"cors_rule": [RULE]}, {"cors_rule": (RULE,)}],
            [{"cors_rule": RULE}],
        ),
        Case(
            s3.cors_rule_lets_the_console_read_logs,
            "so the console cannot show logs",
            [
                {"cors_rule": {}},
                {"cors_rule": RULE | {"allowed_origins": ["https://acme.example.com"]}},
                {"cors_rule": RULE | {"allowed_methods": ["GET"]}},
                {"cors_rule": {key: value for key, value in RULE.items() if key != "expose_headers"}},
                *(
                    {
                        "cors_rule": RULE
                        | {"expose_headers": [name for name in RULE["expose_headers"] if name != header]}
                    }
                    for header in ("Accept-Ranges", "Content-Length", "Content-Range")
                ),
            ],
            [{"cors_rule": RULE}, {"cors_rule": RULE | {"allowed_origins": expr("var.origins")}}, {}],
            trap="sizing: CORS",
        ),
        Case(
            s3.s3_encryption_algorithm,
            "server_side_encryption has a KMS key but the algorithm AES256",
            [{"server_side_encryption": {"kms_master_key_id": KEY, "sse_algorithm": "AES256"}}],
            [
                {"server_side_encryption": {"kms_master_key_id": KEY, "sse_algorithm": "aws:kms"}},
                {"server_side_encryption": {"kms_master_key_id": KEY}},
                {"server_side_encryption": {"sse_algorithm": "AES256"}},
            ],
        ),
        Case(
            s3.encryption_names_its_key_by_arn,
            "server_side_encryption names its KMS key by an ID or an alias",
            [
                {"server_side_encryption": {"kms_master_key_id": "1234abcd-12ab"}},
                {"server_side_encryption": {"kms_master_key_id": KEY.replace("key/", "alias/")}},
                {"kms_key_arn": "alias/anyscale"},
            ],
            [
                {"server_side_encryption": {"kms_master_key_id": KEY}},
                {"server_side_encryption": {"kms_master_key_id": expr("aws_kms_key.this.key_id")}},
                {"server_side_encryption": {"sse_algorithm": "aws:kms"}},
                {"kms_key_arn": KEY},
            ],
        ),
        Case(
            s3.logging_names_its_bucket,
            "logging lacks target_bucket",
            [{"logging": {"target_prefix": "logs/"}}],
            [{"logging": {"target_bucket": "acme-logs"}}, {"logging": {}}],
        ),
    ],
)


def test_the_namespace_is_always_set(stack: CloudStack) -> None:
    """Upstream's default would replace a bucket that was created with v0.38 or earlier."""
    assert S3(stack, "a").rendered == {"bucket_namespace": "global"}
    name = "acme-111122223333-us-east-2-an"
    assert S3(stack, "b", **REGIONAL, anyscale_bucket_name=name).rendered["bucket_namespace"] == "account-regional"


def test_the_namespace_is_omitted_if_the_module_has_no_input_for_it(tmp_path: pathlib.Path) -> None:
    """The input bucket_namespace was added in v0.39.0."""
    sources = Sources(overrides={"s3": ModuleOverride(ref="v0.38.0")})
    bucket = S3(CloudStack(App(tmp_path), "test", sources=sources), anyscale_bucket_name="acme-bucket")
    assert bucket.rendered == {"anyscale_bucket_name": "acme-bucket"}


@pytest.mark.parametrize("key", [KEY, expr("aws_kms_key.this.arn", "string"), f"{expr('module.kms.arn', 'string')}"])
def test_a_key_encrypts_the_bucket(key: str, stack: CloudStack) -> None:
    bucket = S3(stack, kms_key_arn=key)
    assert bucket.rendered["server_side_encryption"] == {
        "sse_algorithm": "aws:kms",
        "kms_master_key_id": spelled(key),
    }


LATER = expr("aws_kms_key.this.arn", "string")


@pytest.mark.parametrize(
    ("inputs", "key"),
    [
        ({}, None),
        ({"kms_key_arn": KEY}, KEY),
        ({"kms_key_arn": LATER}, LATER),
        ({"server_side_encryption": {"kms_master_key_id": KEY}}, KEY),
        ({"server_side_encryption": {"kms_master_key_id": LATER}}, LATER),
        ({"server_side_encryption": {"kms_master_key_id": "1234abcd-12ab"}}, None),
        ({"server_side_encryption": {"sse_algorithm": "aws:kms"}}, None),
    ],
)
def test_key_arn_is_known_for_every_form_of_encryption(
    inputs: dict[str, Any], key: str | None, stack: CloudStack
) -> None:
    assert S3(stack, **inputs).kms_key_arn is key


def test_outputs_are_references(stack: CloudStack) -> None:
    bucket = S3(stack)
    assert spelled([bucket.s3_bucket_id, bucket.s3_bucket_arn]) == [
        "${module.s3.s3_bucket_id}",
        "${module.s3.s3_bucket_arn}",
    ]


def test_safe_defaults_of_upstream_are_kept(stack: CloudStack) -> None:
    """force_destroy is off by default."""
    assert "force_destroy" not in S3(stack).rendered
    assert S3(stack, "temporary", force_destroy=True).rendered["force_destroy"] is True


def test_an_existing_bucket_has_the_same_outputs() -> None:
    bucket = ExistingBucket(bucket_name="acme-shared", region="eu-west-1")
    assert (bucket.s3_bucket_id, bucket.s3_bucket_arn) == ("acme-shared", "arn:aws:s3:::acme-shared")


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1"])
def test_fails_outside_the_commercial_partition(region: str) -> None:
    """Upstream hard-codes arn:aws:."""
    with pytest.raises(ConfigError, match="a region of the commercial AWS partition"):
        ExistingBucket(bucket_name="acme-shared", region=region)
