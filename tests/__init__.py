"""The tests; what needs the real programs and minutes is in tests/e2e."""

import pathlib

ROOT = pathlib.Path(__file__).parent.parent
