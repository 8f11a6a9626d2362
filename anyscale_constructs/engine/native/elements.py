"""The elements of a stack, which have a block in its JSON."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from anyscale_constructs.engine.native.tokens import Token, keys, merge
from anyscale_constructs.engine.native.tree import Construct, lacks, missing, refuse
from anyscale_constructs.errors import EngineRefusalError

if TYPE_CHECKING:
    from anyscale_constructs.engine.native.stack import TerraformStack


class Overridable(Construct):
    """A construct that supports overrides of its JSON."""

    _overrides: Mapping[str, Any] = MappingProxyType({})

    def add_override(self, path: str, value: Any) -> None:
        """Overrides a value in the construct's JSON.

        Args:
            path: The keys from the root, joined by dots.
            value: The value; None removes the key.
        """
        *above, last = path.split(".")
        if not isinstance(self._overrides, dict):  # most constructs have no overrides, and share an empty mapping
            self._overrides = {}
        here = self._overrides
        for step in above:
            if not isinstance(here.get(step), dict):
                here[step] = {}
            here = here[step]
        here[last] = value


def stack_of(construct: Construct) -> "TerraformStack":
    """Returns the stack that contains a construct.

    Raises:
        EngineRefusalError: The construct is not in a stack.
    """
    each: Any = construct
    while each is not None:
        if each.is_a_stack:
            return each  # type: ignore[no-any-return]
        each = each.node.scope
    raise EngineRefusalError(f"No stack could be identified for the construct at path '{construct.node.path}'")


@lacks("is_terraform_element reset_override_logical_id to_hcl_terraform")
class TerraformElement(Overridable):
    """An element of a stack, which has a block in its JSON.

    Args:
        scope: The parent construct.
        id: The ID, unique in the parent.
    """

    prefix: ClassVar[str] = ""
    """The first part of its address."""

    _id: str = ""

    @property
    def cdktf_stack(self) -> "TerraformStack":
        """The stack that contains the element."""
        return stack_of(self)

    @property
    def friendly_unique_id(self) -> str:
        """The Terraform name."""
        if not self._id:
            self._id = self.cdktf_stack.logical_id(self)
        return self._id

    @property
    def fqn(self) -> str:
        """The Terraform address."""
        return f"{self.prefix}.{self.friendly_unique_id}"

    def override_logical_id(self, new_logical_id: str) -> None:
        """Sets the Terraform name."""
        self._id = new_logical_id

    def to_terraform(self) -> dict[str, Any]:
        """Returns the element's part of the stack's JSON."""
        return {}

    def to_metadata(self) -> dict[str, Any]:
        """Returns the element's part of the JSON's metadata: the names of its overrides."""
        name = self._overridden() if self._overrides else ""
        return {"overrides": {name: keys(self._overrides)}} if name else {}

    def _overridden(self) -> str:
        """Returns the name under which the metadata lists its overrides; empty if not listed."""
        return ""

    def _comment(self) -> dict[str, Any]:
        return {"metadata": {"path": self.node.path, "uniqueId": self.friendly_unique_id}}

    def _block(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        block = {name: value for name, value in arguments.items() if value is not None}
        return merge(block, self._overrides) if self._overrides else block


def _addresses(depends_on: Sequence[Any] | None) -> list[str] | None:
    return None if depends_on is None else [each.fqn for each in depends_on]


@lacks(
    "add_provider for_each get get_boolean get_list get_number get_string interpolation_for_output providers set "
    "skip_asset_creation_from_local_modules"
)
class TerraformHclModule(TerraformElement):
    """A module call.

    Args:
        scope: The parent construct.
        id: The ID, unique in the parent.
        source: The source of the module.
        version: The version of a module from the Terraform Registry. Default: none.
        variables: The inputs. Default: none.
        depends_on: Constructs that must be created first. Default: none.
        skip_asset_creation_from_local_modules: Must be True for a local module, since this engine does not copy it.
        **others: Arguments that only the other engines support.
    """

    prefix = "module"

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        source: str,
        version: str | None = None,
        variables: Mapping[str, Any] | None = None,
        depends_on: Sequence[Any] | None = None,
        skip_asset_creation_from_local_modules: bool | None = None,
        **others: Any,
    ) -> None:
        refuse(self, others)
        if source.startswith(("./", "../")) and not skip_asset_creation_from_local_modules:
            raise missing("copies of local modules")
        super().__init__(scope, id)
        self.source, self.version = source, version
        self.variables = variables or {}
        self.depends_on = _addresses(depends_on)

    def to_terraform(self) -> dict[str, Any]:
        """Returns the block of the module call."""
        # These arguments take precedence over inputs with the same name.
        arguments = {"providers": None, "for_each": None, "source": self.source, "version": self.version}
        block = self._block({**self.variables, **arguments, "depends_on": self.depends_on})
        block["//"] = self._comment()
        return {"module": {self.friendly_unique_id: block}}

    def _overridden(self) -> str:
        return f"module.{self.source}"


@lacks(
    "count for_each get_any_map_attribute get_boolean_attribute get_boolean_map_attribute get_number_attribute "
    "get_number_list_attribute get_number_map_attribute get_string_map_attribute interpolation_for_attribute lifecycle "
    "provider terraform_generator_metadata terraform_meta_arguments"
)
class _Typed(TerraformElement):
    """A resource or a data source.

    Args:
        scope: The parent construct.
        id: The ID, unique in the parent.
        terraform_resource_type: The Terraform type.
        depends_on: Constructs that must be created first. Default: none.
        **others: Arguments that only the other engines support.
    """

    _kind: ClassVar[str]

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        terraform_resource_type: str,
        depends_on: Sequence[Any] | None = None,
        **others: Any,
    ) -> None:
        refuse(self, others)
        super().__init__(scope, id)
        self.terraform_resource_type = terraform_resource_type
        self.depends_on = _addresses(depends_on)

    @property
    def fqn(self) -> str:
        """The Terraform address."""
        prefix = f"{self.prefix}." if self.prefix else ""
        return f"{prefix}{self.terraform_resource_type}.{self.friendly_unique_id}"

    def get_string_attribute(self, terraform_attribute: str) -> str:
        """Returns a token of an attribute."""
        return Token.as_string(f"${{{self.fqn}.{terraform_attribute}}}")

    def get_list_attribute(self, terraform_attribute: str) -> list[str]:
        """Returns a token of an attribute that is a list."""
        return Token.as_list(f"${{{self.fqn}.{terraform_attribute}}}")

    def to_terraform(self) -> dict[str, Any]:
        """Returns the block."""
        block = self._block({"depends_on": self.depends_on})
        block["//"] = {**block.get("//", {}), **self._comment()}
        return {self._kind: {self.terraform_resource_type: {self.friendly_unique_id: block}}}

    def _overridden(self) -> str:
        return self.terraform_resource_type


@lacks(
    "add_move_target connection has_resource_move import_from is_terraform_resource move_from_id move_to move_to_id "
    "provisioners"
)
class TerraformResource(_Typed):
    """A resource."""

    _kind = "resource"


@lacks("is_terraform_data_source")
class TerraformDataSource(_Typed):
    """A data source."""

    _kind, prefix = "data", "data"


@lacks("is_terraform_provider meta_attributes terraform_generator_metadata terraform_provider_source")
class TerraformProvider(TerraformElement):
    """A provider configuration, whose arguments are set with overrides.

    Args:
        scope: The stack.
        id: The ID, unique in the stack.
        terraform_resource_type: The provider's local name.
        **others: Arguments that only the other engines support.
    """

    def __init__(self, scope: Construct, id: str, *, terraform_resource_type: str, **others: Any) -> None:
        refuse(self, others)
        super().__init__(scope, id)
        self.terraform_resource_type = terraform_resource_type

    @property
    def alias(self) -> str | None:
        """The alias; None for the default configuration."""
        return None

    @property
    def fqn(self) -> str:
        """The reference to the configuration, for resources and modules."""
        return f"{self.terraform_resource_type}.{self.alias}" if self.alias else self.terraform_resource_type

    def to_terraform(self) -> dict[str, Any]:
        """Returns the block."""
        name, alias = self.terraform_resource_type, {} if self.alias is None else {"alias": self.alias}
        block = merge(self._block({}), alias)
        return {"terraform": {"required_providers": {name: {}}}, "provider": {name: [block]}}

    def _overridden(self) -> str:
        return self.terraform_resource_type


@lacks("depends_on is_terraform_output precondition static_id")
class TerraformOutput(TerraformElement):
    """An output.

    Args:
        scope: The parent construct.
        id: The ID, unique in the parent.
        value: The value.
        description: The description. Default: none.
        sensitive: Whether Terraform hides the value. Default: False.
        **others: Arguments that only the other engines support.
    """

    prefix = "output"

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        value: Any,
        description: str | None = None,
        sensitive: bool | None = None,
        **others: Any,
    ) -> None:
        refuse(self, others)
        super().__init__(scope, id)
        self.value, self.description, self.sensitive = value, description, sensitive

    def to_terraform(self) -> dict[str, Any]:
        """Returns the block."""
        given = {"value": self.value, "description": self.description, "sensitive": self.sensitive}
        return {"output": {self.friendly_unique_id: self._block(given)}}

    def _overridden(self) -> str:
        return "output"


@lacks(
    "add_validation boolean_value default description nullable number_value sensitive synthesize_attributes "
    "synthesize_hcl_attributes type validation value"
)
class TerraformVariable(TerraformElement):
    """An input variable.

    Args:
        scope: The stack.
        id: The ID, unique in the stack.
        default: The default value. Default: the variable is required.
        description: The description, which Terraform shows when it prompts for a value. Default: none.
        type: The Terraform type constraint. Default: any type.
        sensitive: Whether Terraform hides the value. Default: False.
        nullable: Whether the value can be null. Default: True.
        **others: Arguments that only the other engines support.
    """

    prefix = "var"

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        default: Any = None,
        description: str | None = None,
        type: str | None = None,
        sensitive: bool | None = None,
        nullable: bool | None = None,
        **others: Any,
    ) -> None:
        refuse(self, others)
        super().__init__(scope, id)
        self._given = {
            "default": default,
            "description": description,
            "type": type,
            "sensitive": sensitive,
            "nullable": nullable,
        }

    @property
    def string_value(self) -> str:
        """A token of the value."""
        return Token.as_string(f"${{{self.fqn}}}")

    @property
    def list_value(self) -> list[str]:
        """A token of the value, for a list."""
        return Token.as_list(f"${{{self.fqn}}}")

    def to_terraform(self) -> dict[str, Any]:
        """Returns the block."""
        return {"variable": {self.friendly_unique_id: self._block(self._given)}}


@lacks("as_any_map as_boolean as_boolean_map as_number as_number_map as_string_map expression")
class TerraformLocal(TerraformElement):
    """A local value.

    Args:
        scope: The stack.
        id: The ID, unique in the stack.
        expression: The value.
    """

    prefix = "local"

    def __init__(self, scope: Construct, id: str, expression: Any) -> None:
        super().__init__(scope, id)
        self._expression = expression

    @property
    def as_string(self) -> str:
        """A token of the value."""
        return Token.as_string(f"${{{self.fqn}}}")

    @property
    def as_list(self) -> list[str]:
        """A token of the value, for a list."""
        return Token.as_list(f"${{{self.fqn}}}")

    def to_terraform(self) -> dict[str, Any]:
        """Returns the block; overrides do not change the value."""
        return {"locals": {self.friendly_unique_id: self._expression}}

    def _overridden(self) -> str:
        return "local"
