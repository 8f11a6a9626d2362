"""The idempotent registration: one run leads to the registered cloud from any state of the control plane.

It reads the state, writes what is missing or different, and reads the state again. Neither the exit status nor the
messages of the `anyscale` program show whether a write succeeded, so only the state of the control plane counts.
"""

import json
import pathlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, Field, TypeAdapter

from anyscale_constructs.errors import ControlPlaneError, RefusedChangeError
from anyscale_constructs.findings import Rule, shown
from anyscale_constructs.registration.changes import changes, flat, left_over, merge, refuse_changes_for_life, replaced
from anyscale_constructs.registration.outputs import Registration
from anyscale_constructs.registration.program import Done, Program

Action = Literal["created", "added", "updated", "unchanged", "repaired"]

# The identities that act for the infrastructure: no two resources of a compute stack share one.
_IDENTITIES = (
    "aws_config.anyscale_iam_role_id",
    "gcp_config.anyscale_service_account_email",
    "kubernetes_config.anyscale_operator_iam_identity",
)

VERIFICATION = Rule(
    "failed-verification",
    "error",
    "The cloud is registered, but the anyscale program found a fault in it.",
    command="register",
)


class _Listed(BaseModel):
    """The fields of a cloud in the output of `anyscale cloud list` that are read."""

    id: Annotated[str, Field(min_length=1)]
    name: str | None = None


_Section = dict[str, Any] | None


class _Resource(BaseModel):
    """The fields of a resource in the output of `anyscale cloud get` that are read."""

    cloud_resource_id: Annotated[str, Field(min_length=1)]
    name: str | None = None
    object_storage: _Section = None
    file_storage: _Section = None
    aws_config: _Section = None
    gcp_config: _Section = None
    azure_config: _Section = None
    kubernetes_config: _Section = None


class _Got(BaseModel):
    """The fields of the output of `anyscale cloud get` that are read."""

    resources: list[_Resource] | None = None


_LISTED = TypeAdapter(list[_Listed])
_GOT = TypeAdapter(_Got)


@dataclass(frozen=True)
class Result:
    """What a run did, or would do; the IDs are None for a cloud that a dry run would create."""

    action: Action
    cloud_id: str | None
    cloud_resource_id: str | None


@dataclass(frozen=True)
class _Cloud:
    name: str
    fields: Mapping[str, Any]
    resources: list[dict[str, Any]]

    @property
    def id(self) -> str:
        return str(self.fields["id"])

    def __str__(self) -> str:
        return f"the cloud {self.name} ({self.id})"

    def resource(self, name: str) -> dict[str, Any] | None:
        return next((resource for resource in self.resources if resource.get("name") == name), None)


class Registrar:
    """Registers one cloud.

    Args:
        registration: The cloud's name and resource.
        program: The `anyscale` program.
        verify: Whether the program verifies the infrastructure with your cloud credentials.
        auto_add_user: Whether all users of the organization are added to a cloud when it is created.
        say: Called with each line of progress.
    """

    def __init__(
        self,
        registration: Registration,
        program: Program,
        *,
        verify: bool = False,
        auto_add_user: bool = False,
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._name = registration.cloud_name
        self._wanted = registration.resource.mapping()
        self._shares_cloud = registration.shares_cloud
        self._program = program
        self._verify = verify and registration.verifiable
        if verify and not self._verify:
            say("a cloud on Kubernetes cannot be verified until its operator runs; then run anyscale cloud verify")
        self._auto_add_user = auto_add_user
        self._say = say
        self._failures: list[str] = []

    def run(self, *, dry_run: bool = False) -> Result:
        """Creates, repairs or updates the cloud, or finds it unchanged.

        Args:
            dry_run: Whether to report only, without writing. Default: False.

        Raises:
            RefusedChangeError: A field that cannot be changed differs; nothing was written.
            ControlPlaneError: The control plane, the program or its verification failed; the error says in which state
                the cloud is.
        """
        result = self._run(dry_run=dry_run)
        if self._failures:
            raise ControlPlaneError(
                f"the cloud {self._name} ({result.cloud_id}) is registered, but its verification failed: "
                + "; ".join(self._failures),
                fix=f"fix what failed, then run anyscale cloud verify --cloud-id {result.cloud_id}",
                rule=VERIFICATION,
            )
        return result

    def _run(self, *, dry_run: bool) -> Result:
        self._say(f"looking for the cloud {self._name}")
        cloud = self._look()
        if cloud is None:
            if dry_run:
                self._say(f"would create the cloud {self._name}")
                return Result("created", None, None)
            done = self._create()
            cloud = self._look_after(done)
            if cloud is None:
                raise self._failed(done, f"the cloud {self._name} was not created, and nothing is left of it")
            if done.exit_status == 0:
                return self._confirm("created", cloud, done)
            # Partly created, or created by another run at the same time: the state of the control plane decides.
            self._say(f"{cloud} exists nevertheless")
        return self._complete(cloud, dry_run=dry_run) if not cloud.resources else self._align(cloud, dry_run=dry_run)

    def _create(self) -> Done:
        self._say(f"creating the cloud {self._name}")
        options = ["--enable-auto-add-user"] if self._auto_add_user else []
        options += [] if self._verify else ["--skip-verifications"]
        return self._write("register", "--name", self._name, *options, "--resource-file", content=self._wanted)

    def _complete(self, cloud: _Cloud, *, dry_run: bool) -> Result:
        """Adds the resource to a cloud that has none."""
        refuse_changes_for_life(str(cloud), cloud.fields, self._wanted)
        return self._add("repaired", cloud, dry_run=dry_run)

    def _add(self, action: Literal["added", "repaired"], cloud: _Cloud, *, dry_run: bool) -> Result:
        """Adds the resource to those that the cloud has."""
        there = ", ".join(str(resource.get("name")) for resource in cloud.resources) or "no resource"
        self._say(f"{cloud} has {there}: {'would add' if dry_run else 'adding'} {self._wanted['name']}")
        if dry_run:
            return Result(action, cloud.id, None)
        options = [] if self._verify else ["--skip-verification"]
        done = self._write("resource", "create", "--cloud-id", cloud.id, *options, "--file", content=self._wanted)
        return self._confirm(action, self._look_after(done, cloud), done)

    def _align(self, cloud: _Cloud, *, dry_run: bool) -> Result:
        """Updates the fields of the cloud's resource that differ."""
        existing = cloud.resource(self._wanted["name"])
        if existing is None and self._shares_cloud:
            self._refuse_another_name(cloud)
            return self._add("added", cloud, dry_run=dry_run)
        if existing is None:
            there = ", ".join(shown(resource.get("name")) for resource in cloud.resources)
            raise RefusedChangeError(
                f"{cloud} has no resource {shown(self._wanted['name'])}, but {there}; nothing was written",
                fix="set resource_name to the registered one; if this is a second resource, set cloud to the cloud's "
                "name in the stack's configuration, and apply it",
            )
        refuse_changes_for_life(str(cloud), existing, self._wanted)
        for field, value in left_over(existing, self._wanted).items():
            self._say(f"{cloud} keeps {field} = {json.dumps(value)}, which the outputs do not set")
        differing = changes(existing, self._wanted)
        ids = cloud.id, str(existing["cloud_resource_id"])
        if not differing:
            if self._verify:
                self._say(
                    "nothing was written, so nothing was verified; to verify the cloud, run anyscale cloud verify"
                )
            return Result("unchanged", *ids)
        self._say(f"{cloud}: {'would change' if dry_run else 'changing'} {self._wanted['name']}")
        for change in [*differing, *replaced(existing, self._wanted)]:
            self._say(f"  {change}")
        if dry_run:
            return Result("updated", *ids)
        # The program requires all resources of the cloud, and writes those that differ.
        content = [merge(r, self._wanted) if r is existing else r for r in cloud.resources]
        options = [] if self._verify else ["--skip-verification"]
        done = self._write("update", "--cloud-id", cloud.id, *options, "--resources-file", content=content)
        return self._confirm("updated", self._look_after(done, cloud), done)

    def _refuse_another_name(self, cloud: _Cloud) -> None:
        """Raises an error if the cloud has the same infrastructure under another name."""
        wanted = flat(self._wanted)
        for resource in cloud.resources:
            there = flat(resource)
            same = [field for field in _IDENTITIES if wanted.get(field) and wanted[field] == there.get(field)]
            if same and there.get("compute_stack") == wanted["compute_stack"]:
                raise RefusedChangeError(
                    f"{cloud} already has this infrastructure as {shown(resource.get('name'))}: {same[0]} is "
                    f"{shown(wanted[same[0]])} there too; nothing was written",
                    value=self._wanted["name"],
                    fix=f"set resource_name to {resource.get('name')}: a resource cannot be renamed",
                )

    def _write(self, *arguments: str, content: Any) -> Done:
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory, "cloud-resource.yaml")
            file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
            # The exit status does not show warnings of the verification, so they are always printed.
            done = self._program.run("cloud", *arguments, str(file), "--yes", show=self._verify)
        # The exit status does not show a failed check of MemoryDB either. Only the last write counts.
        self._failures = done.failures if self._verify else []
        return done

    def _confirm(self, action: Action, cloud: _Cloud | None, done: Done) -> Result:
        resource = cloud.resource(self._wanted["name"]) if cloud else None
        if cloud is None or resource is None:
            raise self._failed(done, f"{cloud or f'the cloud {self._name}'} still has no resource")
        if differing := changes(resource, self._wanted):
            listed = "; ".join(f"{c.field} is {json.dumps(c.before)}, not {json.dumps(c.after)}" for c in differing)
            raise self._failed(done, f"{cloud} still differs from the outputs: {listed}")
        return Result(action, cloud.id, str(resource["cloud_resource_id"]))

    def _look_after(self, done: Done, cloud: _Cloud | None = None) -> _Cloud | None:
        try:
            return self._get(cloud.fields) if cloud else self._look()
        except ControlPlaneError as error:
            raise self._failed(done, f"the state of the cloud {self._name} is unknown: {error}") from error

    def _look(self) -> _Cloud | None:
        clouds = self._program.read("cloud", "list", "--name", self._name, "--output", "json", form=_LISTED)
        for cloud in clouds:
            if cloud.get("name") not in (None, self._name):
                raise ControlPlaneError(
                    f"anyscale cloud list was asked for the cloud {self._name} but returned {cloud['name']}; nothing "
                    "was written",
                    fix="upgrade the anyscale program",
                )
        return self._get(clouds[0]) if clouds else None

    def _get(self, fields: Mapping[str, Any]) -> _Cloud:
        cloud = self._program.read("cloud", "get", "--cloud-id", fields["id"], "--output-format", "json", form=_GOT)
        return _Cloud(self._name, fields, cloud.get("resources") or [])

    def _failed(self, done: Done, state: str) -> ControlPlaneError:
        said, lines = (
            ("the problem that it reports above", "")
            if self._verify
            else ("the problem that it reports", f":\n{done.said}")
        )
        return ControlPlaneError(
            f"{done.command} ended with exit status {done.exit_status}, and {state}",
            fix=f"fix {said}, then run this again; it continues from there{lines}",
        )
