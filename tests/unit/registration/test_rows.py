"""Each row of registration's tables: a removed row fails a test."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.errors import RefusedChangeError
from anyscale_constructs.registration.changes import merge, refuse_changes_for_life
from anyscale_constructs.registration.program import Program

FOR_LIFE = [
    "provider",
    "compute_stack",
    "region",
    "aws_config.anyscale_iam_role_id",
    "aws_config.external_id",
    "gcp_config.project_id",
    "gcp_config.provider_name",
    "gcp_config.anyscale_service_account_email",
]
# The values that the control plane derives, by their sources.
DERIVED = [
    ("aws_config.zones", "aws_config.subnet_ids"),
    ("aws_config.memorydb_cluster_arn", "aws_config.memorydb_cluster_name"),
    ("aws_config.memorydb_cluster_endpoint", "aws_config.memorydb_cluster_name"),
    ("aws_config.cluster_instance_profile_id", "aws_config.cluster_iam_role_id"),
    ("gcp_config.memorystore_endpoint", "gcp_config.memorystore_instance_name"),
    ("file_storage.mount_targets", "file_storage.file_storage_id"),
    ("file_storage.mount_path", "file_storage.file_storage_id"),
]
UNSET = ["ANYSCALE_LEGACY_EXIT_CODES", "ANYSCALE_DEBUG", "ANYSCALE_LOG_STREAM"]
SET = {"ANYSCALE_SUPPRESS_UPGRADE_WARNING": "1", "ANYSCALE_TELEMETRY_SAMPLE_RATE": "0"}


def resource(**fields: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for path, value in fields.items():
        section, _, field = path.rpartition(".")
        (made.setdefault(section, {}) if section else made)[field] = value
    return made


@pytest.mark.parametrize("field", FOR_LIFE)
def test_fails_on_a_change_of_each_fixed_field(field: str) -> None:
    with pytest.raises(RefusedChangeError):
        refuse_changes_for_life("prod", resource(**{field: "old"}), resource(**{field: "new"}))


@pytest.mark.parametrize(("derived", "source"), DERIVED)
def test_derived_values_are_dropped_with_their_sources(derived: str, source: str) -> None:
    existing = resource(**{derived: "found", source: "old"})
    assert merge(existing, resource(**{source: "old"})) == existing
    assert merge(existing, resource(**{source: "new"})) == resource(**{source: "new"})


def test_the_program_runs_with_the_expected_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "anyscale"
    program.write_text(f"#!{sys.executable}\nimport json, os\nprint(json.dumps(dict(os.environ)))\n")
    program.chmod(0o755)
    for name in UNSET:
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("ANYSCALE_BIN", str(program))
    monkeypatch.setenv("ANYSCALE_CLI_TOKEN", "a")
    environment = json.loads(Program(60, time.monotonic()).run().stdout)
    assert {name: environment.get(name) for name in (*UNSET, *SET)} == dict.fromkeys(UNSET) | SET
