"""The resource file's field types: what each accepts and rejects."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from anyscale_constructs.expressions import expr
from anyscale_constructs.registration import fields

# what each type accepts, and what it refuses
LITERALS: dict[str, tuple[list[str], list[Any]]] = {
    "Endpoint": (
        ["https://s3.us-east-2.amazonaws.com", "http://minio:9000", "https://minio.acme.example/s3/"],
        [
            "https://h/?X-Amz-Signature=S",
            "https://h?a",
            "https://h/a#b",
            "https://me:pw@h",
            "https://me@h/a",
            "h",
            "s3://h",
        ],
    ),
    "Host": (
        ["10.0.0.5", "nfs", "nfs-1.acme.example", "fs-0123456789abcdef0.efs.us-east-2.amazonaws.com", "fd00::5"],
        ["nfs://10.0.0.5", "10.0.0.5:/anyscale", "10.0.0.5:2049", "nfs.acme.example/anyscale", "a b", "-a", "", 10],
    ),
    "ImageRegistry": (
        ["registry.acme.example", "localhost:5000", "registry.acme.example:5000/ml/anyscale", "docker.io/acme"],
        ["https://registry.acme.example", "oci://registry.acme.example", "user@registry.acme.example", "a b", "/a", ""],
    ),
    "KubernetesName": (
        ["anyscale", "a", "1a", "nfs.csi.k8s.io", "a-b.c-d", "a" * 253],
        ["Anyscale", "a_b", "-a", "a-", "a..b", "a.", "ns/anyscale", "a" * 254, ""],
    ),
}


@pytest.mark.parametrize(("name", "literal"), [(name, good) for name, (all_, _) in LITERALS.items() for good in all_])
def test_literal_is_accepted(name: str, literal: str) -> None:
    assert TypeAdapter(getattr(fields, name)).validate_python(literal) == literal


@pytest.mark.parametrize(("name", "literal"), [(name, bad) for name, (_, all_) in LITERALS.items() for bad in all_])
def test_fails_on_a_literal_that_is_not_allowed(name: str, literal: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(getattr(fields, name)).validate_python(literal)


@pytest.mark.parametrize("name", LITERALS)
def test_its_example_and_unresolved_values_are_accepted(name: str) -> None:
    (found,) = getattr(fields, name).__metadata__
    for value in (found.example, expr("module.a.b", "string")):
        assert TypeAdapter(getattr(fields, name)).validate_python(value) is value
