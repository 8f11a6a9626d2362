"""MemoryDB: parameter groups, access control lists, and a deletion that the provider does not wait for."""

import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.memorydb import models, urls
from moto.memorydb.exceptions import ClusterNotFoundFault
from moto.memorydb.responses import MemoryDBResponse

_PARAMETERS = {
    "maxmemory-policy": "noeviction",
    "activedefrag": "no",
    "notify-keyspace-events": "",
    "timeout": "0",
}
"""The names and defaults of parameters that every family has."""


class AbsentError(JsonRESTError):
    """A parameter group or an access control list that does not exist."""

    code = 400


class MemoryDBBackend(models.MemoryDBBackend):
    """Moto's MemoryDB of one region, with parameter groups and access control lists."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.parameter_groups: dict[str, dict[str, Any]] = {}
        self.parameters: dict[str, dict[str, str]] = {}
        self.acls: dict[str, dict[str, Any]] = {}
        for family in ("redis6", "redis7", "valkey7"):
            self.put_parameter_group(f"default.memorydb-{family}", f"memorydb_{family}", "Default parameter group")
        self.put_acl("open-access", ["default"])

    @property
    def _url_module(self) -> Any:  # type: ignore[misc]
        return urls

    def arn(self, kind: str, name: str) -> str:
        """Returns the ARN of a parameter group or an access control list."""
        return f"arn:aws:memorydb:{self.region_name}:{self.account_id}:{kind}/{name}"

    def _list_arns(self) -> list[str]:
        own = [*self.parameter_groups.values(), *self.acls.values()]
        return [*super()._list_arns(), *(each["ARN"] for each in own)]

    def put_parameter_group(self, name: str, family: str, description: str) -> dict[str, Any]:
        """Creates a parameter group with the defaults."""
        arn = self.arn("parametergroup", name)
        self.parameter_groups[name] = {"Name": name, "Family": family, "Description": description, "ARN": arn}
        self.parameters[name] = dict(_PARAMETERS)
        return self.parameter_groups[name]

    def put_acl(self, name: str, users: list[str]) -> dict[str, Any]:
        """Creates an access control list."""
        self.acls[name] = {
            "Name": name,
            "Status": "active",
            "UserNames": users,
            "MinimumEngineVersion": "6.2",
            "ARN": self.arn("acl", name),
        }
        return self.acls[name]

    def clusters_of(self, acl: str) -> list[str]:
        """Returns the clusters that use an access control list."""
        return [name for name, cluster in self.clusters.items() if cluster.acl_name == acl]


class MemoryDB(MemoryDBResponse):
    """Moto's MemoryDB with these additions."""

    @property
    def memorydb_backend(self) -> MemoryDBBackend:
        backend = super().memorydb_backend
        assert isinstance(backend, MemoryDBBackend)
        return backend

    def delete_cluster(self) -> ActionResult:
        """Deletes the cluster at once, and responds that it does not exist.

        After a normal response, the AWS provider sleeps for five minutes before it checks the cluster for the first
        time; after this response, it does not wait.
        """
        super().delete_cluster()
        raise ClusterNotFoundFault("The cluster is deleted.")

    def create_parameter_group(self) -> ActionResult:
        asked = json.loads(self.body)
        backend = self.memorydb_backend
        group = backend.put_parameter_group(asked["ParameterGroupName"], asked["Family"], asked.get("Description", ""))
        backend.tag_resource(group["ARN"], asked.get("Tags") or [])
        return ActionResult({"ParameterGroup": group})

    def describe_parameter_groups(self) -> ActionResult:
        found = self._find("ParameterGroup", self.memorydb_backend.parameter_groups, "ParameterGroupName")
        return ActionResult({"ParameterGroups": found})

    def delete_parameter_group(self) -> ActionResult:
        (group,) = self._find("ParameterGroup", self.memorydb_backend.parameter_groups, "ParameterGroupName")
        del self.memorydb_backend.parameter_groups[group["Name"]]
        return ActionResult({"ParameterGroup": group})

    def update_parameter_group(self) -> ActionResult:
        (group,) = self._find("ParameterGroup", self.memorydb_backend.parameter_groups, "ParameterGroupName")
        values = {
            each["ParameterName"]: each["ParameterValue"] for each in json.loads(self.body)["ParameterNameValues"]
        }
        self.memorydb_backend.parameters[group["Name"]].update(values)
        return ActionResult({"ParameterGroup": group})

    def reset_parameter_group(self) -> ActionResult:
        (group,) = self._find("ParameterGroup", self.memorydb_backend.parameter_groups, "ParameterGroupName")
        names = json.loads(self.body).get("ParameterNames") or list(_PARAMETERS)
        self.memorydb_backend.parameters[group["Name"]].update({name: _PARAMETERS[name] for name in names})
        return ActionResult({"ParameterGroup": group})

    def describe_parameters(self) -> ActionResult:
        (group,) = self._find("ParameterGroup", self.memorydb_backend.parameter_groups, "ParameterGroupName")
        values = self.memorydb_backend.parameters[group["Name"]]
        return ActionResult({"Parameters": [{"Name": name, "Value": value} for name, value in values.items()]})

    def create_acl(self) -> ActionResult:
        asked = json.loads(self.body)
        acl = self.memorydb_backend.put_acl(asked["ACLName"], asked.get("UserNames") or [])
        self.memorydb_backend.tag_resource(acl["ARN"], asked.get("Tags") or [])
        return ActionResult({"ACL": acl})

    def describe_ac_ls(self) -> ActionResult:
        """Handles DescribeACLs: moto splits the names of actions at capital letters."""
        found = self._find("ACL", self.memorydb_backend.acls, "ACLName")
        return ActionResult(
            {"ACLs": [acl | {"Clusters": self.memorydb_backend.clusters_of(acl["Name"])} for acl in found]}
        )

    def update_acl(self) -> ActionResult:
        (acl,) = self._find("ACL", self.memorydb_backend.acls, "ACLName")
        asked = json.loads(self.body)
        users = {*acl["UserNames"], *(asked.get("UserNamesToAdd") or [])} - {*(asked.get("UserNamesToRemove") or [])}
        acl["UserNames"] = sorted(users)
        return ActionResult({"ACL": acl})

    def delete_acl(self) -> ActionResult:
        (acl,) = self._find("ACL", self.memorydb_backend.acls, "ACLName")
        return ActionResult({"ACL": self.memorydb_backend.acls.pop(acl["Name"])})

    def _find(self, kind: str, among: dict[str, dict[str, Any]], key: str) -> list[dict[str, Any]]:
        name = json.loads(self.body).get(key)
        if not name:
            return list(among.values())
        if name not in among:
            raise AbsentError(f"{kind}NotFoundFault", f"{name} not found")
        return [among[name]]


def register() -> None:
    """Replaces moto's MemoryDB with the extended one."""
    models.memorydb_backends.backend = MemoryDBBackend
    urls.url_paths.update(dict.fromkeys(urls.url_paths, MemoryDB.dispatch))
