"""Who can act as which role or service account, and on what condition."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from anyscale_constructs.explain.parts import Part, Stack, spelled
from anyscale_constructs.explain.sections import Section, grouped
from anyscale_constructs.findings import plain
from anyscale_constructs.review import kinds
from anyscale_constructs.review.exposure import Exposure
from anyscale_constructs.review.facts import is_on
from anyscale_constructs.review.grants import Grant
from anyscale_constructs.review.stacks import listed

Facts = Sequence[Exposure]


def trust(stacks: Sequence[Stack]) -> Section:
    """Returns the section on who can act as which role or service account.

    Args:
        stacks: The stacks of the cloud.
    """
    lines = [line for stack in stacks for part in stack.parts.values() for line in _trusted(stack, part)]
    note = "" if lines else "These stacks create no role that can be assumed."
    return Section("Who may assume which role", grouped(lines), note)


def _trusted(stack: Stack, part: Part) -> Iterator[tuple[str, str]]:
    read = READERS.get(part.kind)
    return read(part, stack.facts_on(part)) if read else iter(())


def _of_pods(part: Part, _: Facts) -> Iterator[tuple[str, str]]:
    account = f"{part.arguments.get('namespace')}/{part.arguments.get('service_account')}"
    who = f"pods of the service account {spelled(account)}, by EKS Pod Identity"
    yield _address(part.arguments.get("role_arn")), who


def _of_credential(part: Part, _: Facts) -> Iterator[tuple[str, str]]:
    identity = part.arguments.get("user_assigned_identity_id") or part.arguments.get("parent_id")
    subject = str(part.arguments.get("subject"))
    account = subject.removeprefix("system:serviceaccount:").replace(":", "/")
    who = f"pods of the service account {spelled(account)}" if account != subject else spelled(subject)
    yield _address(identity), f"{who}, if the token is from {spelled(part.arguments.get('issuer'))}"


def _of_role(part: Part, facts: Facts) -> Iterator[tuple[str, str]]:
    return ((part.address, line) for line in _statements(_trusts(facts)))


def _statements(grants: Sequence[Grant]) -> Iterator[str]:
    """Yields a line for each principal and condition, with all actions."""
    found: dict[tuple[str, str], list[str]] = {}
    for grant in grants:
        found.setdefault((grant.principal, grant.condition), []).append(grant.action)
    for (principal, condition), actions in found.items():
        yield f"{spelled(principal)}: {', '.join(map(spelled, actions))}{_condition(condition)}"


def _of_account(part: Part, facts: Facts) -> Iterator[tuple[str, str]]:
    account = _address(part.arguments.get("service_account_id"))
    for grant in _trusts(facts):
        who = _member(grant.principal, account)
        yield account, f"{who}: {spelled(grant.action)}{_condition(grant.condition)}"


def _of_cluster(part: Part, facts: Facts) -> Iterator[tuple[str, str]]:
    for fact in facts:
        if fact.kind is kinds.PERMISSIONS and fact.input == "access_entries":
            yield part.address, f"{spelled(fact.value.principal)}: {spelled(fact.value.action)}"
    if is_on(part.arguments.get("enable_cluster_creator_admin_permissions")):
        yield part.address, "the creator of the cluster: administrator"


def _of_assignment(part: Part, _: Facts) -> Iterator[tuple[str, str]]:
    if part.name.startswith("administrator"):
        role = spelled(part.arguments.get("role_definition_name"))
        yield _address(part.arguments.get("scope")), f"{spelled(part.arguments.get('principal_id'))}: {role}"


def _of_aws_module(part: Part, facts: Facts) -> Iterator[tuple[str, str]]:
    inputs = part.arguments
    nodes = [fact for fact in facts if fact.input == "anyscale_cluster_node_custom_assume_role_policy"]
    if is_on(inputs.get("create_anyscale_access_role")):
        ids = [spelled(fact.value) for fact in facts if fact.kind is kinds.EXTERNAL_ID]
        asked = listed(inputs.get("anyscale_trusted_role_sts_externalid")) or ids
        asked = asked or listed(inputs.get("anyscale_cloud_id"))
        told = f", if the external ID is {' or '.join(map(spelled, asked))}" if asked else ", without an external ID"
        for grant in _trusts([fact for fact in facts if fact not in nodes]):
            yield f"{part.address} (control plane)", f"{spelled(grant.principal)}{told}"
    if is_on(inputs.get("create_cluster_node_instance_profile")):
        said = [*_statements(_trusts(nodes))] or ["ec2.amazonaws.com: instances with the profile"]
        yield from ((f"{part.address} (nodes)", line) for line in said)


def _of_google_module(part: Part, _: Facts) -> Iterator[tuple[str, str]]:
    inputs = part.arguments
    if is_on(inputs.get("create_anyscale_cluster_node_service_acct")):
        yield f"{part.address} (nodes)", "Compute Engine instances that run as the service account"
    if not is_on(inputs.get("create_anyscale_access_service_acct")):
        return
    name = f"{part.address} (control plane)"
    if existing := inputs.get("existing_workload_identity_provider_name"):
        yield name, f"identities of the pool of {spelled(existing)}, by workload identity federation"
        return
    account = inputs.get("workload_anyscale_aws_account_id") or inputs.get("anyscale_access_aws_account_id")
    role = f"gcp_if_{inputs.get('anyscale_org_id')}"
    yield (
        name,
        f"roles of AWS account {spelled(account)} that begin with {spelled(role)}, by workload identity federation",
    )


def _trusts(facts: Sequence[Exposure]) -> list[Grant]:
    return [fact.value for fact in facts if fact.kind is kinds.TRUST]


def _condition(condition: str) -> str:
    if not condition:
        return ""
    try:
        tests: Any = plain(json.loads(condition), "")
    except ValueError:
        return f", if {spelled(condition)}"
    if not isinstance(tests, Mapping):
        return f", if {spelled(condition)}"
    said = [
        f"{spelled(key)} {test} {' or '.join(spelled(each) for each in listed(value))}"
        for test, keys in tests.items()
        for key, value in keys.items()
    ]
    return f", if {' and '.join(said)}"


def _member(principal: str, account: str) -> str:
    """Returns a member of a Google IAM policy, where pods of a Kubernetes service account are named as such."""
    if ".svc.id.goog[" in principal:
        return f"pods of the service account {spelled(principal.rpartition('[')[2].rstrip(']'))}"
    return "itself" if _address(principal) == account else spelled(principal)


def _address(value: object) -> str:
    """Returns the address in a reference to a resource's attribute; other values unchanged."""
    text = spelled(value)
    inside = text.removeprefix("<").removesuffix(">")
    return inside.rpartition(".")[0] if inside != text and "," not in inside else text


READERS: Mapping[str, Callable[[Part, Facts], Iterator[tuple[str, str]]]] = {
    "aws/eks": _of_cluster,
    "aws/iam": _of_aws_module,
    "aws_eks_pod_identity_association": _of_pods,
    "aws_iam_role": _of_role,
    "azurerm_federated_identity_credential": _of_credential,
    "azurerm_role_assignment": _of_assignment,
    "google/iam": _of_google_module,
    "google_service_account_iam_binding": _of_account,
    "google_service_account_iam_member": _of_account,
}
"""The functions that read who can assume the roles of each module and each type of resource."""
