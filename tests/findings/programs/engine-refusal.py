from anyscale_constructs import App, CloudStack, TerraformResource

stack = CloudStack(App(), "prod")
for _ in range(2):
    TerraformResource(stack, "queue", terraform_resource_type="aws_sqs_queue")
