"""A registry on loopback with a few modules of the Terraform Registry, which redirects Terraform to git."""

import json
from pathlib import Path
from typing import NamedTuple

from tests.e2e.loopback import Handler, Loopback
from tests.e2e.plugins import REGISTRY


class RegistryModule(NamedTuple):
    """A version of a module in the registry: the `source` of a call, and the version."""

    source: str
    version: str

    def __str__(self) -> str:
        return f"{self.source} {self.version}"

    @property
    def repository(self) -> str:
        """The repository on GitHub, `org/name`; the registry accepts only repositories with this name."""
        namespace, name, provider = self.source.split("/")
        return f"{namespace}/terraform-{provider}-{name}"

    @property
    def ref(self) -> str:
        """The tag."""
        return f"v{self.version}"


EKS = RegistryModule("terraform-aws-modules/eks/aws", "21.19.0")
KMS = RegistryModule("terraform-aws-modules/kms/aws", "4.0.0")
_CALLED = {EKS: [KMS]}
"""The registry modules that these modules call."""


def registry_modules(folder: Path) -> list[RegistryModule]:
    """The registry's modules that a stack needs."""
    calls = json.loads((folder / "cdk.tf.json").read_text()).get("module", {}).values()
    called = [RegistryModule(call["source"].partition("//")[0], call["version"]) for call in calls if "version" in call]
    return [module for one in called for module in (one, *_CALLED.get(one, []))]


class Registry(Loopback):
    """Answers as registry.terraform.io does, each module at one version; a context manager."""

    def __init__(self) -> None:
        self._answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        super().__init__(self._handler())

    @property
    def configuration(self) -> str:
        """The CLI configuration that makes Terraform get modules here; providers are unaffected."""
        services = {"modules.v1": f"{self.url}/", "providers.v1": f"https://{REGISTRY}/v1/providers/"}
        told = "".join(f'    "{name}" = "{url}"\n' for name, url in services.items())
        return f'host "{REGISTRY}" {{\n  services = {{\n{told}  }}\n}}\n'

    def add(self, module: RegistryModule, folder: Path | None = None) -> None:
        """Serves a module from its tag, or from a directory."""
        place = folder.as_uri() if folder else f"git::https://github.com/{module.repository}.git?ref={module.ref}"
        versions = {"modules": [{"versions": [{"version": module.version}]}]}
        self._answers[f"/{module.source}/versions"] = (200, {}, json.dumps(versions).encode())
        self._answers[f"/{module.source}/{module.version}/download"] = (204, {"X-Terraform-Get": place}, b"")

    def _handler(self) -> type[Handler]:
        answers = self._answers

        class Answering(Handler):
            def do_GET(self) -> None:  # noqa: N802 - http.server's name
                status, headers, body = answers.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        return Answering
