"""Stacks, the app, and the files written next to the JSON."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, ClassVar

from pydantic_core import to_json

from anyscale_constructs.engine.native.backends import LocalBackend, TerraformBackend
from anyscale_constructs.engine.native.elements import Overridable, TerraformElement, TerraformOutput, stack_of
from anyscale_constructs.engine.native.tokens import has_tokens, keys, merge, resolved
from anyscale_constructs.engine.native.tree import Construct, lacks, missing, refuse, walk
from anyscale_constructs.errors import EngineRefusalError

_VERSION = "0.21.0"
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST_ID, _LONGEST_NAME = 255, 240
_ERROR = "@cdktf/error"
_ANNOTATIONS = ("@cdktf/info", "@cdktf/warn", _ERROR)


@lacks(
    "all_providers get_logical_id has_resource_move is_stack move_targets register_incoming_cross_stack_reference "
    "register_outgoing_cross_stack_reference run_all_validations synthesizer to_hcl_terraform"
)
class TerraformStack(Overridable):
    """A stack, which is written to a folder of the output directory as a JSON file.

    Args:
        scope: The app.
        id: The name of the stack.
    """

    is_a_stack = True
    resolves_values: ClassVar[bool] = False
    """Whether a subclass applies `resolved` to the values of its JSON by itself, unless there are tokens."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.dependencies: list[TerraformStack] = []

    @staticmethod
    def of(construct: Construct) -> "TerraformStack":
        """Returns the stack that contains a construct.

        Raises:
            EngineRefusalError: The construct is not in a stack.
        """
        return stack_of(construct)

    def logical_id(self, construct: Construct) -> str:
        """Returns the Terraform name of a construct in the stack."""
        return _unique(construct.node.path.removeprefix(f"{self.node.path}/"))

    def depends_on(self, stack: "TerraformStack") -> bool:
        """Returns whether another stack must be applied before this one."""
        return stack in self.dependencies or any(each.depends_on(stack) for each in self.dependencies)

    def add_dependency(self, dependency: "TerraformStack") -> None:
        """Declares that another stack must be applied before this one.

        Raises:
            EngineRefusalError: The other stack depends on this one.
        """
        if dependency.depends_on(self):
            raise EngineRefusalError(f"{dependency.node.path} already depends on {self.node.path}")
        if dependency not in self.dependencies:
            self.dependencies.append(dependency)

    def ensure_backend_exists(self) -> TerraformBackend:
        """Returns the backend of the stack; adds a local one if there is none."""
        found = (each for each in walk(self) if isinstance(each, TerraformBackend))
        path = str(pathlib.Path.cwd() / f"terraform.{self.node.id}.tfstate")
        return next(found, None) or LocalBackend(self, path=path)

    def prepare_stack(self) -> None:
        """Adds the constructs that synthesis needs."""
        self.ensure_backend_exists()

    def to_terraform(self) -> dict[str, Any]:
        """Returns the stack's JSON."""
        version = self.node.try_get_context("cdktfVersion")
        metadata: dict[str, Any] = {"version": version, "stackName": self.node.id, "backend": "local"}
        if self._overrides:
            metadata["overrides"] = {"stack": keys(self._overrides)}
        outputs: dict[str, Any] = {}
        content: dict[str, Any] = {}
        ours: dict[int, dict[str, Any]] = {}
        here, scope_of_last = outputs, ""
        elements = [each for each in walk(self, nested_stacks=False) if isinstance(each, TerraformElement)]
        for element in elements:
            if made := element.to_metadata():
                merge(metadata, made)
            if isinstance(element, TerraformOutput):
                scope = element.node.path.rpartition("/")[0]
                if scope != scope_of_last:  # most outputs have the same one
                    here, scope_of_last = outputs, scope
                    for step in scope.split("/"):
                        if not isinstance(here.get(step), dict):
                            here[step] = {}
                        here = here[step]
                here[element.node.id] = element.friendly_unique_id
            _add(content, element.to_terraform(), ours)
        content = {"//": {"metadata": metadata, "outputs": outputs}, **content}
        merged = merge(content, self._overrides) if self._overrides else content
        return merged if self.resolves_values and not has_tokens() else resolved(merged)


def _add(content: dict[str, Any], element: dict[str, Any], ours: dict[int, dict[str, Any]]) -> None:
    """Merges the JSON of an element into that of the stack; `ours` are the copies of elements' objects, by identity."""
    for key, value in element.items():
        there = content.get(key)
        if there is None:
            content[key] = value
        elif isinstance(there, dict) and isinstance(value, dict):
            if id(there) not in ours:
                there = content[key] = {**there}
                ours[id(there)] = there
            _add(there, value, ours)
        else:
            merge(content, {key: value})


@cache
def _unique(path: str) -> str:
    """Returns the Terraform name that cdktf generates for a path of constructs; most stacks have the same paths."""
    steps = [step for step in path.split("/") if step != "Default"]
    if len(steps) == 1 and len(only := _UNSAFE.sub("", steps[0])) <= _LONGEST_ID:
        return only
    digest = hashlib.md5("/".join(steps).encode(), usedforsecurity=False).hexdigest()[:8].upper()
    names: list[str] = []
    for step in steps:
        if not names or not names[-1].endswith(step):
            names.append(step)
    readable = "_".join(_UNSAFE.sub("", name) for name in names if name != "Resource")
    return f"{readable[:_LONGEST_NAME]}_{digest}"


@lacks("asset_hash file_name type")
class TerraformAsset(Construct):
    """A folder that is copied next to the stack's JSON, to a path with the digest of its content.

    Args:
        scope: The parent construct.
        id: The ID, unique in the parent.
        path: The absolute path of the folder.
        **others: Arguments that only the other engines support.
    """

    def __init__(self, scope: Construct, id: str, *, path: str, **others: Any) -> None:
        refuse(self, others)
        super().__init__(scope, id)
        self._source = pathlib.Path(path)
        if not (self._source.is_absolute() and self._source.is_dir()):
            raise missing("assets other than folders with absolute paths")
        self._folder = f"assets/{TerraformStack.of(self).logical_id(self)}"
        self.path = f"{self._folder}/{_digest(path)}"
        """The path of the copy, relative to the stack's JSON."""

    def write(self, folder: pathlib.Path) -> None:
        """Copies the folder.

        Args:
            folder: The stack's folder in the output directory.
        """
        if (made := folder / self._folder).exists():
            shutil.rmtree(made)
        shutil.copytree(self._source, folder / self.path, copy_function=shutil.copyfile)


@cache
def _digest(folder: str) -> str:
    """Returns the digest of all files in a folder."""
    found = hashlib.md5(usedforsecurity=False)
    for file in _files(pathlib.Path(folder)):
        found.update(file.read_bytes())
    return found.hexdigest().upper()


def _files(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """Yields the files in a folder in the order of Node.js, by the bytes of their names."""
    for below in sorted(path.iterdir(), key=lambda each: os.fsencode(each.name)):
        if below.is_dir():
            yield from _files(below)
        else:
            yield below


@lacks("cross_stack_reference hcl_output is_app manifest of skip_backend_validation skip_validation target_stack_id")
class App(Construct):
    """The root of the construct tree.

    Args:
        outdir: The output directory.
        stack_traces: Must be False, since this engine records no stack traces. Default: False.
        **others: Arguments that only the other engines support.
    """

    def __init__(self, *, outdir: str, stack_traces: bool = False, **others: Any) -> None:
        if stack_traces:
            raise missing("stack traces")
        refuse(self, others)
        super().__init__(None, "")
        self.outdir = outdir
        context: Mapping[str, Any] = json.loads(os.environ.get("CDKTF_CONTEXT_JSON") or "{}")
        for key, value in {**context, "cdktfVersion": _VERSION}.items():
            self.node.set_context(key, value)
        pathlib.Path(outdir, "stacks").mkdir(parents=True, exist_ok=True)

    def synth(self) -> None:
        """Writes the JSON and assets of each stack, and the manifest."""
        stacks = [each for each in walk(self) if isinstance(each, TerraformStack)]
        for stack in stacks:
            stack.prepare_stack()
        manifest = {stack.node.id: self._write(stack) for stack in stacks}
        pathlib.Path(self.outdir, "manifest.json").write_bytes(_written(manifest))

    def save(self, name: str, content: dict[str, Any]) -> None:
        """Writes the JSON of a stack.

        Args:
            name: The name of the stack.
            content: The JSON.
        """
        text = json.dumps(content, ensure_ascii=False, sort_keys=True)
        pathlib.Path(self.outdir, "stacks", name, "cdk.tf.json").write_text(text, encoding="utf-8")

    def _write(self, stack: TerraformStack) -> dict[str, Any]:
        """Writes a stack, and returns its entry in the manifest."""
        name = stack.node.id
        place = f"stacks/{name}"
        folder = pathlib.Path(self.outdir, place)
        folder.mkdir(exist_ok=True)
        constructs = walk(stack)
        for each in constructs:
            if isinstance(each, TerraformAsset):
                each.write(folder)
        notes = [
            {"constructPath": each.node.path, "level": note.type, "message": note.data}
            for each in constructs
            for note in each.node.metadata
            if note.type in _ANNOTATIONS
        ]
        errors = [f"[{note['constructPath']}] {note['message']}" for note in notes if note["level"] == _ERROR]
        if errors and "CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS" not in os.environ:
            raise EngineRefusalError("\n".join(['Encountered Annotations with level "ERROR":', *errors]))
        self.save(name, stack.to_terraform())
        return {
            "annotations": notes,
            "constructPath": stack.node.path,
            "dependencies": [each.node.path for each in stack.dependencies],
            "name": name,
            "stackMetadataPath": f"{place}/metadata.json",
            "synthesizedStackPath": f"{place}/cdk.tf.json",
            "workingDirectory": place,
        }


@lacks(
    "enable_future_flags fake_cdktf_json_path full_synth render_construct_tree setup_jest stub_version synth_hcl "
    "synth_scope to_be_valid_terraform to_have_data_source to_have_data_source_with_properties to_have_provider "
    "to_have_provider_with_properties to_have_resource to_have_resource_with_properties"
)
class Testing:
    """Helpers for tests."""

    @staticmethod
    def app() -> App:
        """Returns an app with a temporary output directory."""
        app = App(outdir=tempfile.mkdtemp(prefix="cdktf.outdir."))
        app.node.set_context("cdktfVersion", "stubbed")
        return app

    @staticmethod
    def synth(stack: TerraformStack, run_validations: bool = False) -> str:  # noqa: ARG004 - cdktf's
        """Returns a stack's JSON, without the engine's comments."""
        return json.dumps(_without_comments(stack.to_terraform()), indent=2, sort_keys=True, ensure_ascii=False)


def _without_comments(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_comments(inner) for key, inner in value.items() if key != "//"}
        case list():
            return [_without_comments(each) for each in value]
    return value


def _written(stacks: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Returns the manifest in the layout of json-stable-stringify: sorted by UTF-16, with an empty list on two lines.

    Args:
        stacks: The entries of the stacks, whose keys are sorted.
    """
    ordered = {name: stacks[name] for name in sorted(stacks, key=lambda name: name.encode("utf-16-be"))}
    text = to_json({"stacks": ordered, "version": _VERSION}, indent=2)
    # No string contains these: quotes in it are escaped.
    return text.replace(b'": [],\n', b'": [\n      ],\n').replace(b'": {},\n', b'": {\n  },\n')
