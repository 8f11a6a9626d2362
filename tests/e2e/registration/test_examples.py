"""The examples' own resource files, with plausible values instead of Terraform's, and the real program."""

import json
import pathlib
from typing import Any

import pytest

from anyscale_constructs.config.document import Document
from tests.e2e.registration.conftest import Cli
from tests.examples import CLOUDS, SYNTHESIZED
from tests.registration_samples import ALL, AWS_K8S, GCP_K8S, GCP_VM

SAMPLES = {(sample["provider"], sample["compute_stack"]): sample for sample in ALL.values()}
SAMPLES["AWS", "K8S"] = AWS_K8S | {
    "file_storage": {
        "file_storage_id": "fs-0123456789abcdef0",
        "mount_targets": [{"address": "10.0.1.5", "zone": "us-east-2a"}],
    },
    "aws_config": {
        "memorydb_cluster_name": "anyscale-prod",
        "memorydb_cluster_arn": "arn:aws:memorydb:us-east-2:111122223333:cluster/anyscale-prod",
        "memorydb_cluster_endpoint": "rediss://clustercfg.anyscale-prod.abc123.memorydb.us-east-2.amazonaws.com:6379",
    },
}
SAMPLES["GCP", "K8S"] = GCP_VM | GCP_K8S
SAMPLES["GCP", "K8S"] |= {
    "file_storage": GCP_VM["file_storage"] | {"mount_targets": [{"address": "10.0.1.5"}], "mount_path": "anyscale"},
    "gcp_config": GCP_VM["gcp_config"] | {"memorystore_endpoint": "10.0.1.6:6379"},
}
# `python -m tests.e2e` applies those on EC2, and registers what comes out.
EXAMPLES = [example for example in CLOUDS if Document(example).data["stack"] != "ec2"]


def filled(value: Any, sample: Any) -> Any:
    """Returns the value, with the sample's values instead of unknown ones."""
    if isinstance(value, dict):
        known = sample if isinstance(sample, dict) else {}
        return {key: filled(inner, known.get(key)) for key, inner in value.items()}
    if isinstance(value, list):
        first = sample[0] if isinstance(sample, list) else sample
        return [filled(element, first) for element in value]
    return sample if isinstance(value, str) and "${" in value else value


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda file: file.stem)
def test_the_program_accepts_the_resource_file(example: pathlib.Path, register: Cli) -> None:
    resource = SYNTHESIZED[example.stem].stacks[0].outputs["anyscale_cloud_resource"]
    sample = SAMPLES[resource["provider"], resource["compute_stack"]]
    there = json.loads(json.dumps(sample).replace(sample["region"], resource["region"]))
    resource = filled(resource, there)
    assert "${" not in json.dumps(resource)
    assert register(resource).action == "created"
