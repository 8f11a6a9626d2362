"""`python -m stacks`: `anyscale-constructs synth`."""

from anyscale_constructs.cli import program

if __name__ == "__main__":
    program("synth")
