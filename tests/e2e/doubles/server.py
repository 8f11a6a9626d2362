"""Serves doubles to all runs of Terraform, and lets `terraform init` find them."""

import json
import os
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import grpc
from tf.gen import tfplugin_pb2_grpc as rpc

from tests.e2e.clones import module_sources
from tests.e2e.doubles.servicer import Servicer
from tests.e2e.doubles.table import PROVIDERS
from tests.e2e.plugins import REGISTRY, Plugins, mirror_method, program
from tests.e2e.registry import Registry, registry_modules
from tests.e2e.terraform import SERVED, Terraform, clean_environment

_LESS_COLLECTING = {"GOGC": "800"}
"""Without this, Terraform's short runs spend a quarter of their time on garbage collection."""
_LOCK = ".terraform.lock.hcl"
_CHOSEN = re.compile(rf'^provider "{re.escape(REGISTRY)}/([^"]+)"', re.MULTILINE)


class _Served(Terraform):
    """Terraform in one directory, which gets the addresses of its providers as soon as `init` has selected them."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], serve: Callable[[str, set[str]], dict[str, Any]]
    ) -> None:
        super().__init__(folder, environment)
        self._serve = serve
        self._tell()

    def init(self) -> dict[str, str]:
        releases = super().init()
        self._tell()
        return releases

    def _tell(self) -> None:
        lock = self.folder / _LOCK
        chosen = _CHOSEN.findall(lock.read_text(encoding="utf-8")) if lock.exists() else []
        words = _words(self.folder)
        served = {f"{REGISTRY}/{name}": self._serve(name, words) for name in chosen}
        self.environment = {**self.environment, SERVED: json.dumps(served)}


class Doubles:
    """A context manager that serves doubles; each starts when a stack needs it."""

    def __init__(self) -> None:
        self._told: dict[str, Any] = {}
        self._servicers: dict[str, Servicer] = {}
        self._end = ExitStack()

    def __enter__(self) -> Self:
        self._registry = self._end.enter_context(Registry())
        self._folder = Path(self._end.enter_context(TemporaryDirectory(prefix="doubles-")))
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()

    def terraform(self, folder: Path, work: Path) -> Terraform:
        """Returns Terraform in the directory of a stack, with a double for each of its providers.

        Args:
            folder: The directory of the stack.
            work: A directory for Terraform's other files.

        Raises:
            MissingPieceError: The schema of a provider, or an upstream module, is not available.
        """
        for module in registry_modules(folder):
            self._registry.add(module)
        mirror = _mirrored(self._folder / "mirror")
        modules = self._registry.configuration
        environment = clean_environment(work, mirror, module_sources([folder]), registry=modules)
        return _Served(folder, {**environment, **_LESS_COLLECTING}, self._serve)

    def _serve(self, name: str, words: set[str]) -> dict[str, Any]:
        if name not in self._told:
            servicer = self._servicers[name] = Servicer(PROVIDERS[name])
            socket = self._folder / name.replace("/", "-")
            server = grpc.server(ThreadPoolExecutor(4))
            rpc.add_ProviderServicer_to_server(servicer, server)
            server.add_insecure_port(f"unix://{socket}")
            server.start()
            self._end.callback(server.stop, None)
            self._told[name] = {
                "Protocol": "grpc",
                "ProtocolVersion": 6,
                "Pid": os.getpid(),
                "Test": True,  # Terraform then leaves the process alone
                "Addr": {"Network": "unix", "String": str(socket)},
            }
        self._servicers[name].offer(words)
        found: dict[str, Any] = self._told[name]
        return found


def _words(folder: Path) -> set[str]:
    """Returns all words in a stack and its modules, including the types of resources and data sources."""
    files = [file for pattern in ("*.tf", "*.tf.json") for file in folder.rglob(pattern)]
    return {word for file in files for word in re.findall(r"\w+", file.read_text(encoding="utf-8"))}


def _mirrored(mirror: Path) -> Plugins:
    """Writes a mirror with the releases that doubles represent, for `terraform init`, which starts no provider."""
    for name, provider in PROVIDERS.items():
        for release in provider.releases:
            file = program(mirror, name, release)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    return Plugins(
        configuration=f"provider_installation {{\n  {mirror_method(mirror, PROVIDERS)}\n}}\n",
        origins={name: f"{', '.join(provider.releases)}, a double" for name, provider in PROVIDERS.items()},
        aws_versions=(),
        online=False,
    )
