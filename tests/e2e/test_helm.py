"""The values of the library's Helm releases, with the real helm and the charts' templates."""

import base64
import json
import os
import pathlib
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from anyscale_constructs.kubernetes.charts import OPERATOR
from tests import ROOT
from tests.e2e.clones import find_clone
from tests.examples import FOLDER, KUBERNETES, released
from tests.missing import MissingPieceError, find_helm, reachable

OUR_CHARTS = ROOT / "anyscale_constructs" / "kubernetes"
PROVIDERS = {"aks": "azure", "eks": "aws", "generic": "generic", "gke": "gcp"}

Documents = list[dict[str, Any]]


def template(
    chart: list[str], values: dict[str, Any], folder: pathlib.Path, release: str = OPERATOR.release
) -> Documents:
    """Returns the rendered objects of a chart."""
    file = folder / "values.json"
    file.write_text(json.dumps(values))
    command = [find_helm(), "template", release, *chart, "--namespace", OPERATOR.namespace, "--values", str(file)]
    # Its caches go where the test's other files are.
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"HOME": str(folder)})
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


@pytest.fixture(scope="session")
def operators_chart(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The arguments of helm for the chart: its repository, or a clone in ANYSCALE_MODULES_DIR."""
    named, host = os.environ.get("ANYSCALE_MODULES_DIR"), "anyscale.github.io"
    if not named:
        if not reachable(host):
            raise MissingPieceError(
                f"the chart {OPERATOR.chart}",
                [f"https://{host}"],
                "name a folder of clones in ANYSCALE_MODULES_DIR",
                remote=True,
            )
        return [OPERATOR.chart, "--repo", str(OPERATOR.repository), "--version", str(OPERATOR.version)]
    clone = find_clone(pathlib.Path(named), "anyscale/helm-charts")
    if clone is None:
        raise MissingPieceError("a clone of anyscale/helm-charts", [named], "clone it there, or name no folder")
    folder = tmp_path_factory.mktemp("charts")
    tag, path = f"{OPERATOR.chart}-{OPERATOR.version}", f"charts/{OPERATOR.chart}"
    archive = subprocess.run(
        ["git", "-c", f"safe.directory={clone}", "-C", str(clone), "archive", tag, path],
        check=True,
        capture_output=True,
    )
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return [str(folder / path)]


def applied(example: pathlib.Path, release: str) -> dict[str, Any]:
    """Returns the values of a release, with substitutes for unknown values."""
    text = json.dumps(released(example, release))
    text = re.sub(r"\$\{[^}]*cloud_resource_id\}", "cldrsrc_e2e", text)
    values: dict[str, Any] = json.loads(re.sub(r"\$\{[^}]*\}", "known-later", text))
    return values


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for element in value:
            yield from strings(element)
    elif isinstance(value, str):
        yield value


def of_kind(documents: Documents, kind: str) -> dict[str, Any]:
    (found,) = [document for document in documents if document["kind"] == kind]
    return found


@pytest.mark.parametrize("example", KUBERNETES, ids=lambda file: file.stem)
def test_the_operators_chart_accepts_the_values(
    example: pathlib.Path, operators_chart: list[str], tmp_path: pathlib.Path
) -> None:
    values = applied(example, "anyscale-operator")
    made = template(operators_chart, values, tmp_path)
    deployment = of_kind(made, "Deployment")
    arguments = set(strings(deployment))
    provider = PROVIDERS[example.stem.partition("-")[0]]
    assert {f"--cloud-provider={provider}", "--gateway-name=anyscale-gateway", "--enable-gateway=true"} <= arguments
    assert any("cldrsrc_e2e" in argument for argument in arguments)
    assert deployment["spec"]["template"]["spec"]["serviceAccountName"] == OPERATOR.service_account
    account = of_kind(made, "ServiceAccount")
    assert account["metadata"]["name"] == OPERATOR.service_account
    identity = values["global"].get("auth", {}).get("iamIdentity")
    assert (identity in strings(account["metadata"].get("annotations", {}))) == (identity is not None)


@pytest.mark.parametrize("example", KUBERNETES, ids=lambda file: file.stem)
def test_users_can_select_every_gpu_of_the_nodes(
    example: pathlib.Path, operators_chart: list[str], tmp_path: pathlib.Path
) -> None:
    values = applied(example, "anyscale-operator")
    texts = "\n".join(
        text
        for document in template(operators_chart, values, tmp_path)
        if document["kind"] == "ConfigMap"
        for text in strings(document["data"])
    )
    shapes = values["workloads"]["instanceTypes"]["additional"]
    for name, shape in shapes.items():
        assert name in texts
        for accelerator in shape["resources"].get("accelerators", ()):
            # The chart makes such pods run on nodes with that GPU.
            assert f"anyscale.com/accelerator-type in ({accelerator})" in texts


@pytest.mark.parametrize("example", KUBERNETES, ids=lambda file: file.stem)
def test_users_pods_run_as_a_service_account_without_a_role(
    example: pathlib.Path, operators_chart: list[str], tmp_path: pathlib.Path
) -> None:
    values = applied(example, "anyscale-service-accounts")
    made = template([str(OUR_CHARTS / "service-accounts")], values, tmp_path, "anyscale-service-accounts")
    assert {each["kind"] for each in made} == {"ServiceAccount"}
    assert {each["metadata"]["namespace"] for each in made} == {OPERATOR.namespace}
    given = values["serviceAccounts"]
    annotations = {each["metadata"]["name"]: each["metadata"].get("annotations", {}) for each in made}
    assert annotations == {name: account["annotations"] for name, account in given.items()}
    operators = template(operators_chart, applied(example, "anyscale-operator"), tmp_path)
    (text,) = [each["data"]["patches.yaml"] for each in operators if "patches.yaml" in each.get("data", {})]
    changes = [change for patch in yaml.safe_load(text) for change in patch["patch"]]
    accounts = {change["value"] for change in changes if change["path"] == "/spec/serviceAccountName"}
    assert accounts == {"anyscale-workloads"} <= given.keys()
    bound = [subject["name"] for each in operators for subject in each.get("subjects", ())]
    assert bound
    assert not given.keys() & {*bound}


def test_the_operator_reads_the_secret_of_this_librarys_chart(
    operators_chart: list[str], tmp_path: pathlib.Path
) -> None:
    made = template(operators_chart, applied(FOLDER / "generic.yaml", "anyscale-operator"), tmp_path)
    containers = of_kind(made, "Deployment")["spec"]["template"]["spec"]["containers"]
    (token,) = [each for container in containers for each in container["env"] if each["name"] == "ANYSCALE_CLI_TOKEN"]
    (secret,) = template([str(OUR_CHARTS / "token")], {"token": "aph0_e2e"}, tmp_path, "anyscale-operator-token")
    reference = token["valueFrom"]["secretKeyRef"]
    assert reference["name"] == secret["metadata"]["name"]
    assert base64.b64decode(secret["data"][reference["key"]]) == b"aph0_e2e"
    assert secret["metadata"]["namespace"] == OPERATOR.namespace


def test_fails_without_a_token(tmp_path: pathlib.Path) -> None:
    with pytest.raises(AssertionError, match="there is no token: raise operator_token_revision"):
        template([str(OUR_CHARTS / "token")], {}, tmp_path)


def test_fails_on_a_value_that_the_chart_rejects(operators_chart: list[str], tmp_path: pathlib.Path) -> None:
    with pytest.raises(AssertionError, match=r"global\.aws\.region is required"):
        template(operators_chart, {"global": {"cloudDeploymentId": "cldrsrc_e2e", "cloudProvider": "aws"}}, tmp_path)


def patches(documents: Documents) -> list[str]:
    """Returns the chart's patches of users' pods that set the addressing style of the bucket."""
    texts = [text for document in documents if document["kind"] == "ConfigMap" for text in strings(document["data"])]
    found = [patch for text in texts if "ANYSCALE_S3_USE_PATH_STYLE" in text for patch in _listed(yaml.safe_load(text))]
    return sorted(json.dumps(patch, sort_keys=True) for patch in found if "PATH_STYLE" in json.dumps(patch))


def _listed(loaded: Any) -> Iterator[Any]:
    if isinstance(loaded, list):
        yield from loaded
    elif isinstance(loaded, dict):
        for value in loaded.values():
            yield from _listed(value)


def test_users_pods_address_the_bucket_as_on_aws(operators_chart: list[str], tmp_path: pathlib.Path) -> None:
    """The chart does it only for AWS; the positions of containers in its pods may change with its version."""
    generic = next(example for example in KUBERNETES if example.stem == "generic")
    ours = patches(template(operators_chart, applied(generic, "anyscale-operator"), tmp_path))
    aws = {"region": "us-east-2", "s3": {"usePathStyle": True}}
    on_aws = {"global": {"cloudDeploymentId": "cldrsrc_e2e", "cloudProvider": "aws", "aws": aws}}
    assert ours == patches(template(operators_chart, on_aws, tmp_path))
    assert ours
