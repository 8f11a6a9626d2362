"""Registers clouds with Anyscale from Terraform outputs."""
