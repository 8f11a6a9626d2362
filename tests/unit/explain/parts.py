"""Stacks for pages, from Terraform JSON."""

from typing import Any

from anyscale_constructs.explain import parts
from anyscale_constructs.explain.page import Page, page_of
from anyscale_constructs.explain.sections import Section
from anyscale_constructs.review.stacks import StackContent, module_calls, plain, resources
from anyscale_constructs.terraform.interface import Interface
from tests.examples import SYNTHESIZED


def content(name: str, tree: dict[str, Any]) -> StackContent:
    """The content of a stack, from its Terraform JSON."""
    outputs = {key: plain(body) for key, body in tree.get("output", {}).items()}
    return StackContent(name, module_calls(tree), resources(tree), outputs=outputs, tree=tree)


def stack(**tree: Any) -> parts.Stack:
    """A stack named `cloud`, from the blocks of its Terraform JSON."""
    return parts.read(content("cloud", tree))


def call(module: str, **inputs: Any) -> dict[str, Any]:
    """A call of one of the catalog's modules, e.g. `aws/vpc`."""
    known = Interface.load(module)
    if known.registry:
        return {"source": known.registry, "version": known.ref.removeprefix("v"), **inputs}
    path = "" if known.path == "." else f"//{known.path}"
    return {"source": f"git::https://github.com/{known.repository}.git{path}?ref={known.commit}", **inputs}


def page(cloud: str) -> Page:
    """The page on one of the examples."""
    return page_of(cloud, [content(each.name, each.terraform) for each in SYNTHESIZED[cloud].stacks])


def said(section: Section) -> dict[str, list[str]]:
    """The lines of a section, by the names of its entries."""
    return {entry.name: [*entry.lines] for entry in section.entries}
