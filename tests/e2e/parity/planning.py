"""Plans upstream's examples and the same clouds in this library, with the real Terraform and modules, on doubles."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.control_plane import ORG_ID
from tests.e2e.doubles.server import Doubles
from tests.e2e.examples import synthesize
from tests.e2e.terraform import Terraform

Plans = tuple[dict[str, Any], dict[str, Any]]
"""Terraform's JSON of two plans: of upstream's example, and of this library's cloud."""

AWS = "anyscale/terraform-aws-anyscale-cloudfoundation-modules"
GOOGLE = "anyscale/terraform-google-anyscale-cloudfoundation-modules"
EXAMPLES = sorted(Path(__file__).parent.glob("*/*.yaml"))
"""The variables of upstream's examples, and the same clouds; named after upstream's examples."""

_AWS_REGION, _GOOGLE_REGION = "us-east-2", "us-central1"


def plan(file: Path, work: Path, doubles: Doubles) -> Plans:
    """Plans upstream's example, and the same cloud in this library.

    Args:
        file: One of `EXAMPLES`.
        work: A directory for all files.
        doubles: The doubles of the providers.

    Raises:
        MissingPieceError: Terraform, a provider or a module is not available.
    """
    given = yaml.safe_load(file.read_text(encoding="utf-8"))
    of_provider = {"aws": _plan_on_aws, "google": _plan_on_google}[file.parent.name]
    return of_provider(file.stem, given["variables"], given["cloud"], work, doubles)


def _plan_on_aws(
    name: str, variables: Mapping[str, Any], cloud: Mapping[str, Any], work: Path, doubles: Doubles
) -> Plans:
    config = {"stack": "ec2", "region": _AWS_REGION, "org_id": ORG_ID, **cloud}
    variables = {"aws_region": _AWS_REGION, "tags": {}, **variables}
    if network := config["vpc"].get("vpc_id"):
        subnets = list(config["vpc"]["subnet_ids_to_az"])
        variables |= {"existing_vpc_id": network, "existing_subnet_ids": subnets}
    source = f"{AWS}.git//examples/{name}?ref=v0.40.1"
    upstream = _call(work / "upstream", source, variables, {"aws": ">= 5.0"})
    ours = synthesize("cloud", config, work / "ours")
    return _planned(doubles.terraform(upstream, work)), _planned(doubles.terraform(ours, work))


def _plan_on_google(
    name: str, variables: Mapping[str, Any], cloud: Mapping[str, Any], work: Path, doubles: Doubles
) -> Plans:
    config = {"stack": "gce", "region": _GOOGLE_REGION, "org_id": ORG_ID, **cloud}
    everywhere = {
        "anyscale_org_id": ORG_ID,
        "anyscale_google_region": _GOOGLE_REGION,
        "anyscale_google_zone": f"{_GOOGLE_REGION}-a",
        "labels": {},
    }
    required = {"google": "~> 5.0", "random": "~> 3.0", "time": ">= 0.9"}
    source = f"{GOOGLE}.git//examples/{name}?ref=v0.22.0"
    upstream = _call(work / "upstream", source, {**everywhere, **variables}, required)
    ours = synthesize("cloud", config, work / "ours")
    return _planned(doubles.terraform(upstream, work)), _planned(doubles.terraform(ours, work))


def _call(folder: Path, source: str, variables: Mapping[str, Any], required: Mapping[str, str]) -> Path:
    """Writes a configuration that calls one of upstream's examples, unchanged from the clone."""
    providers = {name: {"source": f"hashicorp/{name}", "version": version} for name, version in required.items()}
    call = {"source": f"git::https://github.com/{source}", **variables}
    folder.mkdir(parents=True)
    tree = {"terraform": {"required_providers": providers}, "module": {"example": call}}
    (folder / "cdk.tf.json").write_text(json.dumps(tree), encoding="utf-8")
    return folder


def _planned(terraform: Terraform) -> dict[str, Any]:
    terraform.init()
    return terraform.plan_document()
