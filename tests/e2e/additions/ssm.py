"""SSM: the version of the newest image for EKS nodes; moto has only the public parameters of other services."""

from moto.core.responses import ActionResult
from moto.ssm.responses import SimpleSystemManagerResponse
from moto.ssm.urls import url_paths

_IMAGES = "/aws/service/eks/optimized-ami/"


class SSM(SimpleSystemManagerResponse):
    """Moto's SSM with one version of every image for EKS nodes."""

    def get_parameter(self) -> ActionResult:
        name: str = self._get_param("Name")
        if not name.startswith(_IMAGES):
            return super().get_parameter()
        version = name.removeprefix(_IMAGES).partition("/")[0]
        arn = f"arn:aws:ssm:{self.region}::parameter{name}"
        value = {"Value": f"{version}.0-20260101", "Type": "String", "Version": 1, "ARN": arn}
        return ActionResult({"Parameter": {"Name": name, **value}})


def register() -> None:
    """Replaces moto's SSM with the extended one."""
    url_paths.update(dict.fromkeys(url_paths, SSM.dispatch))
