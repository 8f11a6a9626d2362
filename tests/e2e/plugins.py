"""The sources of Terraform's providers: a filesystem mirror, the registry, or doubles."""

import os
import platform
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests import ROOT
from tests.missing import MissingPieceError, reachable

REGISTRY = "registry.terraform.io"
NEEDED = ("hashicorp/aws", "hashicorp/cloudinit", "hashicorp/null", "hashicorp/random", "hashicorp/time")
ALWAYS_DOUBLED = ("hashicorp/helm", "hashicorp/kubernetes", "hashicorp/tls")
"""The real ones would need a running cluster: its API, and the certificates of its OIDC issuer."""
DOUBLES = {
    "hashicorp/cloudinit": "2.3.7",
    "hashicorp/helm": "3.1.1",
    "hashicorp/kubernetes": "3.0.1",
    "hashicorp/null": "3.2.4",
    "hashicorp/random": "3.7.2",
    "hashicorp/time": "0.13.1",
    "hashicorp/tls": "4.1.0",
}
"""The providers that have a double, and the release that each double represents."""
OLD_S3 = "v0.38.0"
"""The newest tag at which the bucket's module accepts hashicorp/aws 5."""

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Plugins:
    """The Terraform providers on this machine.

    Attributes:
        configuration: The text of Terraform's CLI configuration.
        origins: The source of each provider, for the report.
        aws_versions: The available releases of hashicorp/aws; empty if the registry has all of them.
        online: Whether Terraform may use the registry.
    """

    configuration: str
    origins: Mapping[str, str]
    aws_versions: Sequence[str]
    online: bool

    @property
    def only_aws_5(self) -> bool:
        """Returns whether no release of hashicorp/aws later than 5 is available."""
        return bool(self.aws_versions) and all(version.startswith("5.") for version in self.aws_versions)


def target() -> str:
    """Returns the platform of this machine, such as `linux_amd64`."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{_ARCHITECTURES.get(machine, machine)}"


def usual_places(home: Path, opt: Path = Path("/opt")) -> list[Path]:
    """Returns Terraform's implied mirrors, then every directory one or two levels below /opt."""
    return [
        home / ".terraform.d/plugins",
        home / ".local/share/terraform/plugins",
        home / "Library/Application Support/io.terraform/plugins",
        Path("/usr/local/share/terraform/plugins"),
        Path("/usr/share/terraform/plugins"),
        *sorted(path for path in opt.glob("*") if path.is_dir()),
        *sorted(path for path in opt.glob("*/*") if path.is_dir()),
    ]


def versions(mirror: Path, provider: str) -> list[str]:
    """Returns the releases of a provider in a mirror for this machine, packed or unpacked, oldest first."""
    folder = mirror / REGISTRY / provider
    packed = re.compile(rf"terraform-provider-{Path(provider).name}_(.+)_{target()}\.zip")
    found = {path.parent.name for path in folder.glob(f"*/{target()}")}
    found |= {match[1] for path in folder.glob("*.zip") if (match := packed.fullmatch(path.name))}
    return sorted(found, key=lambda version: [int(part) for part in re.findall(r"\d+", version)])


def find_mirror(environment: Mapping[str, str], places: Sequence[Path]) -> Path | None:
    """Returns the mirror in `TF_PLUGIN_MIRROR`, else the first usual place with hashicorp/aws.

    Raises:
        MissingPieceError: `TF_PLUGIN_MIRROR` is a directory without hashicorp/aws for this machine.
    """
    if named := environment.get("TF_PLUGIN_MIRROR"):
        mirror = Path(named).absolute()
        if not versions(mirror, "hashicorp/aws"):
            raise MissingPieceError(
                f"hashicorp/aws for {target()}",
                [f"TF_PLUGIN_MIRROR={named}"],
                "make the mirror with `terraform providers mirror`",
            )
        return mirror
    return next((place for place in places if versions(place, "hashicorp/aws")), None)


def find_plugins(
    work: Path,
    environment: Mapping[str, str] = os.environ,
    *,
    places: Sequence[Path] | None = None,
    online: Callable[[str], bool] = reachable,
) -> Plugins:
    """Finds every provider, and writes doubles of those that are not available.

    The mirror in `TF_PLUGIN_MIRROR` comes first, then the registry, then the usual places. Providers that the mirror
    lacks come from the registry, and from doubles only if the registry cannot be reached.

    Args:
        work: A directory for the doubles.
        environment: The environment, which may set a mirror.
        places: The directories to search for a mirror. Default: `usual_places`.
        online: Returns whether a host can be reached.

    Raises:
        MissingPieceError: A provider is not available.
    """
    places = usual_places(Path.home()) if places is None else places
    mirror = find_mirror(environment, [])
    registry = mirror is None and online(REGISTRY)
    if mirror is None and not registry:
        mirror = find_mirror(environment, places)
    mirrored = {name: found[-1] for name in NEEDED if mirror and (found := versions(mirror, name))}
    wanting = [name for name in NEEDED if name not in mirrored]
    registry = registry or (bool(wanting) and online(REGISTRY))
    if not registry and (lost := [name for name in wanting if name not in DOUBLES]):
        raise MissingPieceError(
            f"provider {' and '.join(lost)} for {target()}",
            [f"https://{REGISTRY}", *map(str, places)],
            "name a filesystem mirror in TF_PLUGIN_MIRROR",
            remote=True,
        )

    origins = {name: f"{version} from a mirror" for name, version in mirrored.items()}
    methods = [mirror_method(mirror, mirrored)] if mirror else []
    settings = ""
    if registry:
        cache = Path(environment.get("TF_PLUGIN_CACHE_DIR") or work / "cache")
        cache.mkdir(parents=True, exist_ok=True)
        # Stacks have no lock file, without which Terraform would otherwise ignore the cache.
        settings = f'plugin_cache_dir = "{cache}"\nplugin_cache_may_break_dependency_lock_file = true\n'
        origins |= dict.fromkeys(wanting, "from the registry")
        methods.append(f"direct {{ exclude = [{_quoted([*mirrored, *ALWAYS_DOUBLED])}] }}")
    doubled = [*ALWAYS_DOUBLED] if registry else [*wanting, *ALWAYS_DOUBLED]
    for name in doubled:
        _write_double(work / "doubles", name)
    origins |= {name: f"{DOUBLES[name]}, a double" for name in doubled}
    methods.append(mirror_method(work / "doubles", doubled))

    return Plugins(
        configuration="\n".join([f"{settings}provider_installation {{", *(f"  {each}" for each in methods), "}\n"]),
        origins=origins,
        aws_versions=versions(mirror, "hashicorp/aws") if mirror else [],
        online=registry,
    )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{REGISTRY}/{name}"' for name in names)


def mirror_method(folder: Path, names: Iterable[str]) -> str:
    """Returns the part of Terraform's CLI configuration that takes some providers from a mirror."""
    return f'filesystem_mirror {{\n    path = "{folder}"\n    include = [{_quoted(names)}]\n  }}'


def program(mirror: Path, name: str, version: str) -> Path:
    """Returns the path of the program of a provider's release in a mirror, for this machine."""
    return mirror / REGISTRY / name / version / target() / f"terraform-provider-{Path(name).name}_v{version}"


def _write_double(doubles: Path, name: str) -> None:
    """Writes the program that Terraform starts, which runs the double with this interpreter."""
    file, module = program(doubles, name, DOUBLES[name]), f"tests.e2e.providers.{Path(name).name}_provider"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m {module} "$@"\n')
    file.chmod(0o755)
