"""The grants of policies, and whether one grant covers another."""

import pytest

from anyscale_constructs.review.grants import Grant, grants, statements


@pytest.mark.parametrize(
    ("grant", "other", "covered"),
    [
        (Grant("s3:*", "*"), Grant("s3:GetObject", "arn:aws:s3:::b/*"), True),
        (Grant("s3:Get*", "*"), Grant("s3:PutObject", "*"), False),
        (Grant("S3:getobject", "*"), Grant("s3:GetObject", "*"), True),
        (Grant("s3:*", "arn:aws:s3:::b"), Grant("s3:*", "arn:aws:s3:::b/*"), False),
        (Grant("*", "*", "*"), Grant("s3:*", "*", "arn:aws:iam::111122223333:role/x"), True),
        (Grant(principal="111122223333"), Grant(principal="arn:aws:iam::111122223333:role/x"), True),
        (Grant(principal="arn:aws:iam::111122223333:root"), Grant(principal="arn:aws:iam::444455556666:root"), False),
        (Grant(principal="arn:aws:iam::111122223333:role/x"), Grant(principal="arn:aws:iam::111122223333:root"), False),
        (Grant("s3:*", condition="{}"), Grant("s3:*"), False),
        (Grant("s3:*"), Grant("s3:*", condition="{}"), True),
    ],
)
def test_a_grant_covers_what_its_wildcards_match(grant: Grant, other: Grant, covered: bool) -> None:
    assert grant.covers(other) is covered


def test_policies_are_read_in_every_form() -> None:
    document = """{"Statement": {"Effect": "Allow", "Action": ["a:B", "a:C"], "Principal": {"AWS": ["x", "y"]},
        "Condition": {"Bool": {"c": "true"}}, "NotResource": "r"}}"""
    found = list(grants(document))
    assert len(found) == 4
    assert found[0] == Grant("a:B", "all but r", "x", '{"Bool": {"c": "true"}}')
    data = {"statement": [{"actions": ["a:B"], "resources": ["*"]}, {"effect": "Deny", "actions": ["*"]}]}
    assert list(statements(data)) == [Grant("a:B", "*")]
    assert list(statements(data, "Deny")) == [Grant("*")]
