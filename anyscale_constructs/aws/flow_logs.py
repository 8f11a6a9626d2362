"""Guards for a VPC's flow logs: upstream's inputs for them must agree."""

from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.guards import Inputs, guard

FLOW_LOG_SWITCHES = ("create_flow_log_cloudwatch_log_group", "create_flow_log_cloudwatch_iam_role")


@guard("flow-log-destination", *FLOW_LOG_SWITCHES, "enable_vpc_flow_logs")
def flow_logs_need_their_log_group_and_role(i: Inputs) -> Finding | None:
    """Upstream's flow log needs a log group and a role, each with its own switch; without one, planning fails."""
    if i["enable_vpc_flow_logs"] is True and any(i[switch] is False for switch in FLOW_LOG_SWITCHES):
        return Finding(
            f"enable_vpc_flow_logs requires {' and '.join(FLOW_LOG_SWITCHES)}",
            "remove both; their default follows enable_vpc_flow_logs",
        )
    return None


@guard("flow-logs-off", "enable_vpc_flow_logs", severity="note")
def flow_logs_are_on(i: Inputs) -> Finding | None:
    """Flow logs record all connections, which security reviews ask for. Upstream disables them by default."""
    if i["enable_vpc_flow_logs"] is False:
        return Finding(
            "enable_vpc_flow_logs is off by default",
            "set it, or vpc.flow_logs of a cloud, to true to record the traffic",
        )
    return None


@guard("flow-log-role-name", "anyscale_vpc_name", "create_flow_log_cloudwatch_iam_role")
def flow_log_role_name(i: Inputs) -> Finding | None:
    """Upstream uses the VPC's name as the prefix of the flow logs' role, and prefixes can have 38 characters."""
    name, longest = i["anyscale_vpc_name"], 38 - len("-flow-log-role-")
    made = i["create_flow_log_cloudwatch_iam_role"] is True
    if made and i.known("anyscale_vpc_name") and name is not None and len(name) > longest:
        return Finding(
            "anyscale_vpc_name is too long for the name of the flow logs' role",
            "shorten it, or disable the flow logs",
            name,
            f"at most {longest} characters",
        )
    return None
