"""Where Terraform gets the modules from: pinned commits on GitHub, a mirror, or a checkout."""

import pathlib
from typing import Annotated, Any

from pydantic import Field

from anyscale_constructs.core.interface import Interface
from anyscale_constructs.core.model import Model
from anyscale_constructs.core.types import Checked

GITHUB = "https://github.com/anyscale"


def _is_base(text: str) -> bool:
    return "://" in text or text.startswith("git@") or pathlib.PurePath(text).is_absolute()


ModuleBase = Annotated[
    str,
    Checked(
        "a URL that holds the repositories by their own names, or the absolute path of a checkout",
        _is_base,
        "https://git.example.com/mirrors/anyscale",
    ),
]


class ModuleOverride(Model):
    """What to do differently for one module of a stack."""

    ref: str | None = Field(
        default=None, description="A tag the catalog holds, e.g. v0.38.0. Default: the catalog's own."
    )
    inputs: dict[str, Any] = Field(
        default_factory=dict,
        description="Upstream inputs by their own names; they win over what the stack sets.",
    )


class Sources(Model):
    """Where the modules come from, for a whole stack."""

    base: ModuleBase = GITHUB
    overrides: dict[str, ModuleOverride] = Field(default_factory=dict)

    def override(self, module_id: str) -> ModuleOverride:
        """What to do differently for the module with that id in the stack."""
        return self.overrides.get(module_id, _NOTHING)

    def source(self, interface: Interface) -> str:
        """The `source` of a module call: the commit, since a tag can be moved (checkov's CKV_TF_1)."""
        if pathlib.PurePath(self.base).is_absolute():
            return str(pathlib.PurePath(self.base) / interface.path)
        repository = interface.repository.partition("/")[2]
        return f"git::{self.base.rstrip('/')}/{repository}.git//{interface.path}?ref={interface.commit}"


_NOTHING = ModuleOverride()
