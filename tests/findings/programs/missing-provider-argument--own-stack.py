"""A custom cloud, registered by Terraform, with a setting that Anyscale's provider does not have."""

from anyscale_constructs.registration.resource import CloudResource
from anyscale_constructs.registration.terraform import resource_arguments

resource = CloudResource.read(
    {
        "provider": "AZURE",
        "compute_stack": "K8S",
        "region": "eastus2",
        "object_storage": {"bucket_name": "abfss://anyscale@acmeprod.dfs.core.windows.net"},
        "kubernetes_config": {
            "anyscale_operator_iam_identity": "11111111-2222-3333-4444-555555555555",
            "custom_image_registry": "registry.example.com/anyscale",
        },
    }
)
resource_arguments(resource)
