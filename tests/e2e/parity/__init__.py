"""Upstream's examples beside the same clouds of ours: what Terraform plans for each, and in what the two differ."""
