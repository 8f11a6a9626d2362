"""The page of `explain` in a real browser: its content in light and dark mode, without any request."""

import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from anyscale_constructs.explain.web import as_html
from tests.examples import OF_KINDS
from tests.missing import find_chromium
from tests.unit.explain.parts import page
from tests.unit.explain.test_web import read

QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions"),
    *("--disable-default-apps", "--disable-features=OptimizationHints,MediaRouter,NetworkTimeServiceQuerying"),
)
OWN = re.compile(r"(?:http://)?[a-z0-9.-]+\.google\.com[:/].*")
"""Chromium's own requests, whatever page is open: for the time, accounts and updates."""
_DRAWN = 50_000
"""More bytes than the picture of an empty page has."""
DARK = "--blink-settings=preferredColorScheme=0"


@dataclass
class Browser:
    """Chromium, all of whose requests go to a proxy.

    Args:
        program: Its path.
        proxy: The address of the proxy.
        folder: The directory for its profile and its screenshots.
        requests: Its requests to the proxy, except for its own.
    """

    program: str
    proxy: str
    folder: Path
    requests: list[str] = field(default_factory=list)

    def open(self, file: Path, *options: str) -> str:
        """Opens a file; returns its output."""
        command = [
            *(self.program, *QUIET, f"--user-data-dir={self.folder / 'profile'}"),
            *(f"--proxy-server={self.proxy}", "--proxy-bypass-list=<-loopback>", *options, file.as_uri()),
        ]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout

    def screenshot(self, file: Path, *options: str) -> bytes:
        """A picture of a file, as PNG."""
        picture = self.folder / "page.png"
        self.open(file, f"--screenshot={picture}", "--window-size=1280,2000", *options)
        return picture.read_bytes()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    found = Browser(find_chromium(), "", tmp_path)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not OWN.fullmatch(self.path):
                found.requests.append(self.path)
            self.send_error(404)

        do_CONNECT = do_GET  # noqa: N815 - http.server calls it so

        def log_message(self, format: str, *args: object) -> None:
            """Logs nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.proxy = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield found
        server.shutdown()


def flat(text: str) -> str:
    """Returns text without white space."""
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("kind", OF_KINDS)
def test_a_browser_shows_the_page_without_requests(kind: str, browser: Browser, tmp_path: Path) -> None:
    expected, file = page(OF_KINDS[kind]), tmp_path / "cloud.html"
    file.write_text(as_html(expected), encoding="utf-8")
    shown = flat("".join(read(browser.open(file, "--dump-dom")).text))
    lines = [line for section in expected.sections for entry in section.entries for line in (entry.name, *entry.lines)]
    assert [line for line in lines if flat(line) not in shown] == []
    assert [box.title for box in expected.drawing.boxes if flat(box.title) not in shown] == []
    light, dark = browser.screenshot(file), browser.screenshot(file, DARK)
    assert light != dark
    assert min(len(light), len(dark)) > _DRAWN
    assert browser.requests == []


def test_a_request_by_a_page_is_detected(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "asking.html"
    file.write_text('<img src="http://elsewhere.example/picture.png">')
    browser.open(file, "--dump-dom")
    assert browser.requests == ["http://elsewhere.example/picture.png"]


def test_the_pages_content_security_policy_blocks_requests_of_injected_elements(
    browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "cloud.html"
    text = as_html(page("minimal"))
    file.write_text(text.replace("</body>", '<img src="http://elsewhere.example/picture.png"></body>'))
    browser.open(file, "--dump-dom")
    assert browser.requests == []
