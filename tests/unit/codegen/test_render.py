"""The wrapper of a small module, as a golden file."""

from pathlib import Path

import pytest

from anyscale_constructs.codegen.catalog import Entry
from anyscale_constructs.codegen.render import render, render_package
from anyscale_constructs.errors import CodegenError
from anyscale_constructs.terraform.interface import Interface, Output, Variable

GOLDEN = Path(__file__).with_name("example_wrapper.py")
ENTRY = Entry("aws/example", "acme/terraform-modules", "modules/aws-example", "Example", "An example")


def interface(**variables: Variable) -> Interface:
    return Interface(
        name="aws/example",
        repository="acme/terraform-modules",
        path="modules/aws-example",
        ref="v1.2.3",
        commit="0123456789abcdef0123456789abcdef01234567",
        required_version=">= 1.9",
        required_providers={},
        variables=variables,
        outputs={"id": Output("string"), "users": Output("map(any)", sensitive=True)},
    )


def test_the_wrapper_is_the_golden_file(tmp_path: Path) -> None:
    long = [{"name": f"rule-{number}", "description": "r" * 30} for number in range(3)]
    rendered = render(
        ENTRY,
        interface(
            name=Variable("string", required=True, known_at_plan="value"),
            ports=Variable("list(number)", required=True, known_at_plan="length"),
            mode=Variable("string", "a", validation=('contains(["a", "b"], var.mode)',)),
            engine=Variable("string", "7.0", validation=('(var.engine == "7.0" || var.engine == "6.2")',)),
            size=Variable("number", 3, validation=("var.size > 2",)),
            tiering=Variable("string", default=False, text=True),
            path=Variable("string", 'C:\\dir "x"'),
            rules=Variable("list(object({name = string, description = optional(string)}))", long),
            extra=Variable("any"),
        ),
    )
    actual = tmp_path / GOLDEN.name
    actual.write_text(rendered, encoding="utf-8")
    assert rendered == GOLDEN.read_text(encoding="utf-8"), f"if it is meant: cp {actual} {GOLDEN}"


def test_a_package_exports_its_wrappers() -> None:
    text = render_package([ENTRY, Entry("aws/a", "acme/terraform-modules", "modules/a", "A", "A")])
    lines = text.splitlines()
    start = lines.index("if TYPE_CHECKING:")
    assert lines[start + 1 : start + 3] == [
        "    from anyscale_constructs.modules.aws.a import AInputs, AModule",
        "    from anyscale_constructs.modules.aws.example import ExampleInputs, ExampleModule",
    ]
    assert lines[start + 4 : start + 10] == [
        "__all__ = [",
        '    "AInputs",',
        '    "AModule",',
        '    "ExampleInputs",',
        '    "ExampleModule",',
        "]",
    ]
    assert '        "example": ["ExampleInputs", "ExampleModule"],' in lines


@pytest.mark.parametrize("name", ["lambda", "scope", "id", "depends_on"])
def test_fails_on_an_input_that_is_not_a_keyword_argument(name: str) -> None:
    with pytest.raises(CodegenError, match=f"is not a valid keyword argument; got 'aws/example.{name}'"):
        render(ENTRY, interface(**{name: Variable("string")}))
