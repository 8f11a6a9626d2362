"""The environment of the programs that a review runs: none of them may reach a cloud."""

import os
import re

# By their first letters: AWS, Google, Azure, Kubernetes, Helm, Vault, Anyscale's program, GitHub's OIDC, Terraform.
_LEFT_OUT = re.compile(
    r"AWS_|GOOGLE_|GCLOUD_|GCP_|CLOUDSDK_|GCE_|ARM_|AZURE_|AZUREAD_|MSI_|IDENTITY_|KUBE|HELM_|VAULT_|ANYSCALE_|"
    r"ACTIONS_ID_TOKEN_|TF_|ECS_|CDKTF_"
)
# What says where providers and modules come from, and which engine synthesizes.
_KEPT = re.compile(r"TF_CLI_CONFIG_FILE|TF_PLUGIN_CACHE_\w+|TF_TOKEN_\w+|TF_REGISTRY_\w+|ANYSCALE_CONSTRUCTS_\w+")


def without_credentials() -> dict[str, str]:
    """This process's environment without credentials of clouds, and without settings of Terraform's commands."""
    return {name: text for name, text in os.environ.items() if _KEPT.fullmatch(name) or not _LEFT_OUT.match(name)}
