"""A double of hashicorp/kubernetes: the data source `kubernetes_service_v1`, with a load balancer's address."""

from tf.iface import Config, DataSource, ReadDataContext, State
from tf.runner import run_provider
from tf.schema import Attribute, Schema
from tf.types import List, Map, String

from tests.e2e.providers.cluster import ClusterDouble
from tests.e2e.providers.double import Double


class KubernetesService(DataSource):
    def __init__(self, provider: Double) -> None:
        self.provider = provider

    @classmethod
    def get_name(cls) -> str:
        return "service_v1"

    @classmethod
    def get_schema(cls) -> Schema:
        # Objects and blocks in the real provider, for which the framework has no types; maps work in the same way.
        ingress = List(Map(String()))
        return Schema(
            [
                Attribute("id", String(), computed=True),
                Attribute("metadata", Map(String()), required=True),
                Attribute("status", List(Map(List(Map(ingress)))), computed=True),
            ]
        )

    def read(self, ctx: ReadDataContext, config: Config) -> State:
        name, namespace = config["metadata"]["name"], config["metadata"]["namespace"]
        address = {"hostname": f"{name}.{namespace}.elb.example.com", "ip": "192.0.2.1"}
        status = [{"load_balancer": [{"ingress": [address]}]}]
        return config | {"id": f"{namespace}/{name}", "status": status}


if __name__ == "__main__":
    cluster = ["host", "cluster_ca_certificate", "exec"]
    run_provider(ClusterDouble("kubernetes", cluster, data_sources=[KubernetesService]))
