"""A repository of clouds, as a user's is."""

import os
import subprocess
from pathlib import Path

CLOUD = """stack: ec2
region: us-east-2
org_id: org_1234abcd
vpc:
  cidr_block: 10.0.0.0/19
security_group:
  ingress_cidr_blocks: [203.0.113.0/24]
"""
FOLDER = "infra/clouds"


def git(folder: Path, *arguments: str) -> str:
    who = {f"GIT_{role}_{what}": "a@b.c" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = os.environ | who | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.check_output(["git", "-C", str(folder), *arguments], env=environment, text=True).strip()


def commit(root: Path, files: dict[str, str]) -> str:
    """Writes files, keeps all others, and commits everything; returns the commit."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "Change clouds")
    return git(root, "rev-parse", "HEAD")


def repository(root: Path) -> Path:
    """Returns the subdirectory of a repository that contains its clouds."""
    root.mkdir(exist_ok=True)
    git(root, "init", "--quiet", "--initial-branch", "main")
    commit(root, {"infra/cdktf.json": '{"context": {"clouds": "clouds"}}', f"{FOLDER}/prod.yaml": CLOUD})
    return root / "infra"
