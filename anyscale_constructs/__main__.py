"""`python -m anyscale_constructs`: the program anyscale-constructs."""

from anyscale_constructs.cli import main

if __name__ == "__main__":
    main()
