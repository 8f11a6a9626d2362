"""The native engine: the parts of CDKTF that this library and its YAML clouds use, in Python without Node.js.

Its output is byte-for-byte that of cdktf 0.21. Unsupported features raise an error that names an engine with them.
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
from anyscale_constructs.engine.native.tokens import DefaultTokenResolver, StringConcat, Token, Tokenization, resolved
from anyscale_constructs.engine.native.tree import Annotations, Construct, member
