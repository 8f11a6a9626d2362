"""A VPC's flow logs: what upstream's inputs say of them must agree."""

from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.module import Inputs

FLOW_LOG_SWITCHES = ("create_flow_log_cloudwatch_log_group", "create_flow_log_cloudwatch_iam_role")


def flow_logs_need_their_log_group_and_role(i: Inputs) -> Finding | None:
    """Upstream's flow log indexes a log group and a role that have switches of their own."""
    if i["enable_vpc_flow_logs"] is True and any(i[switch] is False for switch in FLOW_LOG_SWITCHES):
        return Finding(
            f"enable_vpc_flow_logs needs {' and '.join(FLOW_LOG_SWITCHES)}", "leave the two out: they follow"
        )
    return None


def flow_logs_are_on(i: Inputs) -> Finding | None:
    """Upstream leaves them off."""
    if i["enable_vpc_flow_logs"] is False:
        return Finding("enable_vpc_flow_logs is off by default", "turn it on to see who talks to whom", note=True)
    return None


def the_flow_log_role_fits_its_name(i: Inputs) -> Finding | None:
    """Upstream begins the role's name with the VPC's, and IAM takes 38 characters there."""
    name, longest = i["anyscale_vpc_name"], 38 - len("-flow-log-role-")
    made = i["create_flow_log_cloudwatch_iam_role"] is True
    if made and i.known("anyscale_vpc_name") and name is not None and len(name) > longest:
        return Finding(
            "anyscale_vpc_name is too long for the role of its flow logs",
            "give a shorter name",
            name,
            f"at most {longest} characters",
        )
    return None
