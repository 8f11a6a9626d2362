"""Compares what Terraform plans for upstream's examples and for the same clouds in this library."""
