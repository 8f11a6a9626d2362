"""`make demo`: one cloud, from YAML to registration to destruction, explained step by step."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.syntax import Syntax

from tests import ROOT
from tests.e2e.account import ACCOUNT_ID, emulated_account
from tests.e2e.clones import module_sources
from tests.e2e.control_plane import ControlPlane
from tests.e2e.examples import clouds
from tests.e2e.plugins import find_plugins
from tests.e2e.registering import Registering
from tests.e2e.report import StepFailedError
from tests.e2e.terraform import Terraform, TerraformError, clean_environment
from tests.missing import MissingPieceError

EXAMPLE = "minimal"


def main() -> int:
    """Runs the demo; returns the exit status."""
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory(prefix="demo-") as name:
        try:
            _tell(console, Path(name))
        except (MissingPieceError, StepFailedError, TerraformError) as error:
            console.print(f"\nThe demonstration ends here: {error}", style="bold red", markup=False)
            return 1
    return 0


def _tell(console: Console, work: Path) -> None:
    def say(text: str) -> None:
        console.print(f"\n[bold]{text}[/bold]")

    say("1. A cloud in YAML")
    text = (ROOT / "examples" / "clouds" / f"{EXAMPLE}.yaml").read_text(encoding="utf-8")
    console.print(Syntax(text.rstrip(), "yaml", background_color="default"))

    say(f"2. An emulated AWS account, {ACCOUNT_ID}, on this machine: nothing reaches the real one")
    plugins = find_plugins(work)
    (cloud,) = clouds(plugins, work, frozenset({EXAMPLE}))
    with emulated_account(cloud.region, work / "account.log") as account, ControlPlane() as plane:
        source, folder = cloud.synth(account), work / "out" / "stacks" / cloud.name
        shutil.copytree(source, folder)
        calls = json.loads((folder / "cdk.tf.json").read_text())["module"]
        console.print(f"The YAML is Terraform JSON now: {len(calls)} modules, {', '.join(calls)}.")
        terraform = Terraform(folder, clean_environment(work, plugins, module_sources([folder]), account.endpoint))
        before = account.inventory()

        say("3. Terraform, the real one, with Anyscale's own modules")
        with console.status("terraform init"):
            console.print("Providers: " + ", ".join(f"{name} {v}" for name, v in terraform.init().items()) + ".")
        with console.status("terraform plan"):
            console.print(f"Plan: {terraform.plan()}.")
        with console.status("terraform apply"):
            console.print(f"Applied: {terraform.apply()}.")
        made = Counter(thing.partition(" ")[0] for thing in account.inventory() - before)
        console.print("In the account: " + ", ".join(f"{count} of {service}" for service, count in made.items()) + ".")

        say("4. Registration, with the real anyscale program, which verifies what was made")
        registering = Registering(EXAMPLE, work, account, plane)
        outputs = terraform.output()
        with console.status("anyscale-constructs register"):
            console.print("First time:  " + json.dumps(registering.run(outputs, "created")))
            console.print("Second time: " + json.dumps(registering.run(outputs, "unchanged")))
        console.print("The same as a command that a person would type:\n")
        console.print(_command(registering), style="cyan", markup=False, soft_wrap=True)

        say("5. And back to nothing")
        with console.status("terraform destroy"):
            console.print(f"Destroyed: {terraform.destroy()}.")
        left = account.inventory() - before
        if left:
            raise StepFailedError(f"left in the account: {sorted(left)}")
        console.print("The account is as it was.")


def _command(registering: Registering) -> str:
    program = str(Path(sys.executable).parent / "anyscale-constructs")
    show = [program, "register", EXAMPLE, "--outputs", str(registering.file), "--print", "command"]
    return subprocess.run(show, check=True, capture_output=True, text=True).stdout.rstrip()


if __name__ == "__main__":
    sys.exit(main())
