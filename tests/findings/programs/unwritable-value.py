from cdktf import TerraformOutput, Token

from anyscale_constructs import App, CloudStack
from anyscale_constructs.aws import Vpc

app = App()
stack = CloudStack(app, "prod")
names = Token.as_list(Vpc(stack).public_subnet_ids)
TerraformOutput(stack, "subnets", value=f"subnets: {names}")
app.synth()
