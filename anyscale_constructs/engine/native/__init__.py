"""The engine without Node.js: what the library and its YAML clouds use of CDKTF, in Python.

It gives the bytes that cdktf 0.21 gives. What it does not do, it refuses and names the engine that does.
"""

from anyscale_constructs.engine.native.backends import (
    AzurermBackend,
    CloudBackend,
    GcsBackend,
    HttpBackend,
    LocalBackend,
    NamedCloudWorkspace,
    NamedRemoteWorkspace,
    RemoteBackend,
    S3Backend,
    TerraformBackend,
)
from anyscale_constructs.engine.native.elements import (
    TerraformDataSource,
    TerraformElement,
    TerraformHclModule,
    TerraformLocal,
    TerraformOutput,
    TerraformProvider,
    TerraformResource,
    TerraformVariable,
)
from anyscale_constructs.engine.native.stack import App, TerraformAsset, TerraformStack, Testing
from anyscale_constructs.engine.native.tokens import DefaultTokenResolver, StringConcat, Token, Tokenization
from anyscale_constructs.engine.native.tree import Annotations, Construct, member
