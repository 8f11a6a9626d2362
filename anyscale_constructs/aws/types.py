"""AWS's field types: like those of `config.types`, they check literals and pass unresolved values."""

import re
from typing import Annotated

from anyscale_constructs.config.types import Checked, TagValue


def _is_tag_key(text: str) -> bool:
    return re.fullmatch(r"(?!(?i:aws:))[\s\S]{1,128}", text) is not None


S3_BUCKET = (
    r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$)"
    r"(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
)
# us-east-1 accepted other names until 2018. The suffixes are reserved for access points and other types of buckets.
EXISTING_S3_BUCKET = r"(?!.*(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$)[A-Za-z0-9._-]{3,255}"
IAM_CHARACTER = r"[\w+=,.@-]"
"""A character that IAM accepts in names, in a regular expression for ASCII."""
# IAM accepts any printable ASCII character in a path.
_IAM_NAME = rf"(?:[!-~]+/)?{IAM_CHARACTER}+"
ExternalId = Annotated[
    str,
    Checked(
        "the organization ID, a hyphen and any suffix (or the cloud ID, if it was registered without an external ID)",
        r"org_[A-Za-z0-9]+-[\w+=,.@:/-]+|cld_[A-Za-z0-9]+",
        "org_1234abcd-production",
    ),
]
TagKey = Annotated[str, Checked("1 to 128 characters, not beginning with aws: (reserved by AWS)", _is_tag_key, "team")]
# Upstream hard-codes arn:aws: and .amazonaws.com, so GovCloud and China are not supported.
AwsRegion = Annotated[
    str,
    Checked(
        "a region of the commercial AWS partition (upstream does not support GovCloud and China)",
        r"(?!us-gov-|cn-|us-iso|eu-isoe)[a-z]{2}(-[a-z]+)+-\d",
        "us-east-2",
    ),
]
# No region has more than six.
AvailabilityZone = Annotated[str, Checked("an availability zone's name", r"[a-z]{2}(-[a-z]+)+-\d[a-f]", "us-east-2a")]
Zone = Annotated[
    str,
    Checked(
        "the name of an Availability Zone, a Local Zone or a Wavelength Zone",
        r"[a-z]{2}(-[a-z]+)+-\d(?:[a-z]|(?:-[a-z0-9]+)+)",
        "us-east-2a",
    ),
]
RoleArn = Annotated[
    str,
    Checked(
        "an IAM role's ARN",
        r"arn:aws:iam::\d{12}:role/" + _IAM_NAME,
        "arn:aws:iam::111122223333:role/anyscale",
    ),
]
InstanceProfileArn = Annotated[
    str,
    Checked(
        "an IAM instance profile's ARN",
        r"arn:aws:iam::\d{12}:instance-profile/" + _IAM_NAME,
        "arn:aws:iam::111122223333:instance-profile/anyscale",
    ),
]
PolicyArn = Annotated[
    str,
    Checked(
        "an IAM policy's ARN",
        r"arn:aws:iam::(?:\d{12}|aws):policy/" + _IAM_NAME,
        "arn:aws:iam::111122223333:policy/anyscale",
    ),
]
SecretArn = Annotated[
    str,
    Checked(
        "the ARN of a secret in Secrets Manager, or of several with *",
        r"arn:aws:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!*?-]+",
        "arn:aws:secretsmanager:us-east-2:111122223333:secret:registry-AbCdEf",
    ),
]
KmsKeyArn = Annotated[
    str,
    Checked(
        "a KMS key's ARN",
        r"arn:aws:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+",
        "arn:aws:kms:us-east-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    ),
]
BucketName = Annotated[
    str,
    Checked(
        "an S3 bucket name: 3 to 63 lower-case letters, digits, hyphens and dots, beginning and ending with a letter "
        "or digit, not an IP address, without AWS's reserved prefixes and suffixes",
        S3_BUCKET,
        "acme-anyscale-prod",
    ),
]
ExistingBucketName = Annotated[
    str,
    Checked(
        "the name of an S3 general purpose bucket: 3 to 255 letters, digits, hyphens, underscores and periods, not an "
        "access point alias",
        EXISTING_S3_BUCKET,
        "acme-anyscale-prod",
    ),
]
VpcId = Annotated[str, Checked("a VPC ID", r"vpc-[0-9a-f]{8,17}", "vpc-0123456789abcdef0")]
SubnetId = Annotated[str, Checked("a subnet ID", r"subnet-[0-9a-f]{8,17}", "subnet-0123456789abcdef0")]
RouteTableId = Annotated[str, Checked("a route table ID", r"rtb-[0-9a-f]{8,17}", "rtb-0123456789abcdef0")]
EfsId = Annotated[str, Checked("the ID of an EFS file system", r"fs-[0-9a-f]{8,17}", "fs-0123456789abcdef0")]
MemoryDbName = Annotated[
    str,
    Checked(
        "the name of a MemoryDB cluster: 1 to 40 lower-case letters, digits and hyphens, beginning with a letter",
        r"[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,39}",
        "acme-services",
    ),
]
SecurityGroupId = Annotated[str, Checked("a security group ID", r"sg-[0-9a-f]{8,17}", "sg-0123456789abcdef0")]

Tags = dict[TagKey, TagValue]
