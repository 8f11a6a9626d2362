"""The field types of the resource file: literals are checked, Terraform expressions are not."""

from typing import Annotated

from anyscale_constructs.config.types import Checked

_LINE = r"\S(?:.*\S)?"
_SAYS = "at least one character, without spaces at either end"

Text = Annotated[str, Checked(_SAYS, _LINE, "primary")]
BucketUrl = Annotated[str, Checked(_SAYS, _LINE, "s3://acme-anyscale-prod")]
MountPath = Annotated[str, Checked(_SAYS, _LINE, "/anyscale")]
Email = Annotated[
    str,
    Checked("an e-mail address", r"[^@\s/]+@[^@\s/]+", "anyscale@acme-ml.iam.gserviceaccount.com"),
]
Endpoint = Annotated[
    str,
    Checked(
        "an http or https URL without credentials or query",
        r"https?://[^\s/@?#]+(?:/[^\s?#]*)?",
        "https://s3.us-east-2.amazonaws.com",
    ),
]
HostPort = Annotated[str, Checked("a host and a port", r"[^\s:/]+:\d+", "redis.ray-system.svc.cluster.local:6379")]
Host = Annotated[
    str,
    Checked(
        "a host name or an IP address, without scheme, port or path",
        r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?|(?:[0-9A-Fa-f]*:){2,}[0-9A-Fa-f.]*",
        "10.0.0.5",
    ),
]
ImageRegistry = Annotated[
    str,
    Checked(
        "HOST[:PORT][/PATH] without a scheme",
        r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d+)?(?:/[^\s:@]*)?",
        "registry.acme.example/anyscale",
    ),
]
KubernetesName = Annotated[
    str,
    Checked(
        "a Kubernetes name: at most 253 lowercase letters, digits, hyphens and periods, neither of these at either end",
        r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*",
        "anyscale",
    ),
]
RedisUrl = Annotated[
    str,
    Checked(
        "rediss://HOST:PORT, because MemoryDB uses TLS",
        r"rediss://[^\s:/]+:\d+",
        "rediss://clustercfg.anyscale-prod.abc123.memorydb.us-east-2.amazonaws.com:6379",
    ),
]
MemoryDbName = Annotated[
    str,
    Checked("a MemoryDB cluster's name, not its ARN", r"[a-z][a-z0-9-]{0,39}", "anyscale-prod"),
]
MemoryDbArn = Annotated[
    str,
    Checked(
        "a MemoryDB cluster's ARN",
        r"arn:aws:memorydb:[a-z0-9-]+:\d{12}:cluster/[a-z0-9-]+",
        "arn:aws:memorydb:us-east-2:111122223333:cluster/anyscale-prod",
    ),
]
