"""The sources of modules: pinned commits on GitHub, the Terraform Registry, a mirror, or a checkout."""

import pathlib
from functools import cache
from typing import Annotated, Any

from pydantic import Field

from anyscale_constructs.config.model import Model
from anyscale_constructs.config.types import Checked, Known, empty_map
from anyscale_constructs.terraform.interface import Interface

GITHUB = "https://github.com/anyscale"


def _is_base(text: str) -> bool:
    scheme, _, rest = text.partition("://")
    user = rest.partition("/")[0].rpartition("@")[0]
    # Credentials would end up in the JSON, in git and in snapshots.
    secret = ":" in user or (bool(user) and scheme in {"http", "https"})
    queried = not {"?", "#"}.isdisjoint(rest)  # a query may also contain a token, and would end the path
    whole = bool(rest) or text.startswith("git@") or pathlib.PurePath(text).is_absolute()
    return whole and not secret and not queried


ModuleBase = Annotated[
    str,
    Checked(
        "a URL under which the repositories have their own names, without query and credentials "
        "(use git's credential helper), or the absolute path of a checkout",
        _is_base,
        "https://git.example.com/mirrors/anyscale",
    ),
]


class ModuleOverride(Model):
    """Overrides for one module of a stack."""

    ref: Known[str | None] = Field(
        default=None, description="A tag in the catalog, e.g. v0.38.0. Default: the catalog's default ref."
    )
    inputs: dict[str, Any] = Field(
        default_factory=empty_map,
        description="Inputs by upstream's names, merged into the inputs that the cloud sets: maps are merged "
        "recursively, other values replace, and null removes the input, so that upstream's default applies. A warning "
        "names the removed values, and the elements that a replaced list loses. Inputs without an effect, because the "
        "feature that they configure is disabled, are rejected. Default: the inputs that the cloud sets.",
    )
    mirror: Known[ModuleBase | None] = Field(
        default=None, description="The source of this module. Default: the same as for the other modules."
    )


class ResourceOverride(Model):
    """Overrides for one resource of a stack."""

    arguments: dict[str, Any] = Field(
        default_factory=empty_map,
        description="Arguments by Terraform's names, with blocks as maps, merged into the arguments that the cloud "
        "sets: maps are merged recursively, other values replace, and null removes the argument, so that the "
        "provider's default applies. A warning names the removed values, and the elements that a replaced list loses. "
        "A value that cannot replace the cloud's, such as a map instead of a string, is rejected. Only Terraform "
        "checks the names and the values of arguments that the cloud does not set. Default: the arguments that the "
        "cloud sets.",
    )


class Sources(Model):
    """The sources of a stack's modules, and overrides for individual modules and resources."""

    base: Known[ModuleBase] = GITHUB
    overrides: dict[str, ModuleOverride] = Field(default_factory=empty_map)
    resources: dict[str, ResourceOverride] = Field(default_factory=empty_map)

    def override(self, module_id: str) -> ModuleOverride:
        """Returns the overrides for a module, by its ID in the stack."""
        return self.overrides.get(module_id, _NOTHING)

    def arguments(self, address: str) -> dict[str, Any]:
        """Returns the overriding arguments of a resource, by its address in the stack."""
        override = self.resources.get(address)
        return override.arguments if override else {}

    def source(self, interface: Interface, mirror: str | None = None) -> str:
        """Returns the `source` argument of a module call, pinned to a commit, since tags can move (checkov's CKV_TF_1).

        Args:
            interface: The interface of the module.
            mirror: The source of this module. Default: the stack's base.
        """
        base = mirror or self.base
        if self.version(interface, mirror):
            return interface.registry
        return _address(base, interface.repository, interface.path, interface.commit)

    def version(self, interface: Interface, mirror: str | None = None) -> str | None:
        """Returns the `version` argument of a module call from the Terraform Registry, else None."""
        # A checkout as the stack's base contains Anyscale's modules only.
        elsewhere = mirror or (self.base != GITHUB and not _is_absolute(self.base))
        return interface.ref.removeprefix("v") if interface.registry and not elsewhere else None


@cache
def _is_absolute(base: str) -> bool:
    """Returns whether the base is a folder; cached, since most modules have the same base."""
    return pathlib.PurePath(base).is_absolute()


@cache
def _address(base: str, repository: str, path: str, commit: str) -> str:
    """Returns the address of a module; cached, since many stacks have the same modules."""
    if _is_absolute(base):
        return str(pathlib.PurePath(base) / path)
    folder = "" if path == "." else f"//{path}"
    return f"git::{base.rstrip('/')}/{repository.partition('/')[2]}.git{folder}?ref={commit}"


_NOTHING = ModuleOverride()
