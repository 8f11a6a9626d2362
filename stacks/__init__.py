"""The clouds you can make: one module a kind, each a composition to read, copy and change."""

STACKS = {
    "aks": "stacks.aks:AksStack",
    "ec2": "stacks.ec2:Ec2Stack",
    "eks": "stacks.eks:EksStack",
    "gce": "stacks.gce:GceStack",
    "generic": "stacks.generic:GenericStack",
    "gke": "stacks.gke:GkeStack",
}
"""By the word that stands under `stack:` in a cloud's YAML."""
