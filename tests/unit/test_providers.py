"""The settings of Terraform's providers: what reaches each stack's provider blocks, and what is refused."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from anyscale_constructs.aws.provider import AwsProviderConfig
from anyscale_constructs.azure.provider import AzureProviderConfig
from anyscale_constructs.cli.project import load_stack
from anyscale_constructs.config.model import Model
from anyscale_constructs.expressions import expr
from anyscale_constructs.google.provider import GoogleProviderConfig
from anyscale_constructs.terraform.app import App
from tests.folder import read

ROLE = "arn:aws:iam::111122223333:role/terraform"
ACCOUNT = "terraform@acme-admin.iam.gserviceaccount.com"
TENANT = "22222222-3333-4444-5555-666666666666"
CLIENT = "b2c3d4e5-f6a7-8901-bcde-f23456789012"
OIDC = {"tenant_id": TENANT, "client_id": CLIENT, "use_oidc": True}
GOOGLE = {"region": "us-central1", "project": {"project_id": "acme-ml"}}
KINDS: Mapping[str, Mapping[str, Any]] = {
    "ec2": {"region": "us-east-2"},
    "eks": {"region": "us-east-2"},
    "gce": GOOGLE,
    "gke": GOOGLE,
    "aks": {"region": "eastus2", "subscription_id": "11111111-2222-3333-4444-555555555555"},
}
BLOCKS = {"ec2": "aws", "eks": "aws", "gce": "google", "gke": "google", "aks": "azurerm"}
AWS = ("ec2", "eks")

Make = Callable[..., list[dict[str, Any]]]


def config(kind: str, provider: Mapping[str, Any], **keys: Any) -> Any:
    return load_stack(kind).config_type.model_validate({"org_id": "org_1", **KINDS[kind], **keys, "provider": provider})


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Synthesizes a cloud of a kind; gives the JSON of its stacks."""

    def make(kind: str, provider: Mapping[str, Any], **keys: Any) -> list[dict[str, Any]]:
        app = App(tmp_path)
        stacks = load_stack(kind).build(app, "ml", config(kind, provider, **keys))
        for stack in stacks:
            stack.add_variable("later", "any")
        app.synth()
        return [read(tmp_path / "stacks" / stack.name) for stack in stacks]

    return make


def block(stack: Mapping[str, Any], name: str) -> dict[str, Any]:
    (found,) = stack["provider"][name]
    return dict(found)


def command(stack: Mapping[str, Any]) -> list[str]:
    """What prints the token of Helm's and Kubernetes' provider, which is the same."""
    helm, kubernetes = block(stack, "helm")["kubernetes"]["exec"], block(stack, "kubernetes")["exec"]
    assert helm == kubernetes
    return [helm["command"], *helm["args"]]


# The blocks of the stacks that have no settings.
AZURERM: dict[str, Any] = {"subscription_id": KINDS["aks"]["subscription_id"]}
PLAIN: Mapping[str, Sequence[Mapping[str, Any]]] = {
    **dict.fromkeys(AWS, [{"region": "us-east-2"}] * 2),
    **dict.fromkeys(("gce", "gke"), [{"project": "acme-ml", "region": "us-central1"}] * 2),
    "aks": [
        AZURERM | {"features": {"storage": {"data_plane_available": False}}, "storage_use_azuread": True},
        AZURERM | {"features": {}, "resource_provider_registrations": "none"},
    ],
}

# Keys of the YAML, and the arguments that they become.
SETTINGS: Sequence[tuple[Sequence[str], dict[str, Any], dict[str, Any]]] = [
    (AWS, {"assume_role": {"role_arn": ROLE}}, {"assume_role": {"role_arn": ROLE}}),
    *(
        (AWS, {"assume_role": {"role_arn": ROLE, key: value}}, {"assume_role": {"role_arn": ROLE, key: value}})
        for key, value in {"external_id": "acme/4711", "session_name": "anyscale", "duration": "1h30m"}.items()
    ),
    (AWS, {"profile": "production"}, {"profile": "production"}),
    (AWS, {"allowed_account_ids": ["111122223333"]}, {"allowed_account_ids": ["111122223333"]}),
    (AWS, {"default_tags": {"owner": "ml"}}, {"default_tags": {"tags": {"owner": "ml"}}}),
    (AWS, {"ignore_tags": {"keys": ["scanned"]}}, {"ignore_tags": {"keys": ["scanned"]}}),
    (AWS, {"ignore_tags": {"key_prefixes": ["finops:"]}}, {"ignore_tags": {"key_prefixes": ["finops:"]}}),
    (AWS, {}, {}),
    *(
        (("gce", "gke"), setting, setting)
        for setting in (
            {},
            {"impersonate_service_account": ACCOUNT},
            {"default_labels": {"owner": "ml"}},
            {"user_project_override": True},
            {"user_project_override": True, "billing_project": "acme-admin"},
        )
    ),
    *(
        (("aks",), setting, setting)
        for setting in (
            {},
            {"tenant_id": TENANT},
            OIDC,
            {**OIDC, "oidc_token_file_path": "/run/token"},
            {"use_msi": True},
            {"use_msi": True, "client_id": CLIENT},
        )
    ),
]


@pytest.mark.parametrize(
    ("kind", "given", "written"),
    [(kind, given, written) for kinds, given, written in SETTINGS for kind in kinds],
)
def test_each_setting_is_in_the_block_of_each_stack(
    kind: str, given: dict[str, Any], written: dict[str, Any], make: Make
) -> None:
    stacks = make(kind, given)
    assert len(stacks) == (1 if kind in ("ec2", "gce") else 2)
    for stack, without in zip(stacks, PLAIN[kind], strict=False):
        assert block(stack, BLOCKS[kind]) == {**without, **written}


def test_each_key_is_tried() -> None:
    models: dict[str, type[Model]] = {"ec2": AwsProviderConfig, "gce": GoogleProviderConfig, "aks": AzureProviderConfig}
    registered = {"resource_provider_registrations", "resource_providers_to_register"}
    for kind, model in models.items():
        tried = {key for kinds, given, _ in SETTINGS if kind in kinds for key in given}
        assert model.model_fields.keys() - tried == (registered if kind == "aks" else set())


def test_only_the_first_stack_registers_resource_providers(make: Make) -> None:
    given = {"resource_provider_registrations": "core", "resource_providers_to_register": ["Microsoft.Dashboard"]}
    stack, operator = make("aks", given)
    assert block(stack, "azurerm").items() >= given.items()
    assert block(operator, "azurerm")["resource_provider_registrations"] == "none"
    assert "resource_providers_to_register" not in block(operator, "azurerm")


@pytest.mark.parametrize("provider", [{}, {"use_msi": True}, OIDC])
@pytest.mark.parametrize("how", ["check", "create"])
def test_the_directory_is_read_as_the_same_identity(how: str, provider: dict[str, Any], make: Make) -> None:
    stack, _ = make("aks", provider, anyscale_service_principal=how)
    tenant = {"tenant_id": "${data.azurerm_client_config.tenant.tenant_id}"}
    assert block(stack, "azuread") == provider | tenant


LATER = expr("var.later", "string")


@pytest.mark.parametrize(
    ("kind", "given", "path"),
    [
        ("eks", {"assume_role": {"role_arn": LATER}}, ["assume_role", "role_arn"]),
        ("eks", {"assume_role": {"role_arn": ROLE, "external_id": LATER}}, ["assume_role", "external_id"]),
        ("eks", {"profile": LATER}, ["profile"]),
        ("eks", {"allowed_account_ids": expr("var.later", "list(string)")}, ["allowed_account_ids"]),
        ("eks", {"default_tags": expr("var.later", "map(string)")}, ["default_tags", "tags"]),
        ("eks", {"default_tags": {"owner": LATER}}, ["default_tags", "tags", "owner"]),
        ("eks", {"ignore_tags": {"keys": expr("var.later", "list(string)")}}, ["ignore_tags", "keys"]),
        ("gke", {"impersonate_service_account": LATER}, ["impersonate_service_account"]),
        ("gke", {"user_project_override": expr("var.later", "bool")}, ["user_project_override"]),
        ("aks", {"use_msi": True, "client_id": LATER}, ["client_id"]),
    ],
)
def test_expressions_pass(kind: str, given: dict[str, Any], path: list[str], make: Make) -> None:
    for stack in make(kind, given):
        value: Any = block(stack, BLOCKS[kind])
        for step in path:
            value = value[step]
        assert value == "${var.later}"


def test_the_command_takes_expressions(make: Make) -> None:
    assert "${var.later}" in command(make("eks", {"profile": LATER})[1])
    assert "${var.later}" in command(make("eks", {"assume_role": {"role_arn": ROLE, "external_id": LATER}})[1])
    assert "${var.later}" in command(make("gke", {"impersonate_service_account": LATER})[1])
    assert "${var.later}" in command(make("aks", {"use_msi": True, "client_id": LATER})[1])


AWS_EKS = "aws eks get-token --cluster-name ml --region us-east-2 --output json"
PLUGIN = "gke-gcloud-auth-plugin"
KUBELOGIN = "kubelogin get-token --login {} --server-id 6dae42f8-4368-4678-94ff-3960e28e3630"
WORKLOAD_IDENTITY = f"{KUBELOGIN.format('workloadidentity')} --client-id {CLIENT} --tenant-id {TENANT}"


@pytest.mark.parametrize(
    ("kind", "provider", "expected"),
    [
        ("eks", {}, AWS_EKS),
        ("eks", {"profile": "production"}, f"{AWS_EKS} --profile production"),
        ("eks", {"assume_role": {"role_arn": ROLE, "duration": "1h"}}, f"{AWS_EKS} --role-arn {ROLE}"),
        (
            "eks",
            {"profile": "ci", "assume_role": {"role_arn": ROLE}},
            f"{AWS_EKS} --role-arn {ROLE} --profile ci",
        ),
        ("gke", {}, f"{PLUGIN} --use_application_default_credentials"),
        ("gke", {"impersonate_service_account": ACCOUNT}, f"{PLUGIN} --impersonate_service_account {ACCOUNT}"),
        ("aks", {}, KUBELOGIN.format("azurecli")),
        ("aks", {"tenant_id": TENANT}, f"{KUBELOGIN.format('azurecli')} --tenant-id {TENANT}"),
        ("aks", {"use_msi": True}, KUBELOGIN.format("msi")),
        ("aks", {"use_msi": True, "client_id": CLIENT}, f"{KUBELOGIN.format('msi')} --client-id {CLIENT}"),
        ("aks", OIDC, WORKLOAD_IDENTITY),
        (
            "aks",
            {**OIDC, "oidc_token_file_path": "/run/token"},
            f"{WORKLOAD_IDENTITY} --federated-token-file /run/token",
        ),
    ],
)
def test_the_cluster_is_reached_as_the_same_identity(
    kind: str, provider: dict[str, Any], expected: str, make: Make
) -> None:
    assert command(make(kind, provider)[1]) == expected.split()


AWS_PROGRAM = """#!/bin/sh
echo "$AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY $AWS_SESSION_TOKEN: $*" >> "$LOG"
if [ "$1" = sts ]; then printf 'ASIA1\\tsecret/+=\\ttoken/+==\\n'; exit "$STATUS"; fi
echo '{"kind": "ExecCredential"}'
"""


@pytest.mark.parametrize("status", [0, 254])
def test_a_token_is_requested_with_external_id_and_session_name(status: int, make: Make, tmp_path: Path) -> None:
    role = {"role_arn": ROLE, "external_id": "acme 4711".replace(" ", "/"), "session_name": "anyscale"}
    written = command(make("eks", {"profile": "ci", "assume_role": role})[1])
    program, log = tmp_path / "bin" / "aws", tmp_path / "log"
    program.parent.mkdir()
    program.write_text(AWS_PROGRAM)
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "LOG": str(log), "STATUS": str(status)}
    done = subprocess.run(written, env=environment, check=False, capture_output=True, text=True)
    assume, *rest = log.read_text().splitlines()
    assert assume == (
        f"  : sts assume-role --region us-east-2 --role-arn {ROLE} --role-session-name anyscale "
        "--external-id acme/4711 --profile ci --output text "
        "--query Credentials.[AccessKeyId,SecretAccessKey,SessionToken]"
    )
    assert done.returncode == status
    if status:
        assert (rest, done.stdout) == ([], "")
    else:
        assert rest == [f"ASIA1 secret/+= token/+==: {AWS_EKS.removeprefix('aws ')}"]
        assert json.loads(done.stdout) == {"kind": "ExecCredential"}


def test_a_session_has_a_name_for_an_external_id(make: Make) -> None:
    written = command(make("eks", {"assume_role": {"role_arn": ROLE, "external_id": "acme"}})[1])
    assert written[written.index("--role-session-name") + 1] == "terraform"


@pytest.mark.parametrize("kind", AWS)
@pytest.mark.parametrize(
    ("provider", "noted"),
    [
        ({}, True),
        ({"profile": "production", "allowed_account_ids": []}, True),
        ({"allowed_account_ids": ["111122223333"]}, False),
        ({"allowed_account_ids": expr("var.later", "list(string)")}, False),
        ({"assume_role": {"role_arn": ROLE}}, False),  # which is in an account
    ],
)
def test_a_note_recommends_the_account(kind: str, provider: dict[str, Any], noted: bool, tmp_path: Path) -> None:
    first, *others = load_stack(kind).build(App(tmp_path), "ml", config(kind, provider))
    named = [found.key for found in first.findings if found.rule and found.rule.id == "account-not-named"]
    assert named == [("provider", "allowed_account_ids")] * noted
    rules = [found.rule.id for other in others for found in other.findings if found.rule]
    assert "account-not-named" not in rules


REFUSED: Sequence[tuple[str, dict[str, Any], str]] = [
    *(
        ("eks", {"assume_role": {"role_arn": ROLE} | given}, says)
        for given, says in (
            ({"role_arn": "arn:aws:iam::111122223333:user/me"}, "must be an IAM role's ARN"),
            ({"external_id": "a"}, "must be 2 to 1224 letters"),
            ({"session_name": "two words"}, "must be 2 to 64 letters"),
            ({"duration": "14m59s"}, "must be a duration from 15m to 12h"),
            ({"duration": "12h1s"}, "must be a duration from 15m to 12h"),
            ({"duration": "3600"}, "must be a duration from 15m to 12h"),
        )
    ),
    ("eks", {"allowed_account_ids": ["1111-2222-3333"]}, "must be an AWS account ID, which has 12 digits"),
    (
        "eks",
        {"allowed_account_ids": ["444455556666"], "assume_role": {"role_arn": ROLE}},
        "assume_role.role_arn: the role's account is not one of allowed_account_ids; got '111122223333'",
    ),
    ("eks", {"default_tags": {"aws:owner": "ml"}}, "not beginning with aws:"),
    ("eks", {"default_tags": {"anyscale-cloud-id": "cld_1"}}, "provider.default_tags has anyscale-cloud-id, but the"),
    ("eks", {"default_tags": {"TF_Module": "mine"}}, "has TF_Module, but the cloud sets tf_module on every resource"),
    ("eks", {"default_tags": {"Team": "ml"}}, "provider.default_tags: Team and team differ only in case"),
    (
        "eks",
        {"default_tags": {"Owner": "ml", "owner": "ml"}},
        "provider.default_tags: owner and Owner differ only in case",
    ),
    (
        "eks",
        {"ignore_tags": {"keys": ["Name"]}},
        "provider.ignore_tags: the provider ignores the tag Name, but the cloud sets",
    ),
    (
        "eks",
        {"ignore_tags": {"key_prefixes": ["anyscale-"]}},
        "the provider ignores the tag anyscale-cloud-id, but the cloud sets",
    ),
    ("eks", {"ignore_tags": {"keys": ["team"]}}, "the provider ignores the tag team, but the cloud sets"),
    (
        "eks",
        {"ignore_tags": {"keys": ["stage"]}},
        "the provider ignores the tag stage, but the cloud sets",
    ),  # the bucket's
    (
        "eks",
        {"default_tags": {"owner": "ml"}, "ignore_tags": {"keys": ["owner"]}},
        "the provider ignores the tag owner, but",
    ),
    (
        "eks",
        {"ignore_tags": {"key_prefixes": ["kubernetes.io/cluster/"]}},
        "the provider ignores the tag kubernetes.io/cluster/, but",
    ),
    (
        "eks",
        {"ignore_tags": {"keys": ["kubernetes.io/role/elb"]}},
        "the provider ignores the tag kubernetes.io/role/elb, but",
    ),
    ("gke", {"impersonate_service_account": "terraform"}, "must be a service account's e-mail address"),
    ("gke", {"default_labels": {"Owner": "ml"}}, "at most 63 lower-case letters"),
    ("gke", {"default_labels": {"anyscale-org-id": "org_1"}}, "provider.default_labels has anyscale-org-id, but the"),
    ("gke", {"billing_project": "acme-admin"}, "billing_project: has no effect without user_project_override"),
    ("aks", {"tenant_id": "acme.onmicrosoft.com"}, "must be an Entra tenant's ID"),
    ("aks", {"client_id": CLIENT}, "client_id: has no effect without use_oidc or use_msi"),
    ("aks", {"use_oidc": True, "tenant_id": TENANT}, "use_oidc: requires client_id and tenant_id"),
    ("aks", {"use_oidc": True, "client_id": CLIENT}, "use_oidc: requires client_id and tenant_id"),
    ("aks", OIDC | {"use_msi": True}, "use_oidc: cannot be combined with use_msi"),
    ("aks", {"oidc_token_file_path": "/run/token"}, "oidc_token_file_path: has no effect without use_oidc"),
    ("aks", {"resource_provider_registrations": "some"}, "must be 'core'"),
    ("aks", {"resource_providers_to_register": ["Storage"]}, "must be an Azure resource provider's namespace"),
    *(
        (kind, {secret: "hunter2"}, f"unknown key '{secret}'")
        for kind, secrets in {
            "ec2": ("access_key", "secret_key", "token"),
            "gce": ("credentials", "access_token"),
            "aks": ("client_secret", "client_certificate_password", "oidc_token", "oidc_request_token"),
        }.items()
        for secret in secrets
    ),
]


@pytest.mark.parametrize(("kind", "provider", "says"), REFUSED, ids=[says[:50] for *_, says in REFUSED])
def test_wrong_settings_are_one_message(kind: str, provider: dict[str, Any], says: str) -> None:
    keys = {"tags": {"team": "ml"}, "bucket": {"tags": {"stage": "test"}}} if kind == "eks" else {}
    with pytest.raises(ValidationError) as error:
        config(kind, provider, **keys)
    (detail,) = error.value.errors()
    assert says in detail["msg"].replace("Input should be", "must be")
    assert "hunter2" not in detail["msg"]


@pytest.mark.parametrize(
    ("provider", "keys"),
    [
        ({"default_tags": {"team": "others"}}, {"tags": {"team": "ml"}}),  # which replaces it
        ({"ignore_tags": {"keys": ["kubernetes.io/cluster/other"]}}, {}),
        ({"ignore_tags": {"key_prefixes": ["finops:"]}}, {"tags": expr("var.later", "map(string)")}),
        ({"ignore_tags": {"keys": expr("var.later", "list(string)")}}, {}),
        ({"default_tags": expr("var.later", "map(string)")}, {"tags": {"team": "ml"}}),
    ],
)
def test_tags_that_do_not_conflict_with_the_clouds_pass(
    provider: dict[str, Any], keys: dict[str, Any], make: Make
) -> None:
    assert make("eks", provider, **keys)


def test_subnets_and_clusters_of_others_may_have_tags_that_are_ignored() -> None:
    existing = {
        "vpc": {
            "vpc_id": "vpc-12345678",
            "subnet_ids_to_az": {"subnet-12345678": "us-east-2b", "subnet-12345679": "us-east-2a"},
        },
        "cluster": {"cluster_name": "acme"},
    }
    ignored = {"key_prefixes": ["kubernetes.io/"]}
    assert config("eks", {"ignore_tags": ignored}, **existing).provider.arguments()["ignore_tags"] == ignored
