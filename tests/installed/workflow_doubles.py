"""Doubles of the programs in workflows that need other machines; all their data is in a directory.

`python workflow_doubles.py FOLDER gh|anyscale|terraform ARGUMENTS...`
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml


def gh(store: Path, words: list[str]) -> None:
    """GitHub: `comments`, `pulls` by commit, `runs` by commit, and the artifacts, in directories by run and name."""
    options = {word: words[index + 1] for index, word in enumerate(words[:-1]) if word.startswith("--")}
    if words[:2] == ["run", "download"]:
        shutil.copytree(store / "artifacts" / words[2] / options["--name"], options["--dir"])
        return
    if words[:2] == ["run", "list"]:
        runs = [run for run in _read(store, "runs", []) if run["sha"] == options["--commit"]]
        _print([{"databaseId": run["id"]} for run in runs[: int(options["--limit"])]], options["--jq"])
        return
    path = (
        next(word for word in words if word.startswith("repos/")).partition("?")[0].removeprefix("repos/acme/clouds/")
    )
    comments = _read(store, "comments", [])
    match path.split("/"):
        case ["issues", _, "comments"] if options.get("--method") == "POST":
            bot = {"login": "github-actions[bot]"}
            _write(store, "comments", [*comments, {"id": len(comments) + 1, "user": bot, "body": _body(options)}])
        case ["issues", _, "comments"]:
            _print(comments, options["--jq"])
        case ["issues", "comments", id]:
            assert options["--method"] == "PATCH"
            comments[int(id) - 1]["body"] = _body(options)
            _write(store, "comments", comments)
        case ["commits", sha, "pulls"]:
            _print(_read(store, "pulls", {}).get(sha, []), options["--jq"])
        case ["actions", "runs", run, "artifacts"]:
            names = sorted(each.name for each in (store / "artifacts" / run).iterdir())
            _print({"artifacts": [{"name": name, "expired": False} for name in names]}, options["--jq"])
        case _:
            raise AssertionError(words)


def anyscale(store: Path, words: list[str]) -> None:
    """Anyscale's control plane, in which one cloud can be registered."""
    options = {word: words[index + 1] for index, word in enumerate(words[:-1]) if word.startswith("--")}
    cloud = _read(store, "cloud", None)
    match words[1]:
        case "list":
            sys.stdout.write(json.dumps([{"id": "cld_1", "name": cloud["name"]}] if cloud else []))
        case "get":
            sys.stdout.write(json.dumps(cloud))
        case "register":
            resource = yaml.safe_load(Path(options["--resource-file"]).read_text(encoding="utf-8"))
            resources = [resource | {"cloud_resource_id": "cldrsrc_1234abcd"}]
            _write(store, "cloud", {"name": options["--name"], "resources": resources})
        case _:
            raise AssertionError(words)


def terraform(store: Path, words: list[str]) -> None:
    """The real program; for an operator stack, whose providers are not available, a plan that contains its variable."""
    folder = Path(next((word.partition("=")[2] for word in words if word.startswith("-chdir=")), ".")).absolute()
    if not folder.name.endswith("-operator"):
        os.execv(_read(store, "terraform", ""), ["terraform", *words])  # noqa: S606 - it takes this one's place
    match words:
        case ["init", *_]:
            (folder / ".terraform.lock.hcl").touch()
        case ["plan", *_]:
            shutil.copy(folder / "terraform.tfvars.json", folder / "tfplan")
        case ["show", "-json", _]:
            sys.stdout.write(json.dumps({"format_version": "1.2", "planned_values": {}, "resource_changes": []}))
        case ["apply", *_]:
            shutil.copy(folder / "tfplan", store / f"{folder.name}.json")


def _read(store: Path, name: str, default: Any) -> Any:
    file = store / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else default


def _write(store: Path, name: str, value: Any) -> None:
    (store / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")


def _print(value: Any, query: str) -> None:
    """Prints the result of a query as gh does: strings without quotes."""
    subprocess.run(["jq", "--raw-output", "--compact-output", query], input=json.dumps(value), text=True, check=True)


def _body(options: dict[str, str]) -> str:
    name = re.fullmatch("body=@(.*)", options["--field"])
    assert name
    return Path(name[1]).read_text(encoding="utf-8")


if __name__ == "__main__":
    {each.__name__: each for each in (gh, anyscale, terraform)}[sys.argv[2]](Path(sys.argv[1]), sys.argv[3:])
