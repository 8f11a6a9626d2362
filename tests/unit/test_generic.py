"""The cloud on any cluster: its registration, and the operator with its token."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from anyscale_constructs.clouds import GenericConfig, GenericStack
from anyscale_constructs.config.model import found_in
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.expressions import expr
from anyscale_constructs.registration.resource import CloudResource
from anyscale_constructs.terraform.app import App
from tests.unit.clouds import Make, maker, values
from tests.unit.terraform.parts import warnings

TOKEN = {
    "name": "ANYSCALE_CLI_TOKEN",
    "valueFrom": {"secretKeyRef": {"name": "anyscale-operator-token", "key": "ANYSCALE_CLI_TOKEN"}},
}
PROXY = {"name": "HTTPS_PROXY", "value": "http://proxy.acme.example:3128"}


def config(**config: Any) -> GenericConfig:
    base = {"org_id": "org_1", "kube_context": "acme", "bucket": {"bucket_name": "s3://acme"}}
    return GenericConfig.model_validate(base | config)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return maker(GenericStack, config, tmp_path)


def test_the_first_stack_creates_nothing_and_has_the_outputs_for_registration(make: Make) -> None:
    stack, _ = make(
        region="berlin",
        networking_mode="PRIVATE",
        bucket={"bucket_name": "gs://acme", "endpoint": "https://storage.acme.example"},
        file_storage={"persistent_volume_claim": "shared"},
        zones=["a"],
        custom_image_registry="registry.acme.example",
    )
    assert not {"resource", "data", "provider", "module"} & set(stack)
    resource = stack["output"]["anyscale_cloud_resource"]["value"]
    assert resource == {
        "name": "k8s-generic-berlin",
        "provider": "GENERIC",
        "compute_stack": "K8S",
        "region": "berlin",
        "networking_mode": "PRIVATE",
        "object_storage": {"bucket_name": "gs://acme", "endpoint": "https://storage.acme.example"},
        "file_storage": {"persistent_volume_claim": "shared"},
        "kubernetes_config": {"zones": ["a"], "custom_image_registry": "registry.acme.example"},
    }
    assert CloudResource.read(resource).mapping() == resource
    assert stack["output"]["anyscale_cloud_name"]["value"] == "ml"


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"registration": "terraform"}, "must be 'command'"),
        ({"bucket": {"bucket_name": "acme"}}, "bucket.bucket_name: must be s3:// or gs:// and the bucket's name"),
        ({"bucket": {"bucket_name": "abfss://ray"}}, "or abfss://CONTAINER@ACCOUNT.dfs.core.windows.net, such as"),
        ({"file_storage": {}}, "file_storage: has no effect. Fix: remove it, or set mount_targets, persist"),
        ({"file_storage": {"mount_targets": []}}, "file_storage: has no effect"),
        (
            {"file_storage": {"mount_targets": [{"address": "10.0.0.5"}]}},
            "file_storage.mount_targets: requires file_storage.mount_path",
        ),
        ({"file_storage": {"persistent_volume_claim": "Shared"}}, "must be a Kubernetes name"),
        ({"custom_image_registry": "https://registry.acme.example"}, "must be HOST[:PORT][/PATH] without a scheme"),
        ({"bucket": {"bucket_name": "s3://my-bucket"}}, "is the bucket in Anyscale's examples"),
        ({"bucket": {}}, "bucket.bucket_name"),
        ({"bucket": {"bucket_name": "s3://a", "endpoint": "minio:9000"}}, "must be an http or https URL"),
        (
            {"file_storage": {"mount_path": "/a", "persistent_volume_claim": "b"}},
            "file_storage.persistent_volume_claim: cannot be combined with file_storage.mount_path",
        ),
        (
            {"bucket": {"bucket_name": "gs://acme", "s3_addressing_style": "PATH_STYLE"}},
            "bucket.s3_addressing_style: applies only to s3:// buckets, not to 'gs://acme'",
        ),
        (
            {"file_storage": {"file_storage_id": "fs-1"}},
            "file_storage.file_storage_id: does not belong to GENERIC clouds. Fix: use mount_targets",
        ),
        ({"redis_endpoint": "redis"}, "must be a host and a port"),
        ({"kube_context": ""}, "must be at least one character"),
        ({"operator_token_revision": 0}, "greater than or equal to 1"),
        ({"load_balancer": {"adress": "ip"}}, "unknown key 'adress': did you mean 'address'"),
        ({"releases": {"autoscaler": {}}}, "unknown key 'autoscaler'"),
    ],
)
def test_fails_on_what_cannot_be_registered(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as error:
        config(**keys)
    assert says in "\n".join(map(str, found_in(error.value)))


@pytest.mark.parametrize(
    "keys",
    [
        *({"bucket": {"bucket_name": name}} for name in ("gs://data.acme.example", "s3://acme.ray")),
        {"bucket": {"bucket_name": "abfss://ray@acmeprod.dfs.core.windows.net"}},
        {"file_storage": {"mount_targets": [{"address": "nfs.acme.example"}], "mount_path": "/"}},
        {"file_storage": {"mount_targets": expr("var.later", "list(any)"), "mount_path": expr("var.path", "string")}},
        {"file_storage": {"csi_ephemeral_volume_driver": "nfs.csi.k8s.io"}},
    ],
)
def test_similar_configurations_are_valid(keys: dict[str, Any]) -> None:
    config(**keys)


def test_the_second_stack_uses_the_context(make: Make) -> None:
    _, operator = make()
    assert operator["provider"] == {
        "helm": [{"kubernetes": {"config_context": "acme"}}],
        "kubernetes": [{"config_context": "acme"}],
    }


def test_the_token_is_write_only(make: Make) -> None:
    _, operator = make(operator_token_revision=3)
    variable = operator["variable"]["anyscale_cli_token"]
    assert (variable["ephemeral"], variable["sensitive"], variable["nullable"]) == (True, True, False)
    assert "default" not in variable
    release = operator["resource"]["helm_release"]["anyscale-operator-token"]
    assert release["set_wo"] == [{"name": "token", "value": "${var.anyscale_cli_token}", "type": "string"}]
    assert (release["set_wo_revision"], release["values"]) == (3, ["{}"])
    assert json.dumps(operator).count("var.anyscale_cli_token") == 1
    assert operator["terraform"]["required_version"] == ">= 1.11.0"


def test_the_operator_restarts_with_a_new_token(make: Make) -> None:
    _, operator = make(operator_token_revision=3)
    given = values(operator, "anyscale-operator")
    assert given["global"] == {"cloudDeploymentId": "${var.cloud_resource_id}", "cloudProvider": "generic"}
    assert given["operator"]["container"] == {"additionalEnv": [TOKEN]}
    assert given["operator"]["annotations"] == {"anyscale-constructs/token-revision": "3"}
    release = operator["resource"]["helm_release"]
    assert release["anyscale-operator-token"]["namespace"] == release["anyscale-operator"]["namespace"]
    assert "helm_release.anyscale-operator-token" in release["anyscale-operator"]["depends_on"]


def test_your_environment_is_added_to_the_token(make: Make) -> None:
    own = {"operator": {"container": {"additionalEnv": [PROXY]}, "replicas": 2}}
    given = values(make(releases={"operator": {"values": own}})[1], "anyscale-operator")["operator"]
    assert given["container"]["additionalEnv"] == [TOKEN, PROXY]
    assert given["replicas"] == 2


@pytest.mark.parametrize("style", ["VIRTUAL_HOSTED_STYLE", None])
def test_clients_get_no_addressing_style_unless_it_is_registered(style: str | None, make: Make) -> None:
    given = values(make(bucket={"bucket_name": "s3://acme", "s3_addressing_style": style})[1], "anyscale-operator")
    assert "aws" not in given["global"]
    assert "patches" not in given


def test_the_operator_and_rays_pods_use_the_registered_addressing_style(make: Make) -> None:
    own = {"kind": "Ingress", "patch": [{"op": "remove", "path": "/metadata/labels"}]}
    releases = {"operator": {"values": {"patches": [own]}}}
    bucket = {"bucket_name": "s3://acme", "s3_addressing_style": "PATH_STYLE"}
    given = values(make(bucket=bucket, releases=releases)[1], "anyscale-operator")
    assert given["global"]["aws"] == {"s3": {"usePathStyle": True}}
    head, worker, last = given["patches"]
    assert last == own
    for patch, pod, containers in ((head, "head", [0, 1, 2, 5]), (worker, "worker", [0, 1, 2, 3])):
        assert (patch["kind"], patch["selector"]) == ("Pod", f"anyscale.com/ray-node-type in ({pod})")
        assert patch["patch"] == [
            {
                "op": "add",
                "path": f"/spec/containers/{container}/env/-",
                "value": {"name": "ANYSCALE_S3_USE_PATH_STYLE", "value": "true"},
            }
            for container in containers
        ]


@pytest.mark.parametrize("address", ["ip", "hostname"])
def test_the_load_balancer_is_as_configured(address: str, make: Make) -> None:
    _, operator = make(load_balancer={"annotations": {"a": "b"}, "address": address})
    assert values(operator, "anyscale-gateway")["annotations"] == {"a": "b"}
    assert values(operator, "anyscale-operator")["networking"]["gateway"][address] == (
        f"${{data.kubernetes_service_v1.gateway.status[0].load_balancer[0].ingress[0].{address}}}"
    )


def test_without_the_operator_there_is_no_token(make: Make) -> None:
    _, operator = make(releases={"operator": {"enabled": False}})
    assert sorted(operator["resource"]["helm_release"]) == ["anyscale-gateway", "envoy-gateway", "nvidia-device-plugin"]
    assert sorted(operator["variable"]) == ["cloud_resource_id"]
    assert operator["terraform"]["required_version"] == ">= 1.5.0"


@pytest.mark.parametrize("environment", [7, "abc", {"FOO": "bar"}])
def test_fails_on_an_environment_that_is_not_a_list(environment: Any, tmp_path: Path) -> None:
    releases = {"operator": {"values": {"operator": {"container": {"additionalEnv": environment}}}}}
    with pytest.raises(ConfigError, match=r"operator\.container\.additionalEnv: must be a list; got .* Fix: "):
        GenericStack.build(App(tmp_path), "ml", config(releases=releases))


def test_fails_on_patches_that_are_not_a_list(tmp_path: Path) -> None:
    bucket = {"bucket_name": "s3://acme", "s3_addressing_style": "PATH_STYLE"}
    releases = {"operator": {"values": {"patches": {"kind": "Pod"}}}}
    with pytest.raises(
        ConfigError, match=r"releases\.operator\.values\.patches: must be a list; got {'kind': 'Pod'}. Fix: "
    ):
        GenericStack.build(App(tmp_path), "ml", config(bucket=bucket, releases=releases))


@pytest.mark.parametrize(
    ("annotations", "mode", "warns"), [({}, "PRIVATE", True), ({}, "PUBLIC", False), ({"a": "b"}, "PRIVATE", False)]
)
def test_a_missing_annotation_for_a_private_load_balancer_is_a_warning(
    annotations: dict[str, str], mode: str, warns: bool, tmp_path: Path
) -> None:
    keys = {"networking_mode": mode, "load_balancer": {"annotations": annotations}}
    _, operator = GenericStack.build(App(tmp_path), "ml", config(**keys))
    assert any("annotations is empty" in text for text in warnings(operator)) == warns
