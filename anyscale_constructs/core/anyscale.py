"""What Anyscale's own side is called, whatever the provider."""

CONTROL_PLANE_ACCOUNT = "525325868955"
"""The AWS account of Anyscale's control plane."""

CONSOLE_ORIGIN = "https://*.anyscale.com"
"""Where the console's pages come from, which read logs from the bucket."""
RESOURCE_ID_OUTPUT = "anyscale_cloud_resource_id"
"""The output that holds the cloud resource's id, where Terraform registers the cloud."""
