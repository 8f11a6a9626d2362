"""The places that are in a region, in every configuration that checks it."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from anyscale_constructs.aws import regions as aws
from anyscale_constructs.clouds import Ec2Config, GceConfig, GkeConfig
from anyscale_constructs.config import regions
from anyscale_constructs.expressions import expr
from anyscale_constructs.google import regions as google
from anyscale_constructs.registration.resource import CloudResource
from tests.registration_samples import AWS_K8S, GCP_K8S, changed

LATER = expr("var.later", "string")


@pytest.mark.parametrize(
    ("region", "place"),
    [
        ("us-east-2", "us-east-2"),
        ("us-east-2", "us-east-2a"),
        ("us-west-2", "us-west-2-lax-1a"),
        ("us-east-1", "us-east-1-wl1-bos-wlz-1"),
        ("europe-west1", "europe-west1"),
        ("europe-west1", "europe-west1-b"),
        ("us-central1", "us-central1-ai1a"),
        (LATER, "us-east-2a"),
        ("us-east-2", LATER),
    ],
)
def test_zones_are_in_their_region(region: str, place: str) -> None:
    assert regions.is_in(region, place)


@pytest.mark.parametrize(
    ("region", "place"),
    [
        ("us-east-2", "us-east-1a"),
        ("us-east-2", "us-east-2ab"),
        ("us-east-2", "us-east-21a"),
        ("us-east-1", "us-west-2-lax-1a"),
        ("us-east-2", "us-east-2-"),
        ("europe-west1", "europe-west12"),
        ("europe-west1", "europe-west12-c"),
        ("europe-west1", "europe-west1b"),
        ("europe-west12", "europe-west1-b"),
        ("us.east-2", "us-east-2a"),
    ],
)
def test_zones_of_other_regions_are_rejected(region: str, place: str) -> None:
    assert not regions.is_in(region, place)


@pytest.mark.parametrize(
    ("known", "zone"), [(aws.REGIONS, "{}a"), (aws.REGIONS, "{}-lax-1a"), (google.REGIONS, "{}-b")]
)
def test_no_region_has_the_zones_of_another(known: list[str], zone: str) -> None:
    for region in known:
        assert [each for each in known if regions.is_in(region, zone.format(each))] == [region]


AWS = {"region": "us-east-2", "org_id": "org_1"}
KMS = "arn:aws:kms:{}:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
GOOGLE = {"region": "europe-west1", "org_id": "org_1", "project": {"project_id": "acme-ml"}}
REGIONAL = {"tier": "REGIONAL", "capacity_gb": 1024, "location": "{}"}
KEY = "projects/p/locations/{}/keyRings/r/cryptoKeys/k"
GROUP = {"groups": {"a": {"machine_type": "n2-standard-8", "zones": ["{}"]}}}
T4 = {"gpu_types": ["T4"], "gpu_zones": {"T4": ["{}"]}}


@pytest.mark.parametrize(
    ("kind", "template", "inside", "outside"),
    [
        (Ec2Config, AWS | {"vpc": {"availability_zones": ["us-east-2a", "{}"]}}, "us-east-2b", "us-east-1b"),
        (Ec2Config, AWS | {"kms_key_arn": KMS}, "us-east-2", "us-east-1"),
        (GceConfig, GOOGLE | {"filestore": {"location": "{}"}}, "europe-west1-c", "europe-west12-c"),
        (GceConfig, GOOGLE | {"filestore": REGIONAL}, "europe-west1", "europe-west12"),
        (GkeConfig, GOOGLE | {"cluster": {"zones": ["{}"]}}, "europe-west1-b", "europe-west12-b"),
        (GkeConfig, GOOGLE | {"cluster": {"kms_key_name": KEY}}, "europe-west1", "europe-west12"),
        (GkeConfig, GOOGLE | {"cluster": {"nodes": T4}}, "europe-west1-b", "europe-west12-b"),
        (GkeConfig, GOOGLE | {"cluster": {"nodes": GROUP}}, "europe-west1-b", "europe-west12-b"),
        (
            CloudResource,
            changed(GCP_K8S, region="europe-west1", kubernetes_config__zones=[LATER, "{}"]),
            "europe-west1-b",
            "europe-west12-b",
        ),
        (
            CloudResource,
            changed(AWS_K8S, region="us-west-2", kubernetes_config__zones=["us-west-2a", "{}"]),
            "us-west-2-lax-1a",
            "us-west-1a",
        ),
    ],
)
def test_every_place_of_a_cloud_must_be_in_its_region(
    kind: type[BaseModel], template: dict[str, Any], inside: str, outside: str
) -> None:
    kind.model_validate(put(template, inside))
    with pytest.raises(ValidationError, match="region"):
        kind.model_validate(put(template, outside))


def put(template: Any, place: str) -> Any:
    if isinstance(template, dict):
        return {key: put(value, place) for key, value in template.items()}
    if isinstance(template, list):
        return [put(value, place) for value in template]
    return template.replace("{}", place) if type(template) is str else template
