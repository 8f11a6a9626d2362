"""The documentation, and what generates the parts of it that follow from the code."""

import pathlib

HERE = pathlib.Path(__file__).parent
