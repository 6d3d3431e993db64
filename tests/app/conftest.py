"""A served app and a headless Chromium for the tests of the page."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

STRATEGIES = Path(__file__).parents[2] / "docs" / "strategies.csv"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def served() -> Iterator[str]:
    """The address of an app that runs as its users would start it."""
    pytest.importorskip("nicegui", reason="the extra 'app' is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "NICEGUI"))}
    command = [sys.executable, "-c", "from experiments.cli import main; main()", "app", "--no-browser"]
    command += ["--tournament", str(STRATEGIES), "--draws", "1"]
    process = subprocess.Popen([*command, "--port", str(port)], env=environment)
    address = f"http://127.0.0.1:{port}/"
    try:
        _wait_for(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "the app ended by itself"
        try:
            urllib.request.urlopen(address, timeout=20).close()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail("the app did not answer within two minutes")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium; skips where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    with sync_api.sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
        if path is None and not own.exists():
            pytest.skip("no Chromium is installed: on Debian and Ubuntu, 'apt install chromium'")
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, served: str) -> Iterator[Any]:
    """The app in a browser of its own; fails if the page complains or asks any other server for anything."""
    context = chromium.new_context(viewport={"width": 1600, "height": 1250}, accept_downloads=True)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("request", lambda asked: complaints.append(asked.url) if _is_foreign(asked.url, served) else None)
    opened.set_default_timeout(60_000)
    opened.goto(served)
    opened.get_by_test_id("run").wait_for()
    yield opened
    context.close()
    assert complaints == []


def _is_foreign(url: str, served: str) -> bool:
    return not url.startswith((served, served.replace("http", "ws"), "data:", "blob:"))
