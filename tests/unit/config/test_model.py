"""The errors of models about unknown names, and about resources that are both new and existing."""

from typing import Annotated, Any

import pytest
from pydantic import Field

from anyscale_constructs.config.model import ExistingIf, Model
from anyscale_constructs.errors import ConfigError
from anyscale_constructs.names import nearest
from anyscale_constructs.registration.fields import HostPort
from anyscale_constructs.terraform.sources import ModuleBase


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("cidr_blok", ["cidr_block", "vpc_id"], "cidr_block"),
        ("VPC", ["vpc", "efs"], "vpc"),
        ("A100", ["H100", "A100-40G", "A10G"], "A100-40G"),
        ("max_size", ["cpu_vm_size", "default_vm_size", "max_count"], "max_count"),
        ("estus2", ["westus2", "eastus2", "westus"], "eastus2"),
        ("us-esat-2", ["us-west-2", "us-east-2"], "us-east-2"),
        ("a", ["abc"], None),
        ("xyz", ["abc"], None),
        ("abc", [], None),
    ],
)
def test_the_closest_name_has_the_same_beginning(name: str, known: list[str], near: str | None) -> None:
    assert nearest(name, known) == near


class New(Model):
    name: str = "a"
    nodes: int = 1


class Existing(Model):
    cluster_name: str
    role: str = "b"


class Cloud(Model):
    cluster: Annotated[New | Existing, ExistingIf("cluster_name")]


@pytest.mark.parametrize(
    ("cluster", "kind"),
    [({}, New), ({"nodes": 2}, New), ({"cluster_name": "a"}, Existing), ({"cluster_name": "a", "role": "c"}, Existing)],
)
def test_new_and_existing_are_distinguished(cluster: dict[str, Any], kind: type[Model]) -> None:
    assert isinstance(Cloud.model_validate({"cluster": cluster}).cluster, kind)


def test_fails_on_a_mix_of_new_and_existing() -> None:
    with pytest.raises(ConfigError) as error:
        Cloud(cluster={"cluster_name": "a", "nodes": 2})  # type: ignore[arg-type] # as YAML has it
    assert str(error.value) == (
        "Cloud.cluster: nodes applies to a new one, but cluster_name names an existing one. Fix: remove one of them"
    )


class Secrets(Model):
    base: ModuleBase = "https://git.example.com/a"
    host: HostPort = "redis:6379"
    values: dict[str, int] = Field(default_factory=dict)


@pytest.mark.parametrize(
    ("key", "value", "given"),
    [
        ("base", "https://me:hunter2@git.example.com/a", "'https://...@git.example.com/a'"),
        ("base", "https://me:hun@ter2@git.example.com/a", "'https://...@git.example.com/a'"),
        ("base", ["https://me:hunter2@git.example.com/a"], "a list"),
        ("host", ":hunter2@redis.example.com:6379", "'...@redis.example.com:6379'"),
        ("host", "me:hunter2@redis.example.com", "'...@redis.example.com'"),
        ("host", "me@example.com", "'me@example.com'"),
        ("values", [{"token": "hunter2"}], "a list"),
        ("base", f"https://me:{'hunter2' * 20}@git.example.com/a", "'https://...@...'"),
        ("host", f"me:{'hunter2' * 20}@redis.example.com", "'...@...'"),
        ("base", "https://me:hunter2@git.example.com/" + "a" * 99, "'https://...@git.example.com/" + "a" * 44 + "...'"),
    ],
)
def test_messages_contain_no_secrets(key: str, value: Any, given: str) -> None:
    with pytest.raises(ConfigError) as error:
        Secrets(**{key: value})
    assert str(error.value).endswith(f"got {given}")
