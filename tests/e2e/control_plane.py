"""An emulated control plane on loopback, which the real `anyscale` program uses in these tests.

It stores the clouds of one organization in memory, adds what the real one derives (zones, mount targets,
MemoryDB's ARN and endpoint), records every request, and fails on demand:

    with ControlPlane() as plane:
        plane.fail("PUT", "/add_resource$", status=400)
        subprocess.run(["anyscale", "cloud", "list", ...], env={**os.environ, **plane.environment})
        assert plane.writes == []
"""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from anyscale_constructs.anyscale import CONTROL_PLANE_ACCOUNT
from tests.e2e.loopback import Handler, Loopback

ORG_ID = "org_e2e1234"
TOKEN = "sss_e2e"  # noqa: S105 - the token of a control plane that exists for one test
_NOW = "2026-01-01T00:00:00+00:00"

Answer = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: Any


@dataclass
class Fault:
    """A fault of a request: it hangs, or gets an error status, before or after it is carried out."""

    method: str
    path: str
    status: int
    commit: bool
    hang: bool
    times: float
    seen: threading.Event = field(default_factory=threading.Event)


class ControlPlane(Loopback):
    """Serves the endpoints that registration uses; a context manager."""

    def __init__(self, *, token: str = TOKEN) -> None:
        self.clouds: dict[str, dict[str, Any]] = {}
        self.resources: dict[str, list[dict[str, Any]]] = {}
        self.requests: list[Request] = []
        self._faults: list[Fault] = []
        self._token = token
        self._ids = 0
        self._lock = threading.RLock()
        self._released = threading.Event()
        super().__init__(self._handler())

    def __exit__(self, *exception: object) -> None:
        self._released.set()
        super().__exit__(*exception)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which the program uses this control plane."""
        return {"ANYSCALE_HOST": self.url, "ANYSCALE_CLI_TOKEN": self._token}

    @property
    def writes(self) -> list[Request]:
        """The requests to change a cloud, in order."""
        return [r for r in self.requests if r.method != "GET" and not _READ_BY_POST.search(r.path)]

    def fail(
        self,
        method: str,
        path: str,
        *,
        status: int = 500,
        commit: bool = False,
        hang: bool = False,
        times: float = 1,
    ) -> Fault:
        """Makes the next requests fail whose path matches the regular expression."""
        fault = Fault(method, path, status, commit, hang, times)
        self._faults.append(fault)
        return fault

    def add_cloud(self, name: str, **fields: Any) -> str:
        """Adds an existing cloud without a resource."""
        cloud = {
            "name": name,
            "provider": "AWS",
            "region": "us-east-2",
            "compute_stack": "VM",
            "credentials": "",
        }
        return str(self._create_cloud({**cloud, **fields})[1]["result"]["id"])

    def add_resource(self, cloud_id: str, resource: Mapping[str, Any]) -> str:
        """Adds an existing resource of a cloud."""
        return str(self._add_resource(dict(resource), cloud_id)[1]["result"]["cloud_resource_id"])

    def add_registered(self, name: str, resource: Mapping[str, Any]) -> str:
        """Adds an existing cloud with its resource."""
        cloud_id = self.add_cloud(name, region=resource["region"])
        self.add_resource(cloud_id, resource)
        return cloud_id

    @contextmanager
    def barrier(self, method: str, path: str, parties: int) -> Iterator[None]:
        """Delays such requests until several have arrived, so that they really race."""
        gate = threading.Barrier(parties)
        self._gates = [(method, path, gate)]
        try:
            yield
        finally:
            self._gates = []
            gate.abort()

    _gates: list[tuple[str, str, threading.Barrier]] = []  # noqa: RUF012 - replaced, never changed

    def answer(self, method: str, path: str, body: Any) -> Answer:
        """Returns the response to one request, including faults."""
        for gate_method, gate_path, gate in self._gates:
            if method == gate_method and re.search(gate_path, path):
                gate.wait(timeout=60)
        with self._lock:
            self.requests.append(Request(method, path, body))
            fault = next(
                (f for f in self._faults if f.method == method and re.search(f.path, path) and f.times > 0), None
            )
            if fault:
                fault.times -= 1
            if fault is None or fault.commit:
                result = self._dispatch(method, path, body)
            released = self._released
        if fault is None:
            return result
        fault.seen.set()
        if fault.hang:
            released.wait()
        return fault.status, {"error": {"detail": f"injected {fault.status}"}}

    def _dispatch(self, method: str, path: str, body: Any) -> Answer:
        for wanted, pattern, operation in self._routes():
            if method == wanted and (match := re.fullmatch(pattern, path)):
                return operation(body, *match.groups())
        return 404, {"error": {"detail": f"no such endpoint: {method} {path}"}}

    def _routes(self) -> list[tuple[str, str, Callable[..., Answer]]]:
        cloud = r"/api/v2/clouds/(cld_\w+)"
        return [
            ("GET", r"/api/v2/userinfo/", self._userinfo),
            ("GET", r"/api/v2/userinfo/check_is_feature_flag_on", self._flag),
            ("POST", r"/api/v2/clouds/", self._create_cloud),
            ("POST", r"/api/v2/clouds/find_by_name", self._find_cloud),
            ("GET", r"/api/v2/clouds/anyscale/aws_account", self._aws_account),
            ("GET", r"/api/v2/clouds/anyscale/azure_operator_audience", self._azure_audience),
            ("GET", r"/api/v2/cloudsverify_access/(cld_\w+)", self._fine),
            ("GET", cloud, self._get_cloud),
            ("GET", r"/ext/v0/clouds/(cld_\w+)", self._get_cloud),
            ("DELETE", cloud, self._delete_cloud),
            ("GET", cloud + r"/resources", self._get_resources),
            ("PUT", cloud + r"/resources", self._update_resources),
            ("PUT", cloud + r"/add_resource", self._add_resource),
            ("POST", r"/api/v2/compute_templates/search", self._no_templates),
            ("POST", r"/ext/v0/cluster_computes/", self._cluster_compute),
            ("POST", r"/api/v2/(?:analytics|cli_usage)/", self._fine),
        ]

    # ---- what the endpoints do ------------------------------------------------------------------------

    def _userinfo(self, _body: Any) -> Answer:
        organization = {
            "id": ORG_ID, "name": "e2e", "public_identifier": "e2e", "is_general_platform_enabled": True,
            "is_private_endpoints_enabled": False, "is_usage_blocked": False,
        }  # fmt: skip
        return 200, {
            "result": {
                "id": "usr_1", "email": "e2e@example.com", "name": "e2e", "username": "e2e", "verified": True,
                "organization_permission_level": "owner", "organization_ids": [ORG_ID],
                "organizations": [organization], "ld_hash": "", "ld_hash_fields": [], "pylon_hash": "",
            }
        }  # fmt: skip

    def _flag(self, _body: Any) -> Answer:
        return 200, {"result": {"is_on": True}}

    def _create_cloud(self, body: dict[str, Any]) -> Answer:
        if any(cloud["name"] == body["name"] for cloud in self.clouds.values()):
            return 409, {"error": {"detail": f"Cloud with name {body['name']} already exists."}}
        cloud_id = self._id("cld")
        self.clouds[cloud_id] = {
            **body, "id": cloud_id, "type": "PUBLIC", "creator_id": "usr_1", "created_at": _NOW,
            "is_default": False, "customer_aggregated_logs_config_id": "", "is_bring_your_own_resource": True,
            "state": "ACTIVE", "status": "ready", "version": "v2",
        }  # fmt: skip
        self.resources[cloud_id] = []
        return 200, {"result": self.clouds[cloud_id]}

    def _find_cloud(self, body: dict[str, Any]) -> Answer:
        found = [cloud for cloud in self.clouds.values() if cloud["name"] == body["name"]]
        return (200, {"result": found[0]}) if found else (404, {"error": {"detail": "Cloud not found."}})

    def _get_cloud(self, _body: Any, cloud_id: str) -> Answer:
        cloud = self.clouds.get(cloud_id)
        return (200, {"result": cloud}) if cloud else (404, {"error": {"detail": "Cloud not found."}})

    def _delete_cloud(self, _body: Any, cloud_id: str) -> Answer:
        self.resources.pop(cloud_id, None)
        return 200, {"result": self.clouds.pop(cloud_id, {})}

    def _get_resources(self, _body: Any, cloud_id: str) -> Answer:
        if cloud_id not in self.clouds:
            return 404, {"error": {"detail": "Cloud not found."}}
        found = self.resources[cloud_id]
        return 200, {"results": found, "metadata": {"total": len(found), "next_paging_token": None}}

    def _add_resource(self, body: dict[str, Any], cloud_id: str) -> Answer:
        if cloud_id not in self.clouds:
            return 404, {"error": {"detail": "Cloud not found."}}
        if any(resource["name"] == body.get("name") for resource in self.resources[cloud_id]):
            return 409, {"error": {"detail": f"Cloud resource {body.get('name')} already exists."}}
        resource = _derive({**body, "cloud_resource_id": self._id("cldrsrc")})
        self.resources[cloud_id].append(resource)
        return 200, {"result": resource}

    def _update_resources(self, body: list[dict[str, Any]], cloud_id: str) -> Answer:
        known = {resource["cloud_resource_id"]: resource for resource in self.resources[cloud_id]}
        for resource in body:
            known[resource["cloud_resource_id"]] = _derive(resource)
        self.resources[cloud_id] = list(known.values())
        return 200, {"result": {}}

    def _no_templates(self, _body: Any) -> Answer:
        return 200, {"results": [], "metadata": {"total": 0}}

    def _cluster_compute(self, body: dict[str, Any]) -> Answer:
        result = {**body, "id": "cpt_1", "creator_id": "usr_1", "created_at": _NOW, "last_modified_at": _NOW}
        return 200, {"result": result}

    def _aws_account(self, _body: Any) -> Answer:
        return 200, {"result": {"anyscale_aws_account": CONTROL_PLANE_ACCOUNT}}

    def _azure_audience(self, _body: Any) -> Answer:
        return 200, {"result": {"azure_operator_audience": "api://e2e"}}

    def _fine(self, _body: Any, *_: str) -> Answer:
        return 200, {"result": True}

    def _id(self, prefix: str) -> str:
        self._ids += 1
        return f"{prefix}_e2e{self._ids:04}"

    def _handler(self) -> type[Handler]:
        plane = self

        class Answering(Handler):
            protocol_version = "HTTP/1.1"

            def respond(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or "null")
                if f"cli_token={plane._token}" not in (self.headers.get("Cookie") or ""):
                    status, content = 401, {"error": {"detail": "Unauthorized"}}
                else:
                    status, content = plane.answer(self.command, self.path.partition("?")[0], body)
                data = json.dumps(content).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except ConnectionError:
                    self.close_connection = True  # the program was stopped while it waited

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = respond  # noqa: N815 - http.server's names

        return Answering


def _derive(resource: dict[str, Any]) -> dict[str, Any]:
    """Returns what the real control plane looks up with the cloud's role if it is not set."""
    resource = json.loads(json.dumps(resource))
    aws, gcp, storage = (resource.get(name) for name in ("aws_config", "gcp_config", "file_storage"))
    role = (aws or {}).get("anyscale_iam_role_id") or (gcp or {}).get("anyscale_service_account_email")
    if not role:  # as for clouds on Kubernetes
        return {**resource, "is_default": True, "created_at": _NOW}
    if aws and aws.get("subnet_ids") and not aws.get("zones"):
        aws["zones"] = [f"{resource['region']}{chr(ord('a') + index)}" for index in range(len(aws["subnet_ids"]))]
    if aws and (name := aws.get("memorydb_cluster_name")) and not aws.get("memorydb_cluster_arn"):
        aws["memorydb_cluster_arn"] = f"arn:aws:memorydb:{resource['region']}:111122223333:cluster/{name}"
        aws["memorydb_cluster_endpoint"] = f"rediss://clustercfg.{name}.memorydb.amazonaws.com:6379"
    if storage and (storage_id := storage.get("file_storage_id")) and not storage.get("mount_targets"):
        storage["mount_targets"] = [{"address": f"{storage_id.rpartition('/')[2]}.efs.example.com", "zone": None}]
    return {**resource, "is_default": True, "created_at": _NOW}


_READ_BY_POST = re.compile(r"/(find_by_name|search|analytics/|cli_usage/)$|^/ext/v0/cluster_computes")
