"""A double of hashicorp/helm: releases without a cluster; the real helm renders charts that are on disk."""

import subprocess
from pathlib import Path

from tf.iface import CreateContext, State, UpdateContext
from tf.runner import run_provider
from tf.schema import Attribute, Schema
from tf.types import Bool, List, Number, String
from tf.utils import Diagnostics

from tests.e2e.providers.cluster import ClusterDouble
from tests.e2e.providers.double import Kept
from tests.missing import find_helm


class HelmRelease(Kept):
    @classmethod
    def get_name(cls) -> str:
        return "release"

    @classmethod
    def get_schema(cls) -> Schema:
        return Schema(
            [
                Attribute("id", String(), computed=True),
                Attribute("name", String(), required=True, requires_replace=True),
                Attribute("namespace", String(), optional=True, requires_replace=True),
                Attribute("create_namespace", Bool(), optional=True),
                Attribute("repository", String(), optional=True),
                Attribute("chart", String(), required=True),
                Attribute("version", String(), optional=True),
                Attribute("timeout", Number(), optional=True),
                Attribute("atomic", Bool(), optional=True),
                Attribute("values", List(String()), optional=True),
            ]
        )

    def create(self, ctx: CreateContext, planned: State) -> State:
        _render(planned, ctx.diagnostics)
        return planned | {"id": planned["name"]}

    def update(self, ctx: UpdateContext, current: State, planned: State) -> State:
        _render(planned, ctx.diagnostics)
        return planned


def _render(release: State, diags: Diagnostics) -> None:
    """Renders a chart on disk; charts in repositories are not available, and the operator's chart has its own tests."""
    if release["repository"] is not None:
        return
    if not Path(release["chart"]).is_dir():
        diags.add_error(f"there is no folder {release['chart']} in {Path.cwd()}")
        return
    command = [find_helm(), "template", release["name"], release["chart"], "--namespace", release["namespace"]]
    done = subprocess.run(
        [*command, "--values", "-"], input=release["values"][0], check=False, capture_output=True, text=True
    )
    if done.returncode:
        diags.add_error(f"helm cannot render {release['name']}", done.stderr)


if __name__ == "__main__":
    run_provider(ClusterDouble("helm", ["kubernetes"], resources=[HelmRelease]))
