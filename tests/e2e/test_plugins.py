from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.plugins import ALWAYS_DOUBLED, DOUBLES, NEEDED, REGISTRY, Plugins, find_plugins, target, versions
from tests.missing import MissingPieceError


def online(_: str) -> bool:
    return True


def offline(_: str) -> bool:
    return False


def unpacked(mirror: Path, provider: str, version: str) -> Path:
    (mirror / REGISTRY / provider / version / target()).mkdir(parents=True)
    return mirror


def find(
    work: Path,
    named: Path | None = None,
    places: tuple[Path, ...] = (),
    reach: Callable[[str], bool] = offline,
) -> Plugins:
    environment = {"TF_PLUGIN_MIRROR": str(named)} if named else {}
    return find_plugins(work, environment, places=places, online=reach)


def test_releases_are_ordered_by_number_packed_and_unpacked_alike(tmp_path: Path) -> None:
    unpacked(tmp_path, "hashicorp/aws", "5.100.0")
    unpacked(tmp_path, "hashicorp/aws", "5.99.1")
    (tmp_path / REGISTRY / "hashicorp/aws" / f"terraform-provider-aws_6.2.0_{target()}.zip").touch()

    assert versions(tmp_path, "hashicorp/aws") == ["5.99.1", "5.100.0", "6.2.0"]


def test_a_release_for_another_platform_is_ignored(tmp_path: Path) -> None:
    (tmp_path / REGISTRY / "hashicorp/aws/5.100.0/plan9_mips").mkdir(parents=True)

    assert versions(tmp_path, "hashicorp/aws") == []


def test_doubles_replace_providers_that_a_mirror_lacks(tmp_path: Path) -> None:
    mirror = unpacked(tmp_path / "mirror", "hashicorp/aws", "5.100.0")

    found = find(tmp_path, places=(tmp_path / "nowhere", mirror))

    assert found.origins == {
        "hashicorp/aws": "5.100.0 from a mirror",
        "hashicorp/cloudinit": "2.3.7, a double",
        "hashicorp/helm": "3.1.1, a double",
        "hashicorp/kubernetes": "3.0.1, a double",
        "hashicorp/null": "3.2.4, a double",
        "hashicorp/random": "3.7.2, a double",
        "hashicorp/time": "0.13.1, a double",
        "hashicorp/tls": "4.1.0, a double",
    }
    assert "direct" not in found.configuration
    assert not found.online
    assert versions(tmp_path / "doubles", "hashicorp/random") == ["3.7.2"]


def test_the_registry_takes_precedence_over_an_unconfigured_mirror(tmp_path: Path) -> None:
    mirror = unpacked(tmp_path / "mirror", "hashicorp/aws", "5.100.0")

    found = find(tmp_path, places=(mirror,), reach=online)

    assert found.origins == dict.fromkeys(NEEDED, "from the registry") | {
        name: f"{DOUBLES[name]}, a double" for name in ALWAYS_DOUBLED
    }
    assert str(mirror) not in found.configuration


def test_a_complete_configured_mirror_needs_no_network(tmp_path: Path) -> None:
    for provider in NEEDED:
        unpacked(tmp_path / "mirror", provider, "5.0.0")

    def without_requests(host: str) -> bool:
        raise AssertionError(host)

    found = find(tmp_path, named=tmp_path / "mirror", reach=without_requests)

    assert not found.online
    assert "direct" not in found.configuration


def test_the_registry_complements_a_configured_mirror(tmp_path: Path) -> None:
    mirror = unpacked(tmp_path / "mirror", "hashicorp/aws", "5.100.0")

    found = find(tmp_path, named=mirror, reach=online)

    assert found.origins["hashicorp/aws"] == "5.100.0 from a mirror"
    assert found.origins["hashicorp/time"] == "from the registry"
    excluded = ", ".join(f'"{REGISTRY}/{name}"' for name in ("hashicorp/aws", *ALWAYS_DOUBLED))
    assert f"direct {{ exclude = [{excluded}] }}" in found.configuration


def test_fails_if_the_configured_mirror_lacks_aws(tmp_path: Path) -> None:
    with pytest.raises(MissingPieceError, match=r"hashicorp/aws for .*TF_PLUGIN_MIRROR="):
        find(tmp_path, named=tmp_path)


def test_fails_if_no_source_has_aws(tmp_path: Path) -> None:
    with pytest.raises(MissingPieceError, match="name a filesystem mirror in TF_PLUGIN_MIRROR"):
        find(tmp_path)
