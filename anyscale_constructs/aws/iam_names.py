"""What IAM accepts in the names of roles and policies."""

import re

from anyscale_constructs.aws.types import IAM_CHARACTER
from anyscale_constructs.expressions import is_unresolved
from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.guards import Inputs, guard, too_long

POLICY_PREFIXES = {
    "anyscale_access_steadystate_policy_prefix": "steady-state-",
    "anyscale_access_servicesv2_policy_prefix": "services-",
    "anyscale_custom_policy_name_prefix": "control-plane-custom-",
    "anyscale_cluster_node_custom_policy_prefix": "node-custom-",
    "anyscale_cluster_node_cloudwatch_policy_prefix": "node-cloudwatch-",
    "anyscale_cluster_node_byod_secrets_policy_prefix": "node-secrets-",
    "anyscale_iam_s3_policy_name_prefix": "bucket-",
}
"""What follows a custom prefix in the names of IAM policies, by upstream's inputs for the names."""
_NAME = re.compile(f"{IAM_CHARACTER}*", re.ASCII)
# AWS's limits, by the input of the name or the prefix. Terraform appends 26 characters to a prefix.
_LIMITS = {
    "anyscale_access_role_name": 64,
    "anyscale_access_role_name_prefix": 38,
    "anyscale_cluster_node_role_name": 64,
    "anyscale_cluster_node_role_name_prefix": 38,
    **dict.fromkeys(POLICY_PREFIXES, 102),
}


@guard("iam-name-length", *_LIMITS)
def names_fit_iam(i: Inputs) -> Finding | None:
    """IAM accepts 64 characters in role names and 128 in policy names; Terraform appends 26 characters to a prefix."""
    return too_long(i, _LIMITS)


@guard("iam-name", *_LIMITS)
def names_have_characters_of_iam(i: Inputs) -> Finding | None:
    """IAM accepts only these characters in the names of roles, policies and instance profiles."""
    for name, value in i.given.items():
        if name in _LIMITS and value is not None and not is_unresolved(value) and not _NAME.fullmatch(value):
            what = f"{name} has characters that IAM does not accept"
            return Finding(what, "choose another name", value, "letters, digits and + = , . @ - _", on=[name])
    return None
