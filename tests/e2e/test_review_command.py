"""The command `review` on two commits of a repository, with the real Terraform, modules and provider."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from anyscale_constructs.review.formats import MARKER
from tests.e2e.plugins import find_plugins
from tests.e2e.reviewing import Edit, Workshop
from tests.e2e.terraform import clean_environment
from tests.missing import find, find_terraform
from tests.unit.review.repository import commit, git

MODULES = "anyscale/terraform-aws-anyscale-cloudfoundation-modules"
ROLE = {"role_arn": "arn:aws:iam::444455556666:role/terraform", "session_name": "anyscale"}
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "real",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
    "AWS_PROFILE": "production",
}
FORMATS = ["text", "markdown", "json", "github"]
KIND = """
from anyscale_constructs import clouds
from anyscale_constructs.aws import SecurityGroups


class Ec2Stack(clouds.Ec2Stack):
    def compose(self) -> None:
        super().compose()
        SecurityGroups(self, "{}", vpc=self.vpc, security_group_name_prefix="{}-")
"""


@dataclass(frozen=True)
class Repository:
    """A repository of clouds, with the environment in which it is reviewed."""

    root: Path
    environment: Mapping[str, str]

    def commit(self, clouds: Mapping[str, str], files: Mapping[str, str] | None = None) -> None:
        """Commits only the given clouds."""
        for file in self.root.glob("clouds/*.yaml"):
            file.unlink()
        settings = {"cdktf.json": json.dumps({"context": {"clouds": "clouds", "stacks": "stacks"}})}
        kinds = {"stacks/__init__.py": "", **(files or {})}
        commit(self.root, settings | kinds | {f"clouds/{name}.yaml": text for name, text in clouds.items()})

    def review(
        self, *options: str, inside: Sequence[str] = (), extra: Mapping[str, str] | None = None, status: int = 0
    ) -> str:
        """Returns the output of the command for the last commit."""
        command = [*inside, sys.executable, "-m", "anyscale_constructs", "review", "main~1", "main", *options]
        environment = {**self.environment, **(extra or {})}
        done = subprocess.run(command, cwd=self.root, env=environment, check=False, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (status, "")
        return done.stdout

    def line(self, cloud: str, text: str, revision: str = "main") -> str:
        """Returns the place of a line that begins with a text, as in a review."""
        lines = git(self.root, "show", f"{revision}:clouds/{cloud}.yaml").splitlines()
        (number,) = (number for number, line in enumerate(lines, 1) if line.strip().startswith(text))
        column = len(lines[number - 1]) - len(lines[number - 1].lstrip()) + 1
        return f"{revision}:clouds/{cloud}.yaml:{number}:{column}"


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    find_terraform()
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch", "main")
    environment = clean_environment(tmp_path, find_plugins(tmp_path), {MODULES: set()})
    library = str(Path(__file__).parents[2])
    return Repository(root, {**environment, "PYTHONPATH": library})


def text(config: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(config), sort_keys=False)


def wider(config: dict[str, Any]) -> None:
    config["vpc"]["cidr_block"] = "10.0.0.0/18"


def opened(config: dict[str, Any]) -> None:
    config["security_group"]["ingress_cidr_blocks"].append("198.51.100.0/24")


def private(config: dict[str, Any]) -> None:
    config["networking_mode"] = "PRIVATE"


def encryption_off(config: dict[str, Any]) -> None:
    config.pop("kms_key_arn")


def node_type(config: dict[str, Any]) -> None:
    config["memorydb"]["node_type"] = "db.r7g.xlarge"


def pin(config: dict[str, Any]) -> None:
    config.setdefault("modules", {})["s3"] = {"ref": "v0.40.1"}


def backend(config: dict[str, Any]) -> None:
    config["backend"]["bucket"] = "other-terraform-state"


def role(config: dict[str, Any]) -> None:
    config["provider"] = {"allowed_account_ids": ["444455556666"], "assume_role": ROLE}


def told(findings: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Returns the rule, the subject and the place of each finding."""
    return [
        (
            each["rule"],
            each["construct"] or "",
            ":".join(str(each[key]) for key in ("file", "line", "column") if each[key]),
        )
        for each in findings
    ]


def test_each_change_is_reported_first_in_every_format(repository: Repository, workshop: Workshop) -> None:
    """With the rules, without a plan."""

    def cloud(example: str, *edits: Edit) -> str:
        config = workshop.example(example)
        for edit in edits:
            edit(config)
        return text(config)

    before = {
        "wider": cloud("minimal"),
        "opened": cloud("minimal"),
        "public": cloud("minimal", private),
        "encrypted": cloud("private-production"),
        "sized": cloud("private-production"),
        "pinned": cloud("private-production"),
        "stored": cloud("private-production"),
        "old-name": cloud("existing-vpc"),
    }
    after = {
        "wider": cloud("minimal", wider),
        "opened": cloud("minimal", opened),
        "public": cloud("minimal"),
        "encrypted": cloud("private-production", encryption_off),
        "sized": cloud("private-production", node_type),
        "pinned": cloud("private-production", pin),
        "stored": cloud("private-production", backend),
        "new-name": cloud("existing-vpc"),
    }
    repository.commit(before)
    repository.commit(after)
    printed = {form: repository.review("--plan", "none", "--format", form) for form in FORMATS}
    assert printed["json"] == repository.review("--plan", "none", "--format", "json")

    report = json.loads(printed["json"])
    stacks = {stack["name"]: stack for stack in report["stacks"]}
    line = repository.line
    assert {name: told([*stack["destroys"], *stack["opens"]]) for name, stack in stacks.items()} == {
        "wider": [
            ("replaced-resource", "module.vpc", line("wider", "cidr_block")),
            ("replaced-resource", "module.vpc", line("wider", "vpc:")),
        ],
        "opened": [("widened-ingress", "module.securitygroups", line("opened", "ingress_cidr_blocks"))],
        "public": [
            ("destroyed-resource", "module.vpc", line("public", "vpc:")),
            ("public-address", "module.vpc", line("public", "vpc:")),
            ("public-networking", "output.anyscale_cloud_resource", line("public", "networking_mode", "main~1")),
        ],
        "encrypted": [
            ("replaced-data", "module.memorydb", line("encrypted", "kms_key_arn", "main~1")),
            ("destroyed-resource", "aws_iam_role_policy.iam_cluster_node", "main:clouds/encrypted.yaml"),
            ("weakened-encryption", "module.efs", line("encrypted", "kms_key_arn", "main~1")),
            ("weakened-encryption", "module.memorydb", line("encrypted", "kms_key_arn", "main~1")),
            ("weakened-encryption", "module.s3", line("encrypted", "kms_key_arn", "main~1")),
        ],
        "sized": [],
        "pinned": [],
        "stored": [("moved-state", "", line("stored", "backend:"))],
    }
    assert told(report["clouds"]["findings"]) == [("renamed-cloud", "", "main:clouds/new-name.yaml")]
    assert report["clouds"]["renamed"] == {"old-name": "new-name"}
    assert [(each["name"], each["old"], each["new"]) for each in stacks["sized"]["changed"]] == [
        ("memorydb_node_type", "db.r7g.large", "db.r7g.xlarge")
    ]
    (pinned,) = stacks["pinned"]["pins"]
    assert pinned["repository"] == MODULES
    assert pinned["old"].startswith("v0.38.0 ")
    assert pinned["link"] == f"https://github.com/{MODULES}/compare/v0.38.0...v0.40.1"
    assert any("bucket_namespace added" in each for each in pinned["interfaces"]["module.s3"])

    findings = [*report["clouds"]["findings"]]
    for stack in report["stacks"]:
        findings += [*stack["destroys"], *stack["opens"]]
    positions = [printed["text"].index(f"warning[{each['rule']}]") for each in findings]
    assert min(positions) < printed["text"].index("Inputs")
    for each in findings:
        place = ":".join(str(each[key]) for key in ("file", "line", "column") if each[key])
        assert f"warning[{each['rule']}]: {place}: " in printed["text"]
        assert f"[`{each['rule']}`]" in printed["markdown"].partition("<details>")[0]
        assert f"(`{place}`)" in printed["markdown"].partition("<details>")[0]
    assert printed["markdown"].startswith(MARKER)
    assert "main:" not in printed["github"]
    annotated = {entry.partition("::")[0] for entry in printed["github"].removeprefix("::").split("\n::")}
    assert "warning file=clouds/wider.yaml,line=5,col=3,title=replaced-resource" in annotated
    assert "warning file=clouds/encrypted.yaml,title=weakened-encryption" in annotated
    order = [stack["name"] for stack in report["stacks"]]
    assert {*order[:4]} == {"wider", "public", "encrypted", "stored"}
    assert order[4] == "opened"


def test_a_construct_with_another_id_is_reported_first(repository: Repository, workshop: Workshop) -> None:
    clouds = {"prod": text(workshop.example("minimal"))}
    repository.commit(clouds, {"stacks/ec2.py": KIND.format("old", "extra")})
    repository.commit(clouds, {"stacks/ec2.py": KIND.format("new", "extra")})
    report = json.loads(repository.review("--plan", "none", "--format", "json"))
    (stack,) = report["stacks"]
    assert told(stack["destroys"]) == [("moved-block-missing", "module.old", "main:clouds/prod.yaml")]
    assert (stack["opens"], stack["addresses"]["moves"]) == ([], {"module.old": "module.new"})
    for form in ("text", "markdown"):
        assert "from = module.old\n" in repository.review("--plan", "none", "--format", form)
    assert "title=moved-block-missing::module.old" in repository.review("--plan", "none", "--format", "github")


def test_an_offline_plan_says_what_is_replaced_and_calls_no_cloud(repository: Repository, workshop: Workshop) -> None:
    """In a network with only loopback, with credentials and a role that would cause calls."""
    before, after = (
        {
            "minimal": workshop.example("minimal", role),
            "production": workshop.example("private-production", role),
        }
        for _ in range(2)
    )
    wider(after["minimal"])
    for edit in (opened, node_type, encryption_off, backend):
        edit(after["production"])
    repository.commit({name: text(config) for name, config in before.items()})
    repository.commit({name: text(config) for name, config in after.items()})
    options = ("--plan", "offline", "--fail-on", "destroy,widen")
    namespace = [find("unshare", "install util-linux"), "--net", "--map-root-user"]
    inside = [*namespace, "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    report = json.loads(repository.review(*options, "--format", "json", inside=inside, extra=CREDENTIALS, status=3))
    assert report["notes"] == []
    stacks = {stack["name"]: stack for stack in report["stacks"]}
    (replaced,) = stacks["minimal"]["destroys"]
    place = repository.line("minimal", "cidr_block")
    assert told([replaced]) == [("replaced-resource", "module.vpc.aws_vpc.anyscale_vpc[0]", place)]
    assert "because cidr_block changes from '10.0.0.0/19' to '10.0.0.0/18'" in replaced["what"]
    assert "; 14 more resources are replaced with it: " in replaced["what"]
    assert stacks["minimal"]["opens"] == []
    key = repository.line("production", "kms_key_arn", "main~1")
    ingress, rule = (
        repository.line("production", "ingress_cidr_blocks"),
        "aws_security_group_rule.ingress_from_cidr_blocks[0]",
    )
    assert told(stacks["production"]["destroys"]) == [
        ("moved-state", "", repository.line("production", "backend:")),
        ("replaced-data", "module.memorydb.aws_memorydb_cluster.anyscale_memorydb[0]", key),
        ("destroyed-resource", "aws_iam_role_policy.iam_cluster_node", "main:clouds/production.yaml"),
        ("replaced-resource", f"module.securitygroups.{rule}", ingress),
    ]
    assert told(stacks["production"]["opens"]) == [
        ("weakened-encryption", "module.efs", key),
        ("weakened-encryption", "module.memorydb", key),
        ("weakened-encryption", "module.s3", key),
        ("widened-ingress", "module.securitygroups", ingress),
    ]


def test_harmless_changes_are_in_neither_part(repository: Repository, workshop: Workshop) -> None:
    config = workshop.example("private-production")
    config["tags"] = {"team": "ml-platform"}
    rule = {"from_port": 8443, "to_port": 8443, "protocol": "tcp", "cidr_blocks": ["10.1.0.0/16"]}
    config["security_group"] = {"ingress_rules": [{**rule, "description": "Gateway"}]}
    quiet = workshop.example("minimal")
    repository.commit({"production": text(config), "minimal": text(quiet)})
    config["tags"]["reviewed"] = "yes"
    config["security_group"]["ingress_rules"][0]["description"] = "The gateway"
    reordered = {name: config[name] for name in reversed(config)}
    fresh = workshop.example("minimal", wider)
    repository.commit(
        {
            "production": f"# reviewed\n{text(reordered)}",
            "minimal": f"{text({name: quiet[name] for name in reversed(quiet)})}# reviewed\n",
            "fresh": text(fresh),
        }
    )
    options = ("--fail-on", "destroy,widen", "--format", "json")
    for plan in ("none", "offline"):
        report = json.loads(repository.review("--plan", plan, *options))
        (stack,) = report["stacks"]
        assert (stack["name"], stack["destroys"], stack["opens"]) == ("production", [], [])
        assert stack["changed"]
        assert (report["clouds"]["added"], report["clouds"]["unchanged"]) == (["fresh"], ["minimal"])
        assert (report["clouds"]["findings"], report["notes"]) == ([], [])
    assert repository.review("--plan", "none", "--format", "github") == ""
