"""S3: lifecycle rules that are returned as they were sent; moto drops the object sizes in their filters."""

from typing import Any

import xmltodict
from moto.core.common_types import TYPE_RESPONSE
from moto.s3 import models, urls
from moto.s3.responses import S3Response


class S3Backend(models.S3Backend):
    """Moto's S3 of one account, which stores lifecycle rules unchanged."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.lifecycles: dict[str, list[dict[str, Any]]] = {}

    @property
    def _url_module(self) -> Any:
        return urls

    def put_bucket_lifecycle_configuration(self, bucket_name: str, rules: list[dict[str, Any]]) -> None:
        super().put_bucket_lifecycle_configuration(bucket_name, rules)
        self.lifecycles[bucket_name] = rules


class S3(S3Response):
    """Moto's S3 with these additions."""

    def get_bucket_lifecycle(self) -> TYPE_RESPONSE:
        status, headers, _ = super().get_bucket_lifecycle()
        assert isinstance(self.backend, S3Backend)
        rules = self.backend.lifecycles[self.bucket_name]
        return status, headers, xmltodict.unparse({"LifecycleConfiguration": {"Rule": rules}})


def register() -> None:
    """Replaces moto's S3 with the extended one."""
    models.s3_backends.backend = S3Backend
    for path, handler in urls.url_paths.items():
        urls.url_paths[path] = getattr(S3, handler.__name__)
