from anyscale_constructs import App, CloudStack

CloudStack(App(), "prod stack")
