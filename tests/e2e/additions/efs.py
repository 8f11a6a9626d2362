"""EFS: PutBackupPolicy, DeleteFileSystemPolicy, and the status of a disabled backup policy."""

import json

from moto.efs.models import FileSystem
from moto.efs.responses import TYPE_RESPONSE, EFSResponse
from moto.efs.urls import url_paths


class EFS(EFSResponse):
    """Moto's EFS with policies that can be changed."""

    def describe_backup_policy(self) -> TYPE_RESPONSE:
        status = "ENABLED" if self._file_system()._backup else "DISABLED"  # noqa: SLF001 - moto shows it only when enabled
        return json.dumps({"BackupPolicy": {"Status": status}}), {"Content-Type": "application/json"}

    def put_backup_policy(self) -> TYPE_RESPONSE:
        policy = self._get_param("BackupPolicy")
        self._file_system()._backup = policy["Status"] == "ENABLED"  # noqa: SLF001 - moto sets it at creation only
        return json.dumps({"BackupPolicy": policy}), {"Content-Type": "application/json"}

    def delete_file_system_policy(self) -> TYPE_RESPONSE:
        self._file_system().file_system_policy = None
        return "{}", {"Content-Type": "application/json"}

    def _file_system(self) -> FileSystem:
        _, (found,) = self.efs_backend.describe_file_systems(file_system_id=self._get_param("FileSystemId"))
        return found


def register() -> None:
    """Replaces moto's EFS with the extended one."""
    response = EFS()
    url_paths.update(dict.fromkeys(url_paths, response.dispatch))
