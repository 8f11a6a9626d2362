import pathlib
from dataclasses import replace

from anyscale_constructs.review import addresses
from anyscale_constructs.review.stacks import StackContent, read
from tests.unit.review.parts import CLOUD, pair, synthesized

MOVED = {"module.vpc": "module.network"}


def test_a_module_with_another_id_is_matched(tmp_path: pathlib.Path) -> None:
    base, _ = pair(tmp_path, CLOUD, CLOUD)
    head = base.renamed(MOVED)
    found = addresses.compare(base, head)
    assert (found.gone, found.new, found.moves) == (["module.vpc"], ["module.network"], MOVED)
    (finding,) = addresses.missing_blocks(found)
    assert finding.rule == addresses.MOVED_BLOCK_MISSING
    assert '{"from": "module.vpc", "to": "module.network"}' in finding.fix


def test_a_moved_block_counts(tmp_path: pathlib.Path) -> None:
    base, _ = pair(tmp_path, CLOUD, CLOUD)
    head = replace(base.renamed(MOVED), moved=[*MOVED.items()])
    found = addresses.compare(base, head)
    assert (found.gone, found.new, found.moves, found.moved) == ([], [], {}, MOVED)
    again = addresses.compare(head, head)
    assert (again.gone, again.new, again.moved) == ([], [], {})


def test_resources_with_little_in_common_are_not_matched(tmp_path: pathlib.Path) -> None:
    base, head = pair(tmp_path, CLOUD + "efs: {}\n", CLOUD + "memorydb: {}\n")
    found = addresses.compare(base, head)
    assert (found.gone, found.new, found.moves) == (["module.efs"], ["module.memorydb"], {})


def test_resources_move_too_and_data_sources_never() -> None:
    base = StackContent("a", resources={"t.a": {"x": 1, "y": "${t.z.id}"}, "data.t.a": {"x": 1}})
    head = StackContent("a", resources={"t.b": {"x": 1, "y": "${t.w.id}"}, "data.t.b": {"x": 1}})
    assert addresses.compare(base, head).moves == {"t.a": "t.b"}


def test_a_renamed_file_is_a_new_cloud(tmp_path: pathlib.Path) -> None:
    base = read(synthesized(tmp_path / "base", {"prod": CLOUD, "other": CLOUD.replace("10.0", "10.9")}))
    head = read(synthesized(tmp_path / "head", {"production": CLOUD, "other": CLOUD.replace("10.0", "10.9")}))
    found = addresses.pair(base, head)
    assert (found.both, found.renamed, found.added, found.removed) == (["other"], {"prod": "production"}, [], [])
    (finding,) = addresses.about_stacks(found, base, head)
    assert (finding.rule, finding.cloud) == (addresses.RENAMED_CLOUD, "production")
    assert "prod.yaml" in finding.fix


def test_clouds_of_other_kinds_are_not_renamed(tmp_path: pathlib.Path) -> None:
    google = "stack: gce\nregion: us-east1\norg_id: org_1234abcd\nproject: {project_id: acme-ml}\n"
    google += "firewall: {ingress_cidr_blocks: [10.0.0.0/8]}\n"
    base, head = (synthesized(tmp_path / side, {side: text}) for side, text in (("a", CLOUD), ("b", google)))
    found = addresses.pair(read(base), read(head))
    assert (found.renamed, found.added, found.removed) == ({}, ["b"], ["a"])
    (finding,) = addresses.about_stacks(found, read(base), read(head))
    assert (finding.rule, finding.severity) == (addresses.REMOVED_CLOUD, "note")


def test_another_backend_moves_the_state(tmp_path: pathlib.Path) -> None:
    base, head = pair(tmp_path, CLOUD, CLOUD + "backend: {type: s3, bucket: acme-state, region: us-east-2}\n")
    (finding,) = addresses.moved_state(base, head)
    assert (finding.rule, finding.key) == (addresses.MOVED_STATE, ("backend",))
    assert "-migrate-state" in finding.fix
    assert list(addresses.moved_state(head, head)) == []
