"""Serves doubles to all of Terraform's runs, and makes `terraform init` find them."""

import json
import os
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


class Doubles:
    """Serves doubles as long as its block lasts; each begins when a stack needs it."""

    def __init__(self) -> None:
        self._told: dict[str, Any] = {}
        self._end = ExitStack()

    def __enter__(self) -> Self:
        self._registry = self._end.enter_context(Registry())
        self._folder = Path(self._end.enter_context(TemporaryDirectory(prefix="doubles-")))
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()

    def terraform(self, folder: Path, work: Path) -> Terraform:
        """Terraform in the folder of a stack, with a double in the place of each of its providers.

        Args:
            folder: The stack's.
            work: A folder for what Terraform needs besides.

        Raises:
            MissingPieceError: The schema of a provider, or an upstream module, cannot be had.
        """
        settings = json.loads((folder / "cdk.tf.json").read_text(encoding="utf-8"))["terraform"]
        for module in registry_modules(folder):
            self._registry.add(module)
        mirror = _mirrored(self._folder / "mirror")
        modules = self._registry.configuration
        environment = clean_environment(work, mirror, module_sources([folder]), registry=modules)
        sources = [required["source"] for required in settings["required_providers"].values()]
        served = {f"{REGISTRY}/{source}": self._serve(source) for source in sources}
        return Terraform(folder, {**environment, SERVED: json.dumps(served)})

    def _serve(self, name: str) -> dict[str, Any]:
        if name not in self._told:
            socket = self._folder / name.replace("/", "-")
            server = grpc.server(ThreadPoolExecutor(4))
            rpc.add_ProviderServicer_to_server(Servicer(PROVIDERS[name]), server)
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
        found: dict[str, Any] = self._told[name]
        return found


def _mirrored(mirror: Path) -> Plugins:
    """What makes `terraform init` find the releases that doubles stand in for; it looks for files and starts none."""
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
