import os

os.environ["ANYSCALE_CONSTRUCTS_ENGINE"] = "terraform"

from anyscale_constructs import App

App()
