"""Policies in JSON with Terraform code, in which quotes are not escaped."""

from typing import Any

from anyscale_constructs.review.resource_facts import facts
from anyscale_constructs.review.stacks import as_json, decoded

CODE = '${split("oidc-provider/", module.eks.oidc_provider_arn)[1]}'
NESTED = '${join(",", ["${split("a", "b")[0]}"])}'


def trust(account: str) -> dict[str, Any]:
    text = (
        f'{{"Statement": [{{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {{"Federated": '
        f'"${{module.eks.oidc_provider_arn}}"}}, "Condition": {{"StringEquals": {{"{CODE}:sub": "{account}"}}}}}}]}}'
    )
    return {"assume_role_policy": text}


def test_code_is_kept_in_one_string() -> None:
    assert as_json(f'{{"{CODE}:sub": ["{NESTED}", "{CODE}"]}}') == {f"{CODE}:sub": [NESTED, CODE]}


def test_text_that_is_not_json_is_unchanged() -> None:
    assert as_json('{"a": ${jsonencode("b")}}') == '{"a": ${jsonencode("b")}}'


def test_the_trust_of_a_role_with_code_is_read() -> None:
    one, other = (
        {str(fact.value) for fact in facts("aws_iam_role", decoded(trust(account)), "aws_iam_role.a")}
        for account in ("system:serviceaccount:anyscale-operator:a", "system:serviceaccount:anyscale-operator:b")
    )
    assert one
    assert not one & other
