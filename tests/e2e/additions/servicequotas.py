"""ServiceQuotas: the EC2 quotas that `anyscale cloud register` verifies; moto has only those of VPC."""

import json
from typing import Any

from moto.servicequotas.responses import ServiceQuotasResponse
from moto.servicequotas.urls import url_paths

VCPUS = 10_000.0
"""More than any check requires."""


class ServiceQuotas(ServiceQuotasResponse):
    """Moto's ServiceQuotas with every EC2 quota."""

    def get_service_quota(self) -> str:
        asked: dict[str, Any] = json.loads(self.body)
        if asked["ServiceCode"] != "ec2":
            return str(super().get_service_quota())
        return json.dumps(
            {"Quota": {"ServiceCode": "ec2", "QuotaCode": asked["QuotaCode"], "Value": VCPUS, "Unit": "None"}}
        )


def register() -> None:
    """Replaces moto's ServiceQuotas with the extended one."""
    url_paths.update(dict.fromkeys(url_paths, ServiceQuotas.dispatch))
