"""Runs the `anyscale-constructs` command as `python -m anyscale_constructs`."""

from anyscale_constructs.cli import program

if __name__ == "__main__":
    program()
