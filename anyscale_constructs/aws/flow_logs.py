"""A VPC's flow logs: what upstream's inputs say of them must agree."""

from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.guards import Inputs, guard

FLOW_LOG_SWITCHES = ("create_flow_log_cloudwatch_log_group", "create_flow_log_cloudwatch_iam_role")


@guard("flow-log-destination", *FLOW_LOG_SWITCHES, "enable_vpc_flow_logs")
def flow_logs_need_their_log_group_and_role(i: Inputs) -> Finding | None:
    """Upstream's flow log uses a log group and a role that have switches of their own; without one, planning fails."""
    if i["enable_vpc_flow_logs"] is True and any(i[switch] is False for switch in FLOW_LOG_SWITCHES):
        return Finding(
            f"enable_vpc_flow_logs needs {' and '.join(FLOW_LOG_SWITCHES)}",
            "leave both out: they follow enable_vpc_flow_logs",
        )
    return None


@guard("flow-logs-off", "enable_vpc_flow_logs", severity="note")
def flow_logs_are_on(i: Inputs) -> Finding | None:
    """Flow logs record who connects to what, which security reviews ask for; upstream leaves them off."""
    if i["enable_vpc_flow_logs"] is False:
        return Finding("enable_vpc_flow_logs is off by default", "set it to true to record the traffic in the VPC")
    return None


@guard("flow-log-role-name", "anyscale_vpc_name", "create_flow_log_cloudwatch_iam_role")
def the_flow_log_role_fits_its_name(i: Inputs) -> Finding | None:
    """Upstream begins the name of the flow logs' role with the VPC's name, and a prefix has at most 38 characters."""
    name, longest = i["anyscale_vpc_name"], 38 - len("-flow-log-role-")
    made = i["create_flow_log_cloudwatch_iam_role"] is True
    if made and i.known("anyscale_vpc_name") and name is not None and len(name) > longest:
        return Finding(
            "anyscale_vpc_name is too long for the role of its flow logs",
            "shorten it, or leave the flow logs off",
            name,
            f"at most {longest} characters",
        )
    return None
