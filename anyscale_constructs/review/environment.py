"""The environment of the programs that a review runs, none of which may access a cloud."""

import os
import re

# Prefixes: AWS, Google, Azure, Kubernetes, Helm, Vault, the anyscale program, GitHub's OIDC, Terraform.
_LEFT_OUT = re.compile(
    r"AWS_|GOOGLE_|GCLOUD_|GCP_|CLOUDSDK_|GCE_|ARM_|AZURE_|AZUREAD_|MSI_|IDENTITY_|KUBE|HELM_|VAULT_|ANYSCALE_|"
    r"ACTIONS_ID_TOKEN_|TF_|ECS_|CDKTF_"
)
# Kept: variables that set the sources of providers and modules, and the engine.
_KEPT = re.compile(r"TF_CLI_CONFIG_FILE|TF_PLUGIN_CACHE_\w+|TF_TOKEN_\w+|TF_REGISTRY_\w+|ANYSCALE_CONSTRUCTS_\w+")


def without_credentials() -> dict[str, str]:
    """Returns the environment of this process without cloud credentials and without settings of Terraform commands."""
    return {name: text for name, text in os.environ.items() if _KEPT.fullmatch(name) or not _LEFT_OUT.match(name)}
