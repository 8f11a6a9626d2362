"""EC2: placement groups, launch templates, and descriptions of security group rules.

Moto has no placement groups. It mixes a launch template's own tags with those of its instances, and returns the tags
with which it was created. It returns the description of a security group rule only if the source is a range.
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.responses import EC2Response
from moto.ec2.urls import url_paths
from moto.ec2.utils import random_resource_id


class UnknownPlacementGroupError(EC2ClientError):
    code = "InvalidPlacementGroup.Unknown"


class EC2(EC2Response):
    """Moto's EC2 with these additions."""

    def create_launch_template(self) -> ActionResult:
        answer = super().create_launch_template()
        (template,) = self.ec2_backend.describe_launch_templates(template_names=[self._get_param("LaunchTemplateName")])
        data = template.latest_version().data
        specifications = data.get("TagSpecifications", [])
        data["TagSpecifications"] = [each for each in specifications if each["ResourceType"] != "launch-template"]
        return answer

    def create_placement_group(self) -> ActionResult:
        name = self._get_param("GroupName")
        tags = self._parse_tag_specification("placement-group").get("placement-group", {})
        group = {
            "GroupName": name,
            "GroupId": f"pg-{random_resource_id()}",
            "GroupArn": f"arn:aws:ec2:{self.region}:{self.current_account}:placement-group/{name}",
            "State": "available",
            "Strategy": self._get_param("Strategy"),
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        }
        self._placement_groups[name] = group
        return ActionResult({"PlacementGroup": group})

    def describe_placement_groups(self) -> ActionResult:
        names = self._get_param("GroupNames", []) or list(self._placement_groups)
        return ActionResult({"PlacementGroups": [self._placement_group(name) for name in names]})

    def delete_placement_group(self) -> ActionResult:
        del self._placement_groups[self._placement_group(self._get_param("GroupName"))["GroupName"]]
        return ActionResult({})

    def _placement_group(self, name: str) -> dict[str, Any]:
        if name not in self._placement_groups:
            raise UnknownPlacementGroupError(f"The Placement Group '{name}' is unknown.")
        return self._placement_groups[name]

    @property
    def _placement_groups(self) -> dict[str, dict[str, Any]]:
        groups: dict[str, dict[str, Any]] = self.ec2_backend.__dict__.setdefault("placement_groups", {})
        return groups

    def describe_launch_templates(self) -> ActionResult:
        for template in self.ec2_backend.describe_launch_templates():
            template.tags = template.get_tags()
        return super().describe_launch_templates()


def _description(rule: SecurityGroupRule) -> str | None:
    description: str | None = rule.ip_range.get("Description") or rule.source_group.get("Description")
    return description


def register() -> None:
    """Replaces moto's EC2 with the extended one."""
    SecurityGroupRule.description = property(_description)  # type: ignore[assignment,method-assign]
    url_paths.update(dict.fromkeys(url_paths, EC2.dispatch))
