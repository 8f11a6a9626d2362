"""Guards for the flow logs of a VPC's subnets."""

from collections.abc import Mapping

from anyscale_constructs.findings import Finding
from anyscale_constructs.terraform.guards import Inputs, guard

_FLOW_LOG_KEYS = (
    "subnet_flow_logs_interval",
    "subnet_flow_logs_sampling",
    "subnet_flow_logs_metadata",
    "subnet_flow_logs_filter",
)


@guard("google-flow-log-settings", "private_subnet_flow_log_config", "public_subnet_flow_log_config")
def flow_log_settings_have_the_keys_upstream_reads(i: Inputs) -> Finding | None:
    """Upstream's default and examples use Terraform's names, but its code reads other names and ignores Terraform's."""
    for name in ("public_subnet_flow_log_config", "private_subnet_flow_log_config"):
        settings = i.given.get(name, {})
        strange = [key for key in settings if key not in _FLOW_LOG_KEYS] if isinstance(settings, Mapping) else []
        if strange:
            return Finding(
                f"{name} has keys that upstream ignores", "rename them", strange, ", ".join(_FLOW_LOG_KEYS), on=[name]
            )
    return None
