"""`anyscale-constructs modules functions`: Terraform's description of its functions, recorded and rendered."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.codegen import write
from tests.unit.codegen.conftest import Run

FUNCTIONS = write.MODULES / "catalog" / "functions.json"


def metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """Puts a terraform on PATH that runs these lines of shell code."""
    program = tmp_path / "bin" / "terraform"
    program.parent.mkdir()
    program.write_text("\n".join(["#!/bin/sh", *lines]))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)


def test_functions_records_and_renders_what_terraform_has(
    run: Run, modules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signature = {
        "description": "Somebody's words.",
        "return_type": ["set", "dynamic"],
        "parameters": [{"name": "in", "type": ["map", ["list", "string"]]}, {"name": "b", "type": "bool"}],
        "variadic_parameter": {"name": "more", "type": "number"},
    }
    told = {"function_signatures": {"lambda": signature, "core::lambda": signature, "now": {"return_type": "string"}}}
    (tmp_path / "metadata.json").write_text(json.dumps(told))
    version = """echo '{"terraform_version": "1.99.0"}'"""
    metadata(tmp_path, monkeypatch, f"case $1 in metadata) cat {tmp_path}/metadata.json;; *) {version};; esac")
    assert run("functions") == (0, "recorded and rendered fn\n", "")
    assert json.loads((modules / "catalog" / "functions.json").read_text()) == {
        "terraform": "1.99.0",
        "functions": {
            "lambda": {
                "parameters": {"in": "map(list(string))", "b": "bool"},
                "variadic": {"more": "number"},
                "returns": "set(any)",
            },
            "now": {"parameters": {}, "returns": "string"},
        },
    }
    rendered = (modules.parent / "expressions" / "fn.py").read_text()
    assert "# Source: terraform metadata functions, 1.99.0\n" in rendered
    assert "Somebody's words." not in rendered
    assert (
        "def lambda_(in_: Mapping[str, Sequence[str] | Expr] | Expr, b: bool | Expr, /, *more: float | Expr) -> Expr:\n"
        '    """`lambda(in map(list(string)), b bool, more number...) set(any)`.\n'
    ) in rendered
    namespace: dict[str, Any] = {}
    exec(rendered, namespace)  # noqa: S102 - rendered here
    assert namespace["lambda_"]({"a": ["b"]}, True, 1, 2).code == 'lambda({"a" = ["b"]}, true, 1, 2)'
    assert namespace["now"]().code == "now()"


@pytest.mark.parametrize(
    ("program", "says"),
    [
        (
            "echo 'no such command' >&2; exit 1",
            "error: terraform metadata functions failed: no such command. Fix: use Terraform 1.4 or later\n",
        ),
        ("echo '<html>'", "error: terraform metadata functions did not print its functions as JSON"),
        ("echo '{}'", "error: terraform metadata functions did not print its functions as JSON"),
    ],
)
def test_functions_fails_on_unexpected_output_of_terraform(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, says: str
) -> None:
    before = FUNCTIONS.read_text()
    metadata(tmp_path, monkeypatch, program)
    status, out, err = run("functions")
    assert (status, out) == (2, "")
    assert err.startswith(says)
    assert FUNCTIONS.read_text() == before


def test_functions_fails_without_terraform(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run("functions") == (2, "", "error: terraform is not on PATH. Fix: install Terraform\n")
