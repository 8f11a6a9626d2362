"""A program that replaces the anyscale program in tests."""

import sys
from pathlib import Path

import pytest

TOKEN = "sss_secret1"  # noqa: S105 - of no account


def use_program(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs Python code instead of the anyscale program; its directory is also the home directory."""
    program = folder / "anyscale"
    program.write_text(f"#!{sys.executable}\n{text}")
    program.chmod(0o755)
    monkeypatch.setenv("ANYSCALE_BIN", str(program))
    monkeypatch.setenv("ANYSCALE_CLI_TOKEN", TOKEN)
    monkeypatch.setenv("HOME", str(folder))
