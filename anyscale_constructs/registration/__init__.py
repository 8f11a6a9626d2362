"""From Terraform outputs to a registered cloud."""
