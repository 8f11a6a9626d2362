"""Where Terraform gets the modules from: pinned commits on GitHub, the registry, a mirror, or a checkout."""

import pathlib
from functools import cache
from typing import Annotated, Any

from pydantic import Field

from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Checked, Known
from anyscale_constructs.terraform.interface import Interface

GITHUB = "https://github.com/anyscale"


def _is_base(text: str) -> bool:
    scheme, _, rest = text.partition("://")
    user = rest.partition("/")[0].rpartition("@")[0]
    # Credentials would stand in the JSON, in git and in snapshots.
    secret = ":" in user or (bool(user) and scheme in {"http", "https"})
    queried = not {"?", "#"}.isdisjoint(rest)  # a query may be a token, too, and ends the path
    whole = bool(rest) or text.startswith("git@") or pathlib.PurePath(text).is_absolute()
    return whole and not secret and not queried


ModuleBase = Annotated[
    str,
    Checked(
        "a URL that holds the repositories by their own names, without query and credentials "
        "(git's credential helper holds those), or the absolute path of a checkout",
        _is_base,
        "https://git.example.com/mirrors/anyscale",
    ),
]


class ModuleOverride(Model):
    """What to do differently for one module of a stack."""

    ref: Known[str | None] = Field(
        default=None, description="A tag the catalog holds, e.g. v0.38.0. Default: the catalog's own."
    )
    inputs: dict[str, Any] = Field(
        default_factory=dict,
        description="Upstream inputs by their own names. They are merged into what the cloud sets: maps by key at "
        "every level; anything else replaces what is there; null removes it, and upstream's default applies. A warning "
        "names what is removed, and what a list lacks that replaces another. Inputs that have no effect, since what "
        "they are for is switched off, are refused. Default: what the cloud sets.",
    )
    mirror: Known[ModuleBase | None] = Field(
        default=None, description="Where this one comes from. Default: as the others."
    )


class ResourceOverride(Model):
    """What to do differently for one resource of a stack."""

    arguments: dict[str, Any] = Field(
        default_factory=dict,
        description="Terraform's arguments by their own names; a block is a map. They are merged into what the cloud "
        "sets: maps by key at every level; anything else replaces what is there; null removes it, and the provider's "
        "default applies. A warning names what is removed, and what a list lacks that replaces another. Terraform "
        "checks the names. Default: what the cloud sets.",
    )


class Sources(Model):
    """Where the modules come from, for a whole stack, and what to do differently for single modules and resources."""

    base: Known[ModuleBase] = GITHUB
    overrides: dict[str, ModuleOverride] = Field(default_factory=dict)
    resources: dict[str, ResourceOverride] = Field(default_factory=dict)

    def override(self, module_id: str) -> ModuleOverride:
        """What to do differently for the module with that id in the stack."""
        return self.overrides.get(module_id, _NOTHING)

    def arguments(self, address: str) -> dict[str, Any]:
        """The arguments to set differently for the resource with that address in the stack."""
        override = self.resources.get(address)
        return override.arguments if override else {}

    def source(self, interface: Interface, mirror: str | None = None) -> str:
        """The `source` of a module call: the commit, since a tag can be moved (checkov's CKV_TF_1).

        Args:
            interface: The module's.
            mirror: Where this module comes from. Default: the stack's base.
        """
        base = mirror or self.base
        if self.version(interface, mirror):
            return interface.registry
        if _is_absolute(base):
            return str(pathlib.PurePath(base) / interface.path)
        repository = interface.repository.partition("/")[2]
        folder = "" if interface.path == "." else f"//{interface.path}"
        return f"git::{base.rstrip('/')}/{repository}.git{folder}?ref={interface.commit}"

    def version(self, interface: Interface, mirror: str | None = None) -> str | None:
        """The `version` of the call of a module that comes from the Terraform registry, else None."""
        # The stack's checkout is one of Anyscale's modules, which holds no other repository.
        elsewhere = mirror or (self.base != GITHUB and not _is_absolute(self.base))
        return interface.ref.removeprefix("v") if interface.registry and not elsewhere else None


@cache
def _is_absolute(base: str) -> bool:
    """Whether it is a folder: of all modules of all stacks, as a rule, it is the same one."""
    return pathlib.PurePath(base).is_absolute()


_NOTHING = ModuleOverride()
