"""Takes a cloud through its lifecycle: create, upgrade, check for changes, update, destroy, check for remains."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

from anyscale_constructs.clouds.operator import SUFFIX
from anyscale_constructs.registration.resource import CloudResource
from anyscale_constructs.terraform.ejecting import eject
from tests import ROOT
from tests.before import is_announced
from tests.e2e.account import EmulatedAccount, emulated_account
from tests.e2e.adapted import adapt, relax
from tests.e2e.clones import module_sources
from tests.e2e.control_plane import ControlPlane
from tests.e2e.names import named
from tests.e2e.plugins import REGISTRY, Plugins
from tests.e2e.providers.cluster import CLUSTER_IS_KNOWN
from tests.e2e.registering import Registering
from tests.e2e.registry import Registry, registry_modules
from tests.e2e.report import Report, StepFailedError, StoppedError
from tests.e2e.serving import served
from tests.e2e.terraform import Plan, Terraform, clean_environment

Synth = Callable[[EmulatedAccount], Path]
"""Returns the directory with a stack's Terraform; gets the account, in which resources may exist."""

_NOW = "now"
_TFVARS = "terraform.tfvars.json"


@dataclass(frozen=True)
class Cloud:
    """A cloud to test.

    Attributes:
        name: The cloud's name in the report.
        synth: Returns its stack.
        before: Returns the stack from the older library, or None if the cloud is new.
        upgraded: Returns this library's stack for the YAML of the existing cloud, if that differs from `synth`'s.
        update: Returns the stack that it is updated to, or None.
        changes: The addresses that the update changes, and all of them, as patterns such as `module.s3.*`.
        region: The region of the emulated account.
        variables: Terraform's variables, by name.
        name_prefix: The prefix of all names, if there is one.
        registered: Whether it is already registered, as its outputs describe.
        ejected: Whether the plan of its plain Terraform is compared with its own.
    """

    name: str
    synth: Synth
    before: Synth | None = None
    upgraded: Synth | None = None
    update: Synth | None = None
    changes: tuple[str, ...] = ()
    region: str = "us-east-2"
    variables: Mapping[str, str] = field(default_factory=dict)
    name_prefix: str = ""
    registered: bool = False
    ejected: bool = True


def live(cloud: Cloud, work: Path, plugins: Plugins, report: Report) -> None:
    """Takes a cloud through its lifecycle, in a separate account.

    Args:
        cloud: The cloud.
        work: A directory for it.
        plugins: The source of Terraform's providers.
        report: Gets a row for each step.
    """
    work.mkdir(parents=True, exist_ok=True)
    with emulated_account(cloud.region, work / "account.log") as account:
        try:
            _live(cloud, work, plugins, report, account)
        except StoppedError:
            pass
        finally:
            if account.unanswered:
                report.console.print(f"{cloud.name}  not answered: {account.unanswered}", style="yellow", markup=False)


def _live(cloud: Cloud, work: Path, plugins: Plugins, report: Report, account: EmulatedAccount) -> None:
    step = partial(report.step, cloud.name)
    synths = {"before": cloud.before, "upgraded": cloud.upgraded, _NOW: cloud.synth}
    stages = {stage: synth for stage, synth in synths.items() if synth}
    # Their state is the same: its path goes three directories up.
    folders = {stage: work / stage / "stacks" / cloud.name for stage in stages}
    seconds = {stage: folder.with_name(folder.name + SUFFIX) for stage, folder in folders.items()}
    already: set[str] = set()
    adapted: list[str] = []
    environment: dict[str, str] = {}

    def prepare(registry: Registry) -> dict[str, Terraform]:
        for stage, synth in stages.items():
            shutil.copytree(synth(account).parent, folders[stage].parent)
        already.update(account.inventory())
        modules = list(dict.fromkeys(module for folder in folders.values() for module in registry_modules(folder)))
        served = registry.configuration if modules else ""
        sources = module_sources(folders.values())
        environment.update(clean_environment(work, plugins, sources, account.endpoint, served))
        if plugins.only_aws_5:
            every = [stack for folder in folders.values() for stack in folder.parent.iterdir()]
            relaxed = [note for stack in every for note in relax(stack, plugins.aws_versions[-1])]
            adapted.extend(dict.fromkeys(relaxed))
            adapted.extend(f"{module} adapted to hashicorp/aws 5" for module in modules)
        for module in modules:
            place = work / "modules" / module.repository
            registry.add(module, adapt(module, place, environment) if plugins.only_aws_5 else None)
        variables = {f"TF_VAR_{name}": text for name, text in cloud.variables.items()}
        return {stage: Terraform(folder, environment | variables) for stage, folder in folders.items()}

    with Registry() as registry:
        terraforms = step(
            "prepare",
            lambda: prepare(registry),
            lambda _: "; ".join([f"{len(already)} things in the account", *adapted]),
        )
        report.note(*adapted)
        for stage, each in terraforms.items():
            step(_named("init", stage), each.init, _releases)
    with served(f"{REGISTRY}/hashicorp/aws", terraforms.values()):
        terraform = terraforms[_NOW]
        step("validate", terraform.validate, lambda warnings: f"{len(warnings)} warnings")
        apply(terraforms, step)
        outputs = step("output", terraform.output, lambda outputs: f"{len(outputs)} outputs")
        tfvars = seconds[_NOW] / _TFVARS if seconds[_NOW].exists() else None
        _register(cloud, outputs, step, tfvars=tfvars, work=work, account=account)
        step("plan again", lambda: unchanged(terraform))
        if cloud.ejected:
            step("eject: plan", lambda: ejected(terraform, work))
        step("names", lambda: named(terraform.resources(), cloud.name_prefix), lambda count: f"{count} as they must be")
        if tfvars:
            _live_second(cloud, seconds, environment, partial(report.step, seconds[_NOW].name), work)

        if update := cloud.update:

            def put_update() -> Plan:
                shutil.copytree(update(account), folders[_NOW], dirs_exist_ok=True)
                return only(terraform.plan(), cloud.changes)

            step("update: plan", put_update, lambda plan: f"{plan}, all of them expected")
            step("update: apply", terraform.apply)
            step("update: plan again", lambda: unchanged(terraform))

        step("destroy", terraform.destroy)
        step("nothing left", lambda: nothing_left(terraform, account.inventory() - already))


def _register(
    cloud: Cloud,
    outputs: Mapping[str, Any],
    step: Callable[..., Any],
    *,
    tfvars: Path | None,
    work: Path,
    account: EmulatedAccount,
) -> None:
    with ControlPlane() as plane:
        action = _first_action(cloud, plane, outputs)
        registering = step("registration", lambda: Registering(cloud.name, work, account, plane), lambda _: "ready")
        # Clouds on Kubernetes are not among those that the program verifies.
        verified = outputs["anyscale_cloud_resource"]["compute_stack"] == "VM"
        ids = step(
            "register, verified" if verified else "register",
            partial(registering.run, outputs, action, tfvars),
            _ids,
        )
        again = step("register again", lambda: registering.run(outputs, "unchanged"), _ids)
        step("same IDs", lambda: same(ids, again))


def _first_action(cloud: Cloud, plane: ControlPlane, outputs: Mapping[str, Any]) -> str:
    """Returns the result of the first registration; a registered cloud is added to the control plane first."""
    if not cloud.registered:
        return "created"
    plane.add_registered(cloud.name, CloudResource.read(outputs["anyscale_cloud_resource"]).mapping())
    return "unchanged"


def _live_second(
    cloud: Cloud, folders: Mapping[str, Path], environment: Mapping[str, str], step: Callable[..., Any], work: Path
) -> None:
    """Takes the operator stack through its lifecycle, with the variable file from registration."""
    terraforms = {stage: Terraform(folder, {**environment, CLUSTER_IS_KNOWN: "1"}) for stage, folder in folders.items()}
    for stage, each in terraforms.items():
        if stage != _NOW:
            shutil.copy(folders[_NOW] / _TFVARS, folders[stage])
        step(_named("init", stage), each.init, _releases)
    apply(terraforms, step)
    step("plan again", lambda: unchanged(terraforms[_NOW]))
    if cloud.ejected:
        step("eject: plan", lambda: ejected(terraforms[_NOW], work))
    step("destroy", Terraform(folders[_NOW], environment).destroy)


def apply(terraforms: Mapping[str, Terraform], step: Callable[..., Any]) -> None:
    """Applies a stack, over the existing one if there is one."""
    now = terraforms[_NOW]
    planned = None
    if before := terraforms.get("before"):
        step(_named("plan", "before"), before.plan)
        step(_named("apply", "before"), before.apply)
        planned = terraforms.get("upgraded", now)
        step("upgrade: plan", partial(upgrade, planned, before), lambda plan: f"{plan}, nothing destroyed")
    if planned is not now:
        step("plan", now.plan)
    step("apply", now.apply)


def _named(step: str, stage: str) -> str:
    return step if stage == _NOW else f"{stage}: {step}"


def _releases(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {release}" for name, release in versions.items())


def _ids(result: Mapping[str, str]) -> str:
    return f"{result['action']}: {result['cloud_id']}, {result['cloud_resource_id']}"


def same(ids: Mapping[str, str], again: Mapping[str, str]) -> str:
    """Returns a note on the IDs of the second registration if they are those of the first."""
    if dict(ids, action="") != dict(again, action=""):
        raise StepFailedError(f"{again} instead of {ids}")
    return "as the first time"


def unchanged(terraform: Terraform) -> Plan:
    """Returns the plan if it changes no resource and no output."""
    plan = terraform.plan()
    if plan.changes or plan.outputs:
        raise StepFailedError(f"{plan}: {dict(plan.changes) | dict(plan.outputs)}")
    return plan


def ejected(terraform: Terraform, work: Path) -> Plan:
    """Returns the plan of the stack as plain Terraform, if it changes nothing and equals the stack's last plan."""
    target = work / "ejected" / terraform.folder.name
    eject(terraform.folder, terraform.folder, target)
    # The registry has stopped; installed modules with the same source are not requested again.
    modules = terraform.folder / ".terraform" / "modules"
    if modules.exists():
        shutil.copytree(modules, target / ".terraform" / "modules", symlinks=True)
    plain = Terraform(target, terraform.environment)
    plain.init()
    plan = unchanged(plain)
    parts = ("planned_values", "resource_changes", "output_changes", "prior_state")
    documents = [each.planned() for each in (terraform, plain)]
    if differing := [part for part in parts if documents[0].get(part) != documents[1].get(part)]:
        raise StepFailedError(f"the plans differ in {', '.join(differing)}")
    return plan


def upgrade(terraform: Terraform, before: Terraform) -> Plan:
    """Returns the plan over the earlier stack's state, if it destroys and replaces only what the changelog lists."""
    if terraform.state() != before.state():
        raise StepFailedError("the stack has another state than before, so everything would be made again")
    plan = terraform.plan()
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    destroyed = {
        address: action
        for address, action in plan.changes.items()
        if action in {"delete", "replace"} and not is_announced(address, changelog)
    }
    if destroyed:
        raise StepFailedError(f'destroyed or replaced, which "Upgrading" in CHANGELOG.md does not name: {destroyed}')
    return plan


def only(plan: Plan, patterns: tuple[str, ...]) -> Plan:
    """Returns the plan, if each change matches a pattern, and each pattern a change."""
    unexpected = {
        address: action
        for address, action in plan.changes.items()
        if not any(fnmatchcase(address, pattern) for pattern in patterns)
    }
    missed = [pattern for pattern in patterns if not any(fnmatchcase(address, pattern) for address in plan.changes)]
    if unexpected or missed:
        raise StepFailedError(f"unexpected: {unexpected}; expected, but not changed: {missed}")
    return plan


def nothing_left(terraform: Terraform, left: set[str]) -> str:
    """Returns a note on state and account if nothing is left in either."""
    state = terraform.state()
    if state or left:
        raise StepFailedError(f"in the state: {state}; in the account: {sorted(left)}")
    return "state and account are as before"
