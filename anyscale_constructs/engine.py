"""The one file that imports cdktf or cdktn, and all that the library uses of either.

The engine is chosen once, at the first import of this file: by ANYSCALE_CONSTRUCTS_ENGINE (`cdktf` or
`cdktn`), else the one that is already imported, else the one that is installed, cdktf first. Both have
the same API and give the same JSON, but one process can't mix them.
"""

import importlib
import importlib.util
import os
import sys
from typing import TYPE_CHECKING

from anyscale_constructs.errors import EngineError
from anyscale_constructs.node import prepare_node

__all__ = [
    "Annotations",
    "App",
    "AzurermBackend",
    "CloudBackend",
    "Construct",
    "DefaultTokenResolver",
    "GcsBackend",
    "LocalBackend",
    "NamedCloudWorkspace",
    "S3Backend",
    "StringConcat",
    "TerraformAsset",
    "TerraformBackend",
    "TerraformDataSource",
    "TerraformElement",
    "TerraformHclModule",
    "TerraformLocal",
    "TerraformOutput",
    "TerraformProvider",
    "TerraformResource",
    "TerraformStack",
    "TerraformVariable",
    "Testing",
    "Token",
    "Tokenization",
    "name",
]

_ENGINES = ("cdktf", "cdktn")
_VARIABLE = "ANYSCALE_CONSTRUCTS_ENGINE"
_HCL = "SYNTH_HCL_OUTPUT"


def _choose() -> str:
    if os.environ.get(_HCL) in {"true", "1"}:  # then the engine writes no JSON, which the checks of the stacks read
        raise EngineError(
            f"{_HCL}, which cdktf synth --hcl sets, is not supported: only Terraform JSON is checked",
            fix="run cdktf synth without --hcl",
        )
    loaded = [engine for engine in _ENGINES if engine in sys.modules]
    if len(loaded) > 1:
        raise EngineError(
            "cdktf and cdktn are both loaded, and one process can't mix them",
            fix="import one of them, or neither: anyscale_constructs.engine brings what it needs",
        )
    wanted = os.environ.get(_VARIABLE, "")
    if wanted and wanted not in _ENGINES:
        raise EngineError(f"{_VARIABLE} must name an engine", value=wanted, allowed=" or ".join(_ENGINES))
    if loaded and wanted and loaded != [wanted]:
        raise EngineError(
            f"{loaded[0]} is loaded already, but {_VARIABLE} asks for {wanted}",
            fix=f"import {wanted} instead of {loaded[0]}, or unset {_VARIABLE}",
        )
    installed = [engine for engine in _ENGINES if importlib.util.find_spec(engine)]
    engine = wanted or next(iter(loaded or installed), "cdktf")
    if engine not in installed:
        raise EngineError(f"the engine {engine} is not installed", fix=f"pip install {engine}")
    return engine


if TYPE_CHECKING:
    from cdktf import (  # noqa: TID251 - the engine's one place
        Annotations,
        App,
        AzurermBackend,
        CloudBackend,
        DefaultTokenResolver,
        GcsBackend,
        LocalBackend,
        NamedCloudWorkspace,
        S3Backend,
        StringConcat,
        TerraformAsset,
        TerraformBackend,
        TerraformDataSource,
        TerraformElement,
        TerraformHclModule,
        TerraformLocal,
        TerraformOutput,
        TerraformProvider,
        TerraformResource,
        TerraformStack,
        TerraformVariable,
        Testing,
        Token,
        Tokenization,
    )
    from constructs import Construct

    name: str
else:
    name = _choose()
    prepare_node()
    _engine = importlib.import_module(name)
    Construct = importlib.import_module("constructs").Construct
    for _name in __all__:
        if _name not in {"Construct", "name"}:
            globals()[_name] = getattr(_engine, _name)
