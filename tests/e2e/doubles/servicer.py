"""Serves a provider over Terraform's plugin protocol 6; the resources of a double exist in the state only."""

import json
from collections.abc import Set as AbstractSet
from typing import Any

import msgpack
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

from tests.e2e.doubles.provider import EVERY, NO_RULES, Provider, Rules
from tests.e2e.doubles.rules import broken, replaced_by
from tests.e2e.doubles.schema import Attribute, Block, ObjectType
from tests.e2e.doubles.values import UNKNOWN, Maker, find_faults, is_unknown, is_write_only, unknown_where_computed


class Servicer(rpc.ProviderServicer):
    """The double of one provider; if a stack configures it several times, the last configuration applies.

    Args:
        provider: The provider.
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._schema = provider.schema()
        self._configuration: dict[str, Any] = {}
        self._answer = pb.GetProviderSchema.Response()
        self._answer.provider.block.CopyFrom(_block(self._schema["provider"]))
        for name, type_ in provider.meta.items():
            self._answer.provider_meta.block.attributes.add(name=name, type=json.dumps(type_).encode(), optional=True)

    def offer(self, names: AbstractSet[str]) -> None:
        """Adds types to the schemas that Terraform requests in each run; all types of AWS would take seconds.

        Args:
            names: The types, and any other words.
        """
        for blocks, schemas in (
            (self._schema["resource_schemas"], self._answer.resource_schemas),
            (self._schema["data_source_schemas"], self._answer.data_source_schemas),
        ):
            for name in (names & blocks.keys()) - schemas.keys():
                schemas[name].block.CopyFrom(_block(blocks[name]))

    def GetProviderSchema(self, request: Any, context: Any) -> Any:
        return self._answer

    def ValidateProviderConfig(self, request: Any, context: Any) -> Any:
        return pb.ValidateProviderConfig.Response()

    def ConfigureProvider(self, request: Any, context: Any) -> Any:
        given = _unpack(request.config) or {}
        self._configuration = {name: value for name, value in given.items() if not (value is None or is_unknown(value))}
        return pb.ConfigureProvider.Response()

    def StopProvider(self, request: Any, context: Any) -> Any:
        return pb.StopProvider.Response()

    def ValidateResourceConfig(self, request: Any, context: Any) -> Any:
        rules = self._provider.rules_of(request.type_name)
        return _validated(pb.ValidateResourceConfig.Response(), self._schema["resource_schemas"], request, rules)

    def ValidateDataResourceConfig(self, request: Any, context: Any) -> Any:
        return _validated(
            pb.ValidateDataResourceConfig.Response(), self._schema["data_source_schemas"], request, NO_RULES
        )

    def UpgradeResourceState(self, request: Any, context: Any) -> Any:
        return pb.UpgradeResourceState.Response(upgraded_state=_pack(json.loads(request.raw_state.json)))

    def ReadResource(self, request: Any, context: Any) -> Any:
        return pb.ReadResource.Response(new_state=request.current_state)

    def PlanResourceChange(self, request: Any, context: Any) -> Any:
        proposed, prior, config = map(_unpack, (request.proposed_new_state, request.prior_state, request.config))
        if proposed is None:
            return pb.PlanResourceChange.Response(planned_state=request.proposed_new_state)
        block = self._schema["resource_schemas"][request.type_name]
        planned = unknown_where_computed(block, proposed)
        for name in self._provider.values(request.type_name).keys() & block["block_types"].keys():
            if not config[name]:
                planned[name] = UNKNOWN if prior is None else prior[name]
        made = pb.PlanResourceChange.Response(legacy_type_system=True)
        if prior is None:
            self._compute_known(request.type_name, planned)
        else:
            for path in replaced_by(
                block, self._provider.rules_of(request.type_name).replacing.split(), prior, planned
            ):
                steps = made.requires_replace.add().steps
                for step in path:
                    steps.add(**{"attribute_name" if isinstance(step, str) else "element_key_int": step})
        made.planned_state.CopyFrom(_pack(planned))
        return made

    def ApplyResourceChange(self, request: Any, context: Any) -> Any:
        planned = _unpack(request.planned_state)
        if planned is None:
            return pb.ApplyResourceChange.Response(new_state=request.planned_state)
        block = self._schema["resource_schemas"][request.type_name]
        done = self._maker(request.type_name, planned).fill(block, planned)
        return pb.ApplyResourceChange.Response(new_state=_pack(done), legacy_type_system=True)

    def ReadDataSource(self, request: Any, context: Any) -> Any:
        block, config = self._schema["data_source_schemas"][request.type_name], _unpack(request.config)
        found = self._maker(f"data.{request.type_name}", config).fill(block, unknown_where_computed(block, config))
        return pb.ReadDataSource.Response(state=_pack(found))

    def _compute_known(self, type_name: str, planned: dict[str, Any]) -> None:
        """Computes the values that the real provider already knows at plan."""
        known = self._provider.known_at_plan
        for name in (*known.get(EVERY, ()), *known.get(type_name, ())):
            maker = self._maker(type_name, planned)
            if is_unknown(planned.get(name)) and maker.can_make(name):
                planned[name] = maker.make(name, "string")

    def _maker(self, type_name: str, value: dict[str, Any]) -> Maker:
        return Maker(self._provider, type_name, value, self._configuration)


def _validated(made: Any, blocks: dict[str, Block], request: Any, rules: Rules) -> Any:
    found: list[str] = []
    config = _unpack(request.config)
    find_faults(found, "", blocks[request.type_name], config)
    found += broken(rules, config)
    for what in found:
        made.diagnostics.add(severity=pb.Diagnostic.ERROR, summary=f"{request.type_name}: {what}")
    return made


def _unpack(value: Any) -> Any:
    return msgpack.unpackb(value.msgpack, strict_map_key=False)


def _pack(value: Any) -> Any:
    return pb.DynamicValue(msgpack=msgpack.packb(value))


def _block(block: Block) -> Any:
    made = pb.Schema.Block()
    for name, attribute in block["attributes"].items():
        made.attributes.append(_attribute(name, attribute))
    for name, kind in block["block_types"].items():
        nesting = pb.Schema.NestedBlock.NestingMode.Value(kind["nesting_mode"].upper())
        inner = made.block_types.add(type_name=name, nesting=nesting)
        inner.block.CopyFrom(_block(kind["block"]))
        if kind["nesting_mode"] in {"list", "set"}:
            inner.min_items, inner.max_items = kind["min_items"], kind["max_items"]
    return made


def _attribute(name: str, attribute: Attribute) -> Any:
    flags: dict[str, bool] = {flag: attribute.get(flag, False) for flag in ("required", "optional", "computed")}  # type: ignore[misc]
    made = pb.Schema.Attribute(name=name, **flags)
    if object_type := attribute.get("nested_type"):
        made.nested_type.CopyFrom(_object(object_type))
    else:
        made.type = json.dumps(attribute["type"]).encode()
    if is_write_only(name):
        made.MergeFromString(b"\x58\x01")  # the field `write_only`, which the package's older protocol lacks
    return made


def _object(object_type: ObjectType) -> Any:
    made = pb.Schema.Object(nesting=pb.Schema.Object.NestingMode.Value(object_type["nesting_mode"].upper()))
    for name, attribute in object_type["attributes"].items():
        made.attributes.append(_attribute(name, attribute))
    return made
