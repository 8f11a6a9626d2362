"""What knows Terraform and no provider: values, modules, resources, stacks, and the app."""
