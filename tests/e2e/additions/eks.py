"""EKS: the cluster's security group, add-ons, access entries, pod identity associations, and updates to wait for."""

import base64
import json
import secrets
from typing import Any, NamedTuple

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.eks import models, urls
from moto.eks.exceptions import ResourceInUseException, ResourceNotFoundException
from moto.eks.responses import EKSResponse

_RELEASE = "v1.0.0-eksbuild.1"
"""The version of every add-on, for every version of Kubernetes."""

_CERTIFICATE = b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"

_POLICY_ACTIONS = {
    "GET": "ListAssociatedAccessPolicies",
    "POST": "AssociateAccessPolicy",
    "DELETE": "DisassociateAccessPolicy",
}


class Kind(NamedTuple):
    """A kind of resource that belongs to a cluster: its name in AWS, its ARN and its ID."""

    name: str
    arn: str
    id: str


ADDON = Kind("addon", "addonArn", "addonName")
ENTRY = Kind("accessEntry", "accessEntryArn", "principalArn")
ASSOCIATION = Kind("association", "associationArn", "associationId")


class EKSBackend(models.EKSBackend):
    """Moto's EKS of one region, with the resources that belong to clusters.

    Attributes:
        things: The resources as AWS returns them, by kind, cluster and ID.
        policies: The policies of an access entry as AWS returns them, by cluster, principal and policy.
    """

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.things: dict[tuple[Kind, str, str], dict[str, Any]] = {}
        self.policies: dict[tuple[str, str, str], dict[str, Any]] = {}

    @property
    def _url_module(self) -> Any:  # type: ignore[misc]
        return urls

    def create_cluster(self, *args: Any, **asked: Any) -> models.Cluster:
        """Creates a cluster, and the security group of its control plane and its nodes."""
        cluster = super().create_cluster(*args, **asked)
        ec2 = ec2_backends[self.account_id][self.region_name]
        network = cluster.resources_vpc_config
        vpc = ec2.get_subnet(network["subnetIds"][0]).vpc_id
        group = ec2.create_security_group(f"eks-cluster-sg-{cluster.name}", "EKS created security group", vpc)
        cluster.resources_vpc_config = network | {"vpcId": vpc, "clusterSecurityGroupId": group.id}
        # Not a real certificate, but UTF-8, unlike moto's.
        cluster.certificate_authority = {"data": base64.b64encode(_CERTIFICATE).decode()}
        cluster.kubernetes_network_config = models.DEFAULT_KUBERNETES_NETWORK_CONFIG | cluster.kubernetes_network_config
        return cluster

    def delete_cluster(self, name: str) -> models.Cluster:
        """Deletes a cluster, its security group, and the resources that belong to it."""
        cluster = super().delete_cluster(name)
        ec2 = ec2_backends[self.account_id][self.region_name]
        ec2.delete_security_group(group_id=cluster.resources_vpc_config["clusterSecurityGroupId"])
        self.things = {key: thing for key, thing in self.things.items() if key[1] != name}
        self.policies = {key: policy for key, policy in self.policies.items() if key[0] != name}
        return cluster

    def tags(self, arn: str) -> dict[str, str]:
        """Returns the tags of a cluster, or of a resource that belongs to one."""
        moto: list[Any] = list(self.clusters.values())
        moto += [group for cluster in self.clusters.values() for group in cluster.nodegroups.values()]
        tags: dict[str, dict[str, str]] = {each.arn: each.tags for each in moto}
        tags |= {thing[kind.arn]: thing["tags"] for (kind, _, _), thing in self.things.items()}
        if arn not in tags:
            raise ResourceNotFoundException(message=f"There is no {arn}")
        return tags[arn]

    def tag_resource(self, resource_arn: str, tags: dict[str, str]) -> None:
        self.tags(resource_arn).update(tags)

    def untag_resource(self, resource_arn: str, tag_keys: list[str]) -> None:
        for key in tag_keys:
            self.tags(resource_arn).pop(key, None)

    def list_tags_for_resource(self, resource_arn: str) -> dict[str, str]:
        return self.tags(resource_arn)


class EKS(EKSResponse):
    """Moto's EKS with these additions."""

    uri_match: dict[str, str]

    @property
    def eks_backend(self) -> EKSBackend:
        backend = super().eks_backend
        assert isinstance(backend, EKSBackend)
        return backend

    def _get_action_from_method_and_request_uri(self, request: Any) -> str:
        action = super()._get_action_from_method_and_request_uri(request)
        # The slashes of a role's ARN arrive decoded, and moto would treat the rest of the path as part of the ARN.
        principal, nested, policy = self.uri_match.get("principalArn", "").partition("/access-policies")
        if nested:
            self.uri_match = self.uri_match | {"principalArn": principal, "policyArn": policy.removeprefix("/")}
            return _POLICY_ACTIONS[request.method]
        return str(action)

    def create_cluster(self) -> ActionResult:
        super().create_cluster()
        cluster: Any = self.eks_backend.describe_cluster(self._get_param("name"))
        cluster.access_config = self._get_param("accessConfig")
        return ActionResult({"cluster": cluster})

    def create_nodegroup(self) -> ActionResult:
        super().create_nodegroup()
        group = self.eks_backend.describe_nodegroup(self._get_param("name"), self._get_param("nodegroupName"))
        group.remote_access = self._get_param("remoteAccess")  # moto generates one
        group.update_config = self._get_param("updateConfig")
        return ActionResult({"nodegroup": group})

    def untag_resource(self) -> ActionResult:
        self.eks_backend.untag_resource(self._extract_arn_from_path(), self.querystring["tagKeys"])  # moto requires one
        return EmptyResult()

    def describe_update(self) -> ActionResult:
        return _updated(self._get_param("updateId"))

    def describe_addon_versions(self) -> ActionResult:
        compatible = {"clusterVersion": self._get_param("kubernetesVersion"), "defaultVersion": True}
        release = {"addonVersion": _RELEASE, "compatibilities": [compatible]}
        return ActionResult({"addons": [{"addonName": self._get_param("addonName"), "addonVersions": [release]}]})

    def create_addon(self) -> ActionResult:
        return self._create(ADDON, self._get_param("addonName"), {"status": "ACTIVE"})

    def describe_addon(self) -> ActionResult:
        return self._find(ADDON)

    def update_addon(self) -> ActionResult:
        self._change(ADDON)
        return _updated()

    def delete_addon(self) -> ActionResult:
        return self._delete(ADDON)

    def create_access_entry(self) -> ActionResult:
        principal = self._get_param("principalArn")
        return self._create(ENTRY, principal, {"type": "STANDARD", "username": principal})

    def describe_access_entry(self) -> ActionResult:
        return self._find(ENTRY)

    def update_access_entry(self) -> ActionResult:
        return self._change(ENTRY)

    def delete_access_entry(self) -> ActionResult:
        self.eks_backend.policies = {
            key: policy for key, policy in self.eks_backend.policies.items() if key[:2] != self._key(ENTRY)[1:]
        }
        return self._delete(ENTRY)

    def associate_access_policy(self) -> ActionResult:
        cluster, principal = self._key(ENTRY)[1:]
        policy = {"policyArn": self._get_param("policyArn"), "accessScope": self._get_param("accessScope")}
        self.eks_backend.policies[cluster, principal, policy["policyArn"]] = policy | _now("associatedAt")
        return ActionResult({"clusterName": cluster, "principalArn": principal, "associatedAccessPolicy": policy})

    def list_associated_access_policies(self) -> ActionResult:
        cluster, principal = self._key(ENTRY)[1:]
        self._find(ENTRY)
        found = [policy for key, policy in self.eks_backend.policies.items() if key[:2] == (cluster, principal)]
        return ActionResult({"clusterName": cluster, "principalArn": principal, "associatedAccessPolicies": found})

    def disassociate_access_policy(self) -> ActionResult:
        del self.eks_backend.policies[*self._key(ENTRY)[1:], self._get_param("policyArn")]
        return EmptyResult()

    def create_pod_identity_association(self) -> ActionResult:
        return self._create(ASSOCIATION, f"a-{secrets.token_hex(8)}")

    def describe_pod_identity_association(self) -> ActionResult:
        return self._find(ASSOCIATION)

    def list_pod_identity_associations(self) -> ActionResult:
        cluster = self._get_param("name")
        things = self.eks_backend.things.items()
        return ActionResult({"associations": [thing for key, thing in things if key[:2] == (ASSOCIATION, cluster)]})

    def update_pod_identity_association(self) -> ActionResult:
        return self._change(ASSOCIATION)

    def delete_pod_identity_association(self) -> ActionResult:
        return self._delete(ASSOCIATION)

    def _key(self, kind: Kind) -> tuple[Kind, str, str]:
        return kind, self._get_param("name"), self._get_param(kind.id)

    def _asked(self) -> dict[str, Any]:
        return {name: value for name, value in json.loads(self.body).items() if name != "clientRequestToken"}

    def _create(self, kind: Kind, id: str, defaults: dict[str, Any] | None = None) -> ActionResult:
        backend = self.eks_backend
        cluster = backend.describe_cluster(self._get_param("name")).name
        key = (kind, cluster, id)
        if key in backend.things:
            raise ResourceInUseException(clusterName=cluster, message=f"There is {kind.name} {id} already")
        place = f"{backend.region_name}:{backend.account_id}"
        own = {
            "clusterName": cluster,
            kind.id: id,
            kind.arn: f"arn:aws:eks:{place}:{kind.name.lower()}/{cluster}/{id}/{secrets.token_hex(4)}",
        }
        thing = {"tags": {}, **(defaults or {}), **self._asked(), **own, **_now("createdAt")}
        backend.things[key] = thing
        return ActionResult({kind.name: thing})

    def _thing(self, kind: Kind) -> dict[str, Any]:
        key = self._key(kind)
        if key not in self.eks_backend.things:
            raise ResourceNotFoundException(clusterName=key[1], message=f"There is no {kind.name} {key[2]}")
        return self.eks_backend.things[key]

    def _find(self, kind: Kind) -> ActionResult:
        return ActionResult({kind.name: self._thing(kind)})

    def _change(self, kind: Kind) -> ActionResult:
        self._thing(kind).update(self._asked())
        return self._find(kind)

    def _delete(self, kind: Kind) -> ActionResult:
        found = self._find(kind)
        del self.eks_backend.things[self._key(kind)]
        return found


def _now(name: str) -> dict[str, Any]:
    return dict.fromkeys((name, "modifiedAt"), utcnow())


def _updated(id: str = "done") -> ActionResult:
    return ActionResult({"update": {"id": id, "status": "Successful", "createdAt": utcnow()}})


def register() -> None:
    """Replaces moto's EKS with the extended one."""
    models.eks_backends.backend = EKSBackend
    ours = ["{0}/addons/supported-versions$", "{0}/clusters/(?P<name>[^/]+)/(?P<rest>.+)$"]
    urls.url_paths.update(dict.fromkeys([*urls.url_paths, *ours], EKS.dispatch))
