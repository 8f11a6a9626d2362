"""`python -m stacks`: `anyscale-constructs synth`."""

from anyscale_constructs.cli import main

if __name__ == "__main__":
    main("synth")
