"""The parts that know Terraform but no provider: values, modules, resources, stacks, and the app."""
