"""The APIs and their guards."""

from anyscale_constructs.google import CloudApis
from anyscale_constructs.google import cloudapis as guards
from anyscale_constructs.terraform.interface import Interface
from anyscale_constructs.terraform.stack import CloudStack
from tests.unit.google.parts import ENABLED, PROJECT, many
from tests.unit.guards import Case, Table

UPSTREAMS = Interface.load("google/cloudapis").variable("anyscale_activate_required_apis").default
OURS = ["iam.googleapis.com", "iamcredentials.googleapis.com", "sts.googleapis.com", "config.googleapis.com"]

TABLE = Table(
    CloudApis,
    {"project": PROJECT},
    [
        ENABLED,
        Case(
            guards.no_required_service_is_left_out,
            "anyscale_activate_required_apis lacks",
            springs=many(anyscale_activate_required_apis=[UPSTREAMS, OURS, []]),
            passes=many(anyscale_activate_required_apis=[[*UPSTREAMS, *OURS, "container.googleapis.com"]]),
        ),
        Case(
            guards.services_are_named_in_full,
            "must be a service's full name",
            springs=[
                {"anyscale_activate_optional_apis": ["redis"]},
                {"anyscale_activate_required_apis": [*UPSTREAMS, *OURS, "https://redis.googleapis.com"]},
            ],
            passes=[{"anyscale_activate_optional_apis": ["redis.googleapis.com"]}],
        ),
        Case(
            guards.services_stay_on,
            "disables APIs of the whole project",
            springs=[{"disable_services_on_destroy": True}, {"disable_dependent_services": True}],
            passes=[{"disable_services_on_destroy": False}],
        ),
    ],
)


def test_apis_that_upstream_lacks_are_enabled(stack: CloudStack) -> None:
    apis = CloudApis(stack, project=PROJECT)
    assert apis.rendered == {"anyscale_project_id": "acme-ml", "anyscale_activate_required_apis": [*UPSTREAMS, *OURS]}
