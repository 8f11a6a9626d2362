from anyscale_constructs.cli import main

main("modules", "regenerate", "--ref", "v0.40.1", "--from", "nowhere")
