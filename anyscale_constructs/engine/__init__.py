"""The engine's API that this library uses; no other package here imports cdktf, cdktn, constructs or jsii.

The engine is chosen and loaded when one of its names is first used; see `choice`.
"""

from typing import TYPE_CHECKING, Any

__all__ = [
    "Annotations",
    "App",
    "AzurermBackend",
    "CloudBackend",
    "Construct",
    "DefaultTokenResolver",
    "GcsBackend",
    "HttpBackend",
    "LocalBackend",
    "NamedCloudWorkspace",
    "NamedRemoteWorkspace",
    "RemoteBackend",
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
    "member",
    "name",
    "resolved",
]

if TYPE_CHECKING:
    from cdktf import (  # noqa: TID251 - the engine's one place
        Annotations,
        App,
        AzurermBackend,
        CloudBackend,
        DefaultTokenResolver,
        GcsBackend,
        HttpBackend,
        LocalBackend,
        NamedCloudWorkspace,
        NamedRemoteWorkspace,
        RemoteBackend,
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
    from jsii import member

    name: str

    def resolved(value: Any) -> Any:
        """Returns a value of an element's JSON as plain JSON."""
else:

    def __getattr__(name: str) -> Any:
        if name.startswith("__") or name in {"choice", "native"}:  # Python also looks up the package's modules
            raise AttributeError(name)
        from anyscale_constructs.engine.choice import load  # noqa: PLC0415 - choose only when needed

        try:
            found = load()[name]
        except KeyError:
            raise AttributeError(f"the engine has no {name}") from None
        globals()[name] = found
        return found
