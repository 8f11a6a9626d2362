"""The providers that have doubles."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from tests.e2e.doubles import aws, azure, google
from tests.e2e.doubles.bindings import bound
from tests.e2e.doubles.documentation import documented
from tests.e2e.doubles.provider import EVERY, Provider, Rules

_GOOGLE = Provider(
    partial(bound, "@cdktf/provider-google@13.32.1"),  # of 5.43.1, the last one of 5
    ("5.44.2",),
    amend=google.amend,
    meta={"module_name": "string"},
    computed=google.COMPUTED,
    known_at_plan=google.KNOWN_AT_PLAN,
    rules=google.RULES,
)


def _shuffled(arguments: Mapping[str, Any]) -> list[str]:
    """Returns the input in another order, which the real provider may also choose."""
    return list(reversed(arguments["input"]))[: int(arguments["result_count"] or len(arguments["input"]))]


PROVIDERS = {
    "anyscale/anyscale": Provider(
        partial(documented, "anyscale/terraform-provider-anyscale", "v0.25.1"),
        ("0.25.1",),
        computed={
            "anyscale_cloud": {"id": "cld_{hash}"},
            "anyscale_cloud_resource": {"cloud_resource_id": "cldrsrc_{hash}"},
        },
    ),
    "hashicorp/aws": Provider(
        partial(bound, "@cdktn/provider-aws@25.7.0"),
        ("6.66.0",),
        meta={"user_agent": ["list", "string"]},
        computed=aws.COMPUTED,
        known_at_plan=aws.KNOWN_AT_PLAN,
        rules=aws.RULES,
    ),
    "hashicorp/azuread": Provider(partial(bound, "@cdktf/provider-azuread@14.3.1"), ("3.7.0",)),
    "hashicorp/azurerm": Provider(
        partial(bound, "@cdktn/provider-azurerm@16.1.0"), ("4.73.0",), computed=azure.COMPUTED, rules=azure.RULES
    ),
    "hashicorp/cloudinit": Provider(partial(bound, "@cdktf/provider-cloudinit@11.0.1"), ("2.3.7",)),
    "hashicorp/google": _GOOGLE,
    "hashicorp/google-beta": replace(_GOOGLE, read=partial(bound, "@cdktf/provider-google-beta@13.25.1")),
    "hashicorp/helm": Provider(partial(bound, "@cdktf/provider-helm@12.1.2", framework=True), ("3.1.1",)),
    "hashicorp/kubernetes": Provider(
        partial(bound, "@cdktf/provider-kubernetes@12.1.1"),
        ("2.38.0", "3.0.1"),
        computed={"data.kubernetes_service_v1": {"status": [{"load_balancer": [{"ingress": [{"ip": "192.0.2.1"}]}]}]}},
    ),
    "hashicorp/null": Provider(
        partial(bound, "@cdktf/provider-null@11.0.1"), ("3.2.4",), rules={EVERY: Rules("internal/provider", "triggers")}
    ),
    "hashicorp/random": Provider(
        partial(bound, "@cdktf/provider-random@12.0.1"),
        ("3.7.2",),
        computed={"random_id": {"hex": "{hash}"}, "random_shuffle": {"result": _shuffled}},
        rules={EVERY: Rules("internal/provider", "byte_length input keepers prefix result_count seed")},
    ),
    "hashicorp/time": Provider(
        partial(bound, "@cdktf/provider-time@11.0.1"),
        ("0.13.1",),
        rules={EVERY: Rules("internal/provider", "triggers")},
    ),
    "hashicorp/tls": Provider(
        partial(bound, "@cdktf/provider-tls@11.0.1"),
        ("4.1.0",),
        computed={
            "data.tls_certificate": {"certificates": [{"sha1_fingerprint": "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"}]}
        },
    ),
}
