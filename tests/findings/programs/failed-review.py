from anyscale_constructs.cli import main

main("review", "before", "after")
