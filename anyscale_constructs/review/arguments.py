"""Reads facts on exposure that several arguments of a resource state together, such as those of a rule."""

from collections.abc import Iterator, Mapping
from typing import Any

from anyscale_constructs.review.exposure import EVERYBODY, Ingress
from anyscale_constructs.review.facts import anywhere, https, is_off, is_on, port_ranges, ports, sources
from anyscale_constructs.review.grants import Grant
from anyscale_constructs.review.stacks import blocks, listed

Arguments = Mapping[str, Any]

_OLD_TLS = {"TLS1_0": 0, "TLS1_1": 1, "TLS1_2": 2, "TLS1_3": 3}


def group_rule(a: Arguments) -> Iterator[Ingress]:
    """Yields the traffic that a security group rule of any form allows."""
    if a.get("type", "ingress") != "ingress":
        return
    protocol = a.get("protocol", a.get("ip_protocol", "tcp"))
    opened = ports(a.get("from_port"), a.get("to_port"), protocol)
    for name in _SOURCES:
        for source in sources(a.get(name)):
            yield Ingress(source, *opened)


_SOURCES = (
    *("cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "source_security_group_id", "security_groups"),
    *("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"),
)


def eks_endpoint(a: Arguments) -> Iterator[Ingress]:
    """Yields who can reach the API of an EKS cluster."""
    for block in blocks(a.get("vpc_config")):
        if not is_off(block.get("endpoint_public_access", True)):
            yield from https(anywhere(block.get("public_access_cidrs")))


def gke_endpoint(a: Arguments) -> Iterator[Ingress]:
    """Yields who can reach the API of a GKE cluster."""
    if any(is_on(block.get("enable_private_endpoint")) for block in blocks(a.get("private_cluster_config"))):
        return
    networks = [
        network.get("cidr_block")
        for block in blocks(a.get("master_authorized_networks_config"))
        for network in blocks(block.get("cidr_blocks"))
    ]
    yield from https(anywhere(networks))


def aks_endpoint(a: Arguments) -> Iterator[Ingress]:
    """Yields who can reach the API of an AKS cluster."""
    if is_on(a.get("private_cluster_enabled")):
        return
    profiles = blocks(a.get("api_server_access_profile")) or [{}]
    yield from https(anywhere([one for block in profiles for one in listed(block.get("authorized_ip_ranges"))]))


def load_balancer(a: Arguments) -> list[Ingress]:
    """Returns who can reach an AWS load balancer."""
    return https(EVERYBODY) if is_off(a.get("internal")) else []


def storage_endpoint(a: Arguments) -> Iterator[Ingress]:
    """Yields who can reach a storage account."""
    if a.get("public_network_access_enabled") is False:
        return
    rules = [rule for rule in blocks(a.get("network_rules")) if rule.get("default_action") == "Deny"]
    yield from https([one for rule in rules for one in sources(rule.get("ip_rules"))] if rules else EVERYBODY)


def google_firewall(a: Arguments) -> Iterator[Ingress]:
    """Yields the traffic that a firewall rule of a VPC network allows."""
    if str(a.get("direction", "INGRESS")).upper() != "INGRESS" or a.get("disabled") is True:
        return
    for allowed in blocks(a.get("allow")):
        for first, last in port_ranges(allowed.get("ports")):
            for source in sources(a.get("source_ranges")) or EVERYBODY:
                yield Ingress(source, *ports(first, last, allowed.get("protocol")))


def google_policy_rule(a: Arguments) -> Iterator[Ingress]:
    """Yields the traffic that a rule of a network firewall policy allows."""
    if a.get("direction") != "INGRESS" or a.get("action") != "allow" or a.get("disabled") is True:
        return
    for match in blocks(a.get("match")):
        for layer in blocks(match.get("layer4_configs")):
            for first, last in port_ranges(layer.get("ports")):
                for source in sources(match.get("src_ip_ranges")):
                    yield Ingress(source, *ports(first, last, layer.get("ip_protocol")))


def acl_rule(a: Arguments) -> Iterator[Ingress]:
    """Yields the traffic that a network ACL rule of any form allows."""
    if is_on(a.get("egress")) or a.get("rule_action", a.get("action")) != "allow":
        return
    opened = ports(
        a.get("from_port"),
        a.get("to_port"),
        {"6": "tcp", "17": "udp"}.get(protocol := str(a.get("protocol")), protocol),
    )
    for name in ("cidr_block", "ipv6_cidr_block"):
        for source in sources(a.get(name)):
            yield Ingress(source, *opened)


def forwarding_rule(a: Arguments) -> list[Ingress]:
    """Returns who can reach a Google Cloud load balancer."""
    outside = str(a.get("load_balancing_scheme") or "EXTERNAL").startswith("EXTERNAL")
    return [Ingress(EVERYBODY[0], str(a.get("ip_protocol") or "tcp").lower())] if outside else []


def azure_rule(a: Arguments) -> Iterator[Ingress]:
    """Yields the traffic that a rule of a network security group allows."""
    if a.get("direction") != "Inbound" or a.get("access") != "Allow":
        return
    given_ports = [*sources(a.get("destination_port_range")), *sources(a.get("destination_port_ranges"))]
    prefixes = [*sources(a.get("source_address_prefix")), *sources(a.get("source_address_prefixes"))]
    for first, last in port_ranges([one for one in given_ports if one != "*"]):
        for source in prefixes:
            for one in EVERYBODY if source in {"*", "Internet"} else [source]:
                yield Ingress(one, *ports(first, last, a.get("protocol")))


def gateway(a: Arguments) -> Iterator[Ingress]:
    """Yields who can reach a chart's load balancer, by the chart's values or an annotation that makes it internal."""
    for values in blocks(a.get("values")):
        if "sourceRanges" in values:
            said = {str(value).lower() for each in blocks(values.get("annotations")) for value in each.values()}
            if not said & {"internal", "true"}:
                yield from https(anywhere(values["sourceRanges"]))


def members(a: Arguments) -> Iterator[Grant]:
    """Yields the members that an IAM member or binding resource adds."""
    found = [*listed(a.get("member")), *listed(a.get("members"))]
    condition = " and ".join(str(each.get("expression")) for each in blocks(a.get("condition")))
    return (Grant(str(a.get("role")), _on(a), str(member), condition) for member in found)


def _on(a: Arguments) -> str:
    # The project of a secret is part of its name.
    names = ("bucket", "secret_id", "project", "service_account_id", "scope", "folder", "org_id")
    return next((str(a[name]) for name in names if a.get(name)), "")


def assignment(a: Arguments) -> list[Grant]:
    """Returns the grant of an Azure role assignment."""
    role = a.get("role_definition_name") or a.get("role_definition_id")
    return [Grant(str(role), _on(a), str(a.get("principal_id")), str(a.get("condition") or ""))]


def federated(a: Arguments) -> list[Grant]:
    """Returns the identity that a federated credential trusts."""
    return [Grant(principal=f"{a.get('subject')} of {a.get('issuer')}")]


def commands(value: Any) -> list[Grant]:
    """Returns what a MemoryDB access string allows: commands, and the keys that they may access."""
    said = str(value or "").split()
    keys = " ".join(word for word in said if word[:1] in "~%&" or word == "allkeys").replace("allkeys", "~*")
    allowed = [word.replace("allcommands", "+@all") for word in said if word[:1] == "+" or word == "allcommands"]
    return [Grant("*" if word == "+@all" else word, "*" if keys.startswith("~*") else keys) for word in allowed]


def attachment(a: Arguments) -> list[Grant]:
    """Returns the grant of an attached managed policy."""
    return [Grant(str(a.get("policy_arn")), principal=str(a.get("role") or a.get("user") or a.get("group")))]


def refused_tls(value: Any) -> list[str]:
    """Returns the TLS versions that a minimum version refuses."""
    least = _OLD_TLS.get(str(value), 0)
    return [
        f"{name.replace('_', '.').replace('TLS', 'TLS ')} refused" for name, rank in _OLD_TLS.items() if rank < least
    ]
