"""Renders the resource file and the `anyscale cloud register` command for manual use."""

import re
import shlex

import yaml

from anyscale_constructs.registration.changes import flat, implied
from anyscale_constructs.registration.outputs import Registration
from anyscale_constructs.registration.resource import CloudResource

_FILE = "cloud-resource.yaml"

# The documented flags of `anyscale cloud register`, by the field that each one sets.
_COMMON = {"region": "--region", "object_storage.bucket_name": "--cloud-storage-bucket-name"}
_FLAGS = {
    "AWS": {
        **_COMMON,
        "aws_config.vpc_id": "--vpc-id",
        "aws_config.subnet_ids": "--subnet-ids",
        "aws_config.security_group_ids": "--security-group-ids",
        "aws_config.anyscale_iam_role_id": "--anyscale-iam-role-id",
        "aws_config.external_id": "--external-id",
        "aws_config.cluster_iam_role_id": "--instance-iam-role-id",
        "aws_config.memorydb_cluster_name": "--memorydb-cluster-id",
        "file_storage.file_storage_id": "--file-storage-id",
    },
    "GCP": {
        **_COMMON,
        "gcp_config.project_id": "--gcp-project-id",
        "gcp_config.host_project_id": "--host-project-id",
        "gcp_config.provider_name": "--provider-name",
        "gcp_config.vpc_name": "--vpc-name",
        "gcp_config.subnet_names": "--subnet-names",
        "gcp_config.firewall_policy_names": "--firewall-policy-names",
        "gcp_config.anyscale_service_account_email": "--anyscale-service-account-email",
        "gcp_config.cluster_service_account_email": "--instance-service-account-email",
        "gcp_config.memorystore_instance_name": "--memorystore-instance-name",
        "file_storage.file_storage_id": "--file-storage-id",
    },
}


def resource_file(resource: CloudResource) -> str:
    """Returns the resource file as YAML."""
    return yaml.safe_dump(resource.mapping(), sort_keys=False)


def register_command(registration: Registration, *, verify: bool, auto_add_user: bool) -> str:
    """Returns the shell command: with flags if they can express everything, else with a resource file.

    A resource file is needed for Kubernetes, and for a custom resource name or instance profile, which have no
    documented flags.

    Args:
        registration: The cloud's name and resource.
        verify: Whether the program verifies the infrastructure.
        auto_add_user: Whether all users of the organization are added to the cloud.
    """
    flags = _flags(registration.resource)
    lines = ["anyscale cloud register", f"--name {shlex.quote(registration.cloud_name)}"]
    lines += [f"--resource-file {_FILE}"] if flags is None else flags
    lines += ["--enable-auto-add-user"] if auto_add_user else []
    lines += [] if verify and registration.verifiable else ["--skip-verifications"]
    command = " \\\n  ".join([*lines, "--yes"])
    if flags is None:
        return f"cat > {_FILE} <<'EOF'\n{resource_file(registration.resource)}EOF\n{command}"
    return command


def _flags(resource: CloudResource) -> list[str] | None:
    known = _FLAGS.get(resource.provider, {})
    if resource.compute_stack != "VM" or resource.resource_name != resource.default_name:
        return None
    flags = [f"--provider {resource.provider.lower()}"]
    fields = flat(resource.model_dump(exclude_none=True))
    for field, value in fields.items():
        if field in {"name", "provider", "compute_stack"} or value == implied(fields).get(field):
            continue
        if (field, value) == ("networking_mode", "PRIVATE"):
            flags.append("--private-network")
        elif field not in known:
            return None
        elif field == "file_storage.file_storage_id" and resource.provider == "GCP":
            # The program builds the full name from these two and the project.
            project, location, instance = re.findall(r"[^/]+/([^/]+)", value)
            if resource.gcp_config is None or project != resource.gcp_config.project_id:
                return None
            flags += [f"--filestore-location {shlex.quote(location)}", f"{known[field]} {shlex.quote(instance)}"]
        else:
            text = ",".join(value) if isinstance(value, list) else value
            flags.append(f"{known[field]} {shlex.quote(text)}")
    return flags
