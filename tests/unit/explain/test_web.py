"""The page as HTML and the drawing in it; a browser opens it in tests/e2e."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from anyscale_constructs.explain.layout import HEIGHT, WIDTH, laid_out
from anyscale_constructs.explain.page import Page, page_of
from anyscale_constructs.explain.svg import as_picture
from anyscale_constructs.explain.web import as_html
from tests.examples import CLOUDS
from tests.unit.explain.parts import content, page

NAMES = [cloud.stem for cloud in CLOUDS]
EMPTY = {"meta", "wbr"}


class Reader(HTMLParser):
    """Checks that elements are closed in order, and gathers the text and the attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("shown", [as_html, as_picture])
@pytest.mark.parametrize("name", NAMES)
def test_the_page_loads_nothing_and_runs_no_script(name: str, shown: Callable[[Page], str]) -> None:
    reader = read(shown(page(name)))
    assert reader.tags.isdisjoint({"script", "link", "img", "iframe", "object", "embed", "image", "use", "base"})
    assert [each for each in reader.attributes if each[0] in {"src", "href", "xlink:href", "srcset"}] == []
    assert [name for name, _ in reader.attributes if name.startswith("on")] == []
    assert re.search(r"url\((?!#)|@import", shown(page(name))) is None


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_is_xml_with_a_white_background_its_own_size_and_all_boxes(name: str) -> None:
    root, expected = ET.fromstring(as_picture(page(name))), page(name).drawing  # noqa: S314 - it is ours
    svg = "{http://www.w3.org/2000/svg}"
    size = root.attrib["width"], root.attrib["height"]
    background = root.find(f"{svg}rect")
    assert background is not None
    assert background.attrib == {"width": size[0], "height": size[1], "fill": "white"}
    assert root.attrib["viewBox"] == " ".join(["0 0", *size])
    assert len(root.findall(f"{svg}g[@id]")) == len(expected.boxes)
    assert "prefers-color-scheme" not in as_picture(page(name))


@pytest.mark.parametrize("name", NAMES)
def test_the_html_contains_the_whole_page(name: str) -> None:
    shown, expected = "".join(read(as_html(page(name))).text), page(name)
    for section in expected.sections:
        for text in (section.title, section.note):
            assert text in shown
        for entry in section.entries:
            assert entry.name in shown
            assert [line for line in entry.lines if line not in shown] == []


def test_names_are_escaped() -> None:
    attack = "<script>alert(1)</script>"
    tree = {
        "module": {"a": {"source": f"./{attack}"}},
        "output": {"anyscale_cloud_resource": {"value": {"region": attack, attack: "x"}}},
    }
    html = as_html(page_of(attack, [content(attack, tree)]))
    assert "script" not in read(html).tags


@pytest.mark.parametrize("name", NAMES)
def test_boxes_do_not_overlap_and_arrows_go_down_from_box_to_box(name: str) -> None:
    layout = laid_out(page(name).drawing)
    places = [*layout.places.items()]
    for number, (one, (x, y)) in enumerate(places):
        assert 0 <= x <= layout.width - WIDTH
        assert 0 <= y <= layout.height - HEIGHT
        for other, (to_x, to_y) in places[number + 1 :]:
            assert abs(x - to_x) >= WIDTH or abs(y - to_y) >= HEIGHT, f"{one} and {other}"
    for arrow, points in layout.routes:
        assert [*points] == sorted(points, key=lambda point: point[1])
        for end, key, edge in ((points[0], arrow.source, HEIGHT), (points[-1], arrow.target, 0)):
            x, y = layout.places[key]
            assert x <= end[0] <= x + WIDTH
            assert end[1] == y + edge


def test_an_empty_cloud_has_a_page() -> None:
    assert "cloud" in as_html(page_of("cloud", [content("cloud", {})]))
