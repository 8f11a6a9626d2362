"""The real Terraform program, run with a clean environment, with typed results."""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from threading import Lock
from typing import Any

from tests.e2e.clones import git_configuration
from tests.e2e.plugins import Plugins
from tests.missing import find_terraform

NOWHERE = "http://127.0.0.1:9"
"""An address at which nothing listens."""
SERVED = "TF_REATTACH_PROVIDERS"
"""The environment variable with the providers that Terraform does not start, because they are already served."""

_NETWORK = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy", "SSL_CERT_FILE")
"""The variables for network access that are passed on from the user's environment; no others are."""

_UNCHANGED = {"import", "move", "noop", "read"}
"""Actions in a plan that change nothing."""

_install = Lock()


class TerraformError(Exception):
    """A Terraform command failed; the message contains its errors."""


@dataclass(frozen=True)
class Plan:
    """The planned changes: for each resource or output, the action, such as `create`."""

    changes: Mapping[str, str]
    outputs: Mapping[str, str]

    def __str__(self) -> str:
        counts = Counter(self.changes.values())
        told = [f"{count} to {action}" for action, count in sorted(counts.items())]
        told += [f"{len(self.outputs)} outputs"] if self.outputs else []
        return ", ".join(told) or "no changes"


@dataclass(frozen=True)
class Applied:
    """The counts of changes that Terraform reports at the end."""

    added: int
    changed: int
    removed: int

    def __str__(self) -> str:
        counts = {"added": self.added, "changed": self.changed, "removed": self.removed}
        return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing"


def clean_environment(
    work: Path, plugins: Plugins, refs: Mapping[str, set[str]], endpoint: str = NOWHERE, registry: str = ""
) -> dict[str, str]:
    """Returns an environment for Terraform that contains no credentials and does not reach AWS.

    If the providers and the modules are all on this machine, a proxy that does not exist blocks all connections except
    to loopback.

    Args:
        work: A directory for Terraform's home and the configurations.
        plugins: The source of the providers.
        refs: The refs of upstream repositories that the stacks need.
        endpoint: The address of the emulated account. Default: none.
        registry: The part of the CLI configuration for a module registry.
    """
    home = work / "home"
    home.mkdir(parents=True, exist_ok=True)
    (home / "terraform.rc").write_text(plugins.configuration + registry)
    clones = git_configuration(refs)
    (home / "gitconfig").write_text(clones or "")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TF_CLI_CONFIG_FILE": str(home / "terraform.rc"),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "TF_CLI_ARGS": "-no-color",
        "CHECKPOINT_DISABLE": "1",
        "GOGC": "400",  # Terraform and its providers take a sixth less time, for a little more memory
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "GIT_TERMINAL_PROMPT": "0",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "emulated",
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if plugins.online or clones is None:
        return environment | {name: os.environ[name] for name in _NETWORK if name in os.environ}
    closed = {
        "HTTPS_PROXY": NOWHERE,
        "HTTP_PROXY": NOWHERE,
        "NO_PROXY": "127.0.0.1",
    }
    return environment | closed | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_ALLOW_PROTOCOL": "file"}


class Terraform:
    """Terraform in one directory.

    Args:
        folder: The directory with cdk.tf.json.
        environment: The whole environment of the program.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self._program = find_terraform()

    def init(self) -> dict[str, str]:
        """Installs modules and providers; returns the release of each provider.

        Only one directory at a time: the plugin cache and the hashes of providers do not support more. Providers that
        are served to Terraform are not served to this command, which would not check their versions then.
        """
        environment = {name: text for name, text in self.environment.items() if name != SERVED}
        installing = Terraform(self.folder, environment)
        with _install:
            installing._run("init")
        text = installing._run("version", "-json")
        selected: dict[str, str] = json.loads(text)["provider_selections"]
        return {name.rsplit("/", 1)[1]: version for name, version in sorted(selected.items())}

    def validate(self) -> list[str]:
        """Validates the configuration against the modules and the providers; returns the warnings."""
        answer = json.loads(self._run("validate", "-json"))
        return [diagnostic["summary"] for diagnostic in answer["diagnostics"]]

    def plan(self) -> Plan:
        """Writes the plan to the file that `apply` uses."""
        # The JSON of a plan file would need another run, which loads the schemas of the providers again.
        events = list(_events(self._run("plan", "-json", "-out=e2e.tfplan")))
        changes = [event["change"] for event in events if event["type"] == "planned_change"]
        outputs = [output for event in events if event["type"] == "outputs" for output in event["outputs"].items()]
        return Plan(
            {each["resource"]["addr"]: each["action"] for each in changes if each["action"] not in _UNCHANGED},
            {name: output["action"] for name, output in outputs if output["action"] not in _UNCHANGED},
        )

    def plan_document(self) -> dict[str, Any]:
        """Plans into the file that `apply` uses; returns Terraform's own JSON of the plan."""
        self._run("plan", "-out=e2e.tfplan")
        return self.planned()

    def planned(self) -> dict[str, Any]:
        """Returns Terraform's own JSON of the last plan, with modules in the order of their addresses."""
        document: dict[str, Any] = json.loads(self._run("show", "-json", "e2e.tfplan"), object_hook=_sort_modules)
        return document

    def apply(self) -> Applied:
        """Applies the last plan."""
        return self._apply("e2e.tfplan")

    def destroy(self) -> Applied:
        """Destroys everything in the state."""
        return self._apply("-destroy", "-auto-approve")

    def output(self) -> dict[str, Any]:
        """Returns the outputs' values."""
        outputs = json.loads(self._run("output", "-json"))
        return {name: output["value"] for name, output in outputs.items()}

    def state(self) -> list[str]:
        """The addresses in the state."""
        return self._run("state", "list").split()

    def resources(self) -> list[dict[str, Any]]:
        """The resources in the state, with their values, in all modules."""
        found, modules = [], [json.loads(self._run("show", "-json"))["values"]["root_module"]]
        while modules:
            module = modules.pop()
            found += [each for each in module.get("resources", []) if each["mode"] == "managed"]
            modules += module.get("child_modules", [])
        return found

    def forget(self, address: str) -> None:
        """Removes an address from the state, as if the resource had been deleted by something else."""
        self._run("state", "rm", address)

    def _apply(self, *arguments: str) -> Applied:
        events = list(_events(self._run("apply", "-json", *arguments)))
        # A destroy reports its plan before its result.
        summary = [event["changes"] for event in events if event["type"] == "change_summary"][-1]
        return Applied(summary["add"], summary["change"], summary["remove"])

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [self._program, *arguments],
            cwd=self.folder,
            env=dict(self.environment),
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            said = _errors(done.stdout) or [(done.stderr or done.stdout).strip()]
            raise TerraformError("\n".join([f"terraform {arguments[0]}:", *said]))
        return done.stdout


def _sort_modules(part: dict[str, Any]) -> dict[str, Any]:
    # Terraform lists those of `planned_values` in the order in which a run came to them, which differs between plans.
    part.get("child_modules", []).sort(key=itemgetter("address"))
    return part


def _events(stream: str) -> Iterator[dict[str, Any]]:
    """Yields the events that a command prints line by line."""
    for line in stream.splitlines():
        if line.startswith('{"@level"'):
            yield json.loads(line)


def _errors(output: str) -> list[str]:
    """Returns the errors in the JSON output of a command: `validate` prints one document, `apply` prints events."""
    if output.startswith("{\n"):
        found = json.loads(output)["diagnostics"]
    else:
        found = [event["diagnostic"] for event in _events(output) if event["type"] == "diagnostic"]
    return [
        f"{each.get('address', '')} {each['summary']}: {each.get('detail', '')}".strip()
        for each in found
        if each["severity"] == "error"
    ]
