"""Upstream's validation conditions, evaluated by the real Terraform."""

import json
import pathlib
import subprocess

from tests.unit.terraform.test_conditions import CASES


def test_conditions_have_the_same_result_as_in_terraform(terraform: str, tmp_path: pathlib.Path) -> None:
    filled = [condition.replace("var.x", f"({json.dumps(value)})") for condition, value, _ in CASES]
    # An error is caught, since a condition that ends with one refuses the value.
    expression = f"jsonencode([{', '.join(f'try({each}, false)' for each in filled)}])"
    console = [terraform, f"-chdir={tmp_path}", "console"]
    printed = subprocess.run(console, input=expression, check=True, capture_output=True, text=True).stdout
    results = json.loads(json.loads(printed.splitlines()[-1]))
    different = [(*case, result) for case, result in zip(CASES, results, strict=True) if case[-1] is not result]
    assert different == []
