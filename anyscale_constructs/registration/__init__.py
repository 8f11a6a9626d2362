"""From Terraform's outputs to a registered cloud, safely repeatable."""
