import pathlib

from anyscale_constructs.cli import main

pathlib.Path("clouds").mkdir()
pathlib.Path("clouds/prod.yaml").write_text(
    "stack: ec2\nregion: us-east-2\norg_id: org_1234abcd\ncloud_id: cld_1234abcd\n"
    "security_group: {ingress_cidr_blocks: [203.0.113.0/24]}\n"
)
pathlib.Path("locks").mkdir()
pathlib.Path("locks/prod.lock.hcl").write_text(
    'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.0.0"\n  hashes = ["h1:a="]\n}\n'
)
main("synth", "prod")
