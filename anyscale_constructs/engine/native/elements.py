"""What has a block in a stack's JSON."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from anyscale_constructs.engine.native.tokens import Token, keys, merge
from anyscale_constructs.engine.native.tree import Construct, missing, refuse

if TYPE_CHECKING:
    from anyscale_constructs.engine.native.stack import TerraformStack


class Overridable(Construct):
    """What takes overrides of its JSON."""

    def __init__(self, scope: Construct | None, id: str) -> None:
        super().__init__(scope, id)
        self._overrides: dict[str, Any] = {}

    def add_override(self, path: str, value: Any) -> None:
        """Sets something in its JSON by its path.

        Args:
            path: The names from the top, joined by dots.
            value: What stands there; None leaves it out.
        """
        *above, last = path.split(".")
        here = self._overrides
        for step in above:
            if not isinstance(here.get(step), dict):
                here[step] = {}
            here = here[step]
        here[last] = value


class TerraformElement(Overridable):
    """What has a block in a stack's JSON.

    Args:
        scope: The stack, or a construct in it.
        id: Its name there.
    """

    prefix: ClassVar[str] = ""
    """What its address begins with."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self._id = ""

    @property
    def cdktf_stack(self) -> "TerraformStack":
        """The stack around it."""
        from anyscale_constructs.engine.native.stack import TerraformStack  # noqa: PLC0415 - which has elements

        return TerraformStack.of(self)

    @property
    def friendly_unique_id(self) -> str:
        """Its name in Terraform."""
        self._id = self._id or self.cdktf_stack.logical_id(self)
        return self._id

    @property
    def fqn(self) -> str:
        """Its address in Terraform."""
        return f"{self.prefix}.{self.friendly_unique_id}"

    def override_logical_id(self, new_logical_id: str) -> None:
        """Gives it another name in Terraform."""
        self._id = new_logical_id

    def to_terraform(self) -> dict[str, Any]:
        """Its part of the stack's JSON."""
        return {}

    def to_metadata(self) -> dict[str, Any]:
        """Its part of what the JSON says about itself: the names of its overrides."""
        name = self._overridden() if self._overrides else ""
        return {"overrides": {name: keys(self._overrides)}} if name else {}

    def _overridden(self) -> str:
        """Under which name its overrides are listed; nothing: they are not."""
        return ""

    def _comment(self) -> dict[str, Any]:
        return {"metadata": {"path": self.node.path, "uniqueId": self.friendly_unique_id}}

    def _block(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        block = {name: value for name, value in arguments.items() if value is not None}
        return merge(block, self._overrides) if self._overrides else block


def _addresses(depends_on: Sequence[Any] | None) -> list[str] | None:
    return None if depends_on is None else [each.fqn for each in depends_on]


class TerraformHclModule(TerraformElement):
    """A call of a module.

    Args:
        scope: The stack, or a construct in it.
        id: Its name there.
        source: Where the module is.
        version: Its version, if it comes from the Terraform registry.
        variables: Its inputs.
        depends_on: What must be there first.
        skip_asset_creation_from_local_modules: Must be true for a local module: this engine copies none.
        **others: What only other engines know.
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
        """The call."""
        # An input of such a name does not stand against the argument.
        arguments = {"providers": None, "for_each": None, "source": self.source, "version": self.version}
        block = self._block({**self.variables, **arguments, "depends_on": self.depends_on})
        return {"module": {self.friendly_unique_id: block | {"//": self._comment()}}}

    def _overridden(self) -> str:
        return f"module.{self.source}"


class _Typed(TerraformElement):
    """A resource or a data source.

    Args:
        scope: The stack, or a construct in it.
        id: Its name there.
        terraform_resource_type: Its type in Terraform.
        depends_on: What must be there first.
        **others: What only other engines know.
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
        """Its address in Terraform."""
        prefix = f"{self.prefix}." if self.prefix else ""
        return f"{prefix}{self.terraform_resource_type}.{self.friendly_unique_id}"

    def get_string_attribute(self, terraform_attribute: str) -> str:
        """A token of an attribute."""
        return Token.as_string(f"${{{self.fqn}.{terraform_attribute}}}")

    def get_list_attribute(self, terraform_attribute: str) -> list[str]:
        """A token of an attribute that is a list."""
        return Token.as_list(f"${{{self.fqn}.{terraform_attribute}}}")

    def to_terraform(self) -> dict[str, Any]:
        """Its block."""
        block = self._block({"depends_on": self.depends_on})
        block["//"] = {**block.get("//", {}), **self._comment()}
        return {self._kind: {self.terraform_resource_type: {self.friendly_unique_id: block}}}

    def _overridden(self) -> str:
        return self.terraform_resource_type


class TerraformResource(_Typed):
    """A resource."""

    _kind = "resource"


class TerraformDataSource(_Typed):
    """A data source."""

    _kind, prefix = "data", "data"


class TerraformProvider(TerraformElement):
    """A provider's configuration, whose arguments are overrides.

    Args:
        scope: The stack.
        id: Its name there.
        terraform_resource_type: The provider's local name.
        **others: What only other engines know.
    """

    def __init__(self, scope: Construct, id: str, *, terraform_resource_type: str, **others: Any) -> None:
        refuse(self, others)
        super().__init__(scope, id)
        self.terraform_resource_type = terraform_resource_type

    @property
    def alias(self) -> str | None:
        """Its alias; None if it is the default configuration."""
        return None

    @property
    def fqn(self) -> str:
        """How resources and modules name it."""
        return f"{self.terraform_resource_type}.{self.alias}" if self.alias else self.terraform_resource_type

    def to_terraform(self) -> dict[str, Any]:
        """Its block."""
        name, alias = self.terraform_resource_type, {} if self.alias is None else {"alias": self.alias}
        block = merge(self._block({}), alias)
        return {"terraform": {"required_providers": {name: {}}}, "provider": {name: [block]}}

    def _overridden(self) -> str:
        return self.terraform_resource_type


class TerraformOutput(TerraformElement):
    """An output.

    Args:
        scope: The stack, or a construct in it.
        id: Its name there.
        value: Its value.
        description: What it is.
        sensitive: Whether Terraform hides it.
        **others: What only other engines know.
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
        """Its block."""
        given = {"value": self.value, "description": self.description, "sensitive": self.sensitive}
        return {"output": {self.friendly_unique_id: self._block(given)}}

    def _overridden(self) -> str:
        return "output"


class TerraformVariable(TerraformElement):
    """A variable.

    Args:
        scope: The stack.
        id: Its name there.
        default: Its default.
        description: What Terraform says when it asks for it.
        type: Its type.
        sensitive: Whether Terraform hides it.
        nullable: Whether it may be null.
        **others: What only other engines know.
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
        """A token of its value."""
        return Token.as_string(f"${{{self.fqn}}}")

    @property
    def list_value(self) -> list[str]:
        """A token of its value, which is a list."""
        return Token.as_list(f"${{{self.fqn}}}")

    def to_terraform(self) -> dict[str, Any]:
        """Its block."""
        return {"variable": {self.friendly_unique_id: self._block(self._given)}}


class TerraformLocal(TerraformElement):
    """A local value.

    Args:
        scope: The stack.
        id: Its name there.
        expression: Its value.
    """

    prefix = "local"

    def __init__(self, scope: Construct, id: str, expression: Any) -> None:
        super().__init__(scope, id)
        self._expression = expression

    @property
    def as_string(self) -> str:
        """A token of its value."""
        return Token.as_string(f"${{{self.fqn}}}")

    @property
    def as_list(self) -> list[str]:
        """A token of its value, which is a list."""
        return Token.as_list(f"${{{self.fqn}}}")

    def to_terraform(self) -> dict[str, Any]:
        """Its value, which overrides do not change."""
        return {"locals": {self.friendly_unique_id: self._expression}}

    def _overridden(self) -> str:
        return "local"
