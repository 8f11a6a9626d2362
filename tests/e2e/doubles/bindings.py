"""Downloads packages of CDKTF bindings from npm, and reads the schemas in them; the user's cache stores the schemas."""

import base64
import fcntl
import hashlib
import json
import os
import re
import subprocess
import tarfile
import tempfile
from collections import defaultdict
from pathlib import Path

from tests.e2e.doubles import schema, typescript
from tests.e2e.doubles.schema import Schema
from tests.missing import MissingPieceError, find, reachable

_SOURCE_MAP = re.compile(rb"sourceMappingURL=data:application/json;(?:charset=[\w-]+;)?base64,([A-Za-z0-9+/=]+)")
_REGISTRY = "registry.npmjs.org"


def bound(package: str, *, framework: bool = False) -> Schema:
    """Returns the schema of the provider in a package of bindings; the package is downloaded once.

    Args:
        package: Its name and exact version, in npm's format.
        framework: Whether the provider has nested attributes.

    Raises:
        MissingPieceError: The package cannot be downloaded.
    """
    reader = "".join(Path(module.__file__ or "").read_text(encoding="utf-8") for module in (schema, typescript))
    key = hashlib.sha256(f"{package} {framework} {reader}".encode()).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "anyscale-constructs" / "schemas"
    cache.mkdir(parents=True, exist_ok=True)
    file = cache / f"{package.strip('@').replace('/', '-')}-{key}.json"
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        if not file.exists():
            with tempfile.TemporaryDirectory(dir=cache) as folder:
                made = read(fetch(package, Path(folder)), framework=framework)
                (Path(folder) / "schema.json").write_text(json.dumps(made), encoding="utf-8")
                (Path(folder) / "schema.json").rename(file)
    found: Schema = json.loads(file.read_text(encoding="utf-8"))
    return found


def fetch(package: str, folder: Path) -> Path:
    """Downloads a package with npm, without running any of its code; returns the archive.

    Raises:
        MissingPieceError: npm is missing, or cannot download the package.
    """
    command = [find("npm", "install Node.js"), "pack", "--silent", "--pack-destination", str(folder), package]
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise MissingPieceError(
            f"the npm package {package}",
            ["npm's cache and registry"],
            f"give npm a registry that it can reach: {done.stderr.strip()}",
            remote=not reachable(_REGISTRY),
        )
    return folder / done.stdout.split()[-1]


def read(archive: Path, *, framework: bool) -> Schema:
    """Returns the schema in a package.

    Args:
        archive: The package.
        framework: Whether the provider has nested attributes.
    """
    made = schema.empty()
    for text in _sources(archive):
        for kind, name, block in typescript.parse(text, framework=framework):
            match kind:
                case "resource":
                    made["resource_schemas"][name] = block
                case "data source":
                    made["data_source_schemas"][name] = block
                case _:
                    made["provider"] = block
    return made


def _sources(archive: Path) -> list[str]:
    """Returns the TypeScript of each resource, which is in the source maps of the JavaScript.

    The nested structures of a large resource are in separate files, in a subdirectory.
    """
    texts: defaultdict[Path, str] = defaultdict(str)
    with tarfile.open(archive) as package:
        for member in package:
            path = Path(member.name)
            file = package.extractfile(member) if path.suffix == ".js" else None
            if file and (found := _SOURCE_MAP.search(file.read())):
                folder = path.parent.parent if path.parent.name.endswith("-structs") else path.parent
                texts[folder] += "\n".join(json.loads(base64.b64decode(found[1]))["sourcesContent"])
    return list(texts.values())
