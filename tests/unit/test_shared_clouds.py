"""Stacks that name one Anyscale cloud, and what is registered of it by Terraform only."""

from pathlib import Path
from typing import Any

import pytest

from anyscale_constructs.clouds import Ec2Config, Ec2Stack, EksConfig, EksStack
from anyscale_constructs.errors import ConfigError, RegistrationError, SynthesisError
from anyscale_constructs.registration.outputs import find_registration
from anyscale_constructs.registration.resource import CloudResource
from anyscale_constructs.terraform.app import App
from tests.registration_samples import AWS_K8S, AWS_VM

BASE: dict[str, Any] = {"region": "us-east-2", "org_id": "org_1"}
REGISTERED = {"anyscale_cloud_name": "ml", "anyscale_cloud_resource": AWS_VM}


def ec2(app: App, name: str, **config: Any) -> Ec2Stack:
    return Ec2Stack(app, name, Ec2Config.model_validate(BASE | config))


def test_two_stacks_share_a_cloud(tmp_path: Path) -> None:
    app = App(tmp_path)
    vm = ec2(app, "vm", cloud="ml", resource_name="vms")
    k8s = EksStack(app, "k8s", EksConfig.model_validate(BASE | {"cloud": "ml"}))
    alone = ec2(app, "alone")
    for stack, cloud, resource in (
        (vm, "ml", "vms"),
        (k8s, "ml", "k8s-aws-us-east-2"),
        (alone, "alone", "vm-aws-us-east-2"),
    ):
        output = stack.to_terraform()["output"]
        assert output["anyscale_cloud_name"]["value"] == cloud
        assert output["anyscale_cloud_resource"]["value"]["name"] == resource
        assert output.get("anyscale_cloud_stack", {}).get("value") == (None if stack is alone else stack.name)


def test_resources_of_one_cloud_have_different_names(tmp_path: Path) -> None:
    app = App(tmp_path)
    ec2(app, "ml")
    second = ec2(app, "more", cloud="ml")
    with pytest.raises(SynthesisError, match="the stack ml has the same resource name in the cloud ml"):
        second.prepare()
    ec2(App(tmp_path), "more", cloud="ml", resource_name="more").prepare()


def test_one_of_two_resources_with_the_same_name_reports_it(tmp_path: Path) -> None:
    first_app, last_app, both = App(tmp_path), App(tmp_path), App(tmp_path)
    for app, names in ((first_app, ("more", "prod")), (last_app, ("prod", "more"))):
        for name in names:
            ec2(app, name, cloud=None if name == "prod" else "prod")
        with pytest.raises(SynthesisError, match=r"^more: cloud: the stack prod has the same resource name"):
            app.synth()
    for name in ("more", "prod"):
        ec2(both, name, cloud="ml")
    with pytest.raises(SynthesisError, match=r"^prod: cloud: the stack more has") as failure:
        both.synth()
    assert len(failure.value.findings) == 1


def test_outputs_are_those_of_the_requested_stack() -> None:
    shared = REGISTERED | {"anyscale_cloud_stack": "vm"}
    assert find_registration(shared, "vm", source="outputs").shares_cloud
    assert find_registration(shared, "vm", source="outputs").cloud_name == "ml"
    assert not find_registration(REGISTERED, "ml", source="outputs").shares_cloud
    for outputs, stack in ((shared, "k8s"), (REGISTERED, "vm")):
        with pytest.raises(RegistrationError, match="has the outputs of the cloud ml"):
            find_registration(outputs, stack, source="outputs")


def test_terraform_creates_a_cloud_for_each_stack() -> None:
    with pytest.raises(ConfigError, match="with registration: terraform, which creates a cloud for each stack"):
        Ec2Config(**BASE, cloud="ml", registration="terraform")


@pytest.mark.parametrize("key", ["lineage_tracking_enabled", "aggregated_logs_enabled"])
def test_arguments_that_only_the_provider_supports(key: str, tmp_path: Path) -> None:
    make: Any = Ec2Config
    stack = ec2(App(tmp_path), "ml", registration="terraform", **{key: True})
    assert stack.to_terraform()["resource"]["anyscale_cloud"]["cloud"][key] is True
    assert (
        key
        not in ec2(App(tmp_path), "ml", registration="terraform").to_terraform()["resource"]["anyscale_cloud"]["cloud"]
    )
    with pytest.raises(ConfigError, match=f"{key}: is an argument of Anyscale's Terraform provider"):
        make(**BASE, **{key: False})


@pytest.mark.parametrize("more", [{"compute_stack": "KUBERAY"}, {"connector_config": {"oidc_issuer": "https://a"}}])
def test_a_kuberay_cluster_is_an_error_of_its_own_rule(more: dict[str, Any]) -> None:
    with pytest.raises(RegistrationError, match="is for a cluster with KubeRay"):
        CloudResource.read(AWS_K8S | more)
