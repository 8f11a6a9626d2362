"""EC2: launch templates whose own tags are not among those that they give to instances, and change later.

Moto mixes them, and answers those of the beginning. Of a security group's rules it tells the description only where the
source is a range.
"""

from moto.core.responses import ActionResult
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.responses import EC2Response
from moto.ec2.urls import url_paths


class EC2(EC2Response):
    """Moto's EC2 with this addition."""

    def create_launch_template(self) -> ActionResult:
        answer = super().create_launch_template()
        (template,) = self.ec2_backend.describe_launch_templates(template_names=[self._get_param("LaunchTemplateName")])
        data = template.latest_version().data
        specifications = data.get("TagSpecifications", [])
        data["TagSpecifications"] = [each for each in specifications if each["ResourceType"] != "launch-template"]
        return answer

    def describe_launch_templates(self) -> ActionResult:
        for template in self.ec2_backend.describe_launch_templates():
            template.tags = template.get_tags()
        return super().describe_launch_templates()


def _description(rule: SecurityGroupRule) -> str | None:
    description: str | None = rule.ip_range.get("Description") or rule.source_group.get("Description")
    return description


def register() -> None:
    """Serve EC2 with this addition."""
    SecurityGroupRule.description = property(_description)  # type: ignore[assignment,method-assign]
    url_paths.update(dict.fromkeys(url_paths, EC2.dispatch))
