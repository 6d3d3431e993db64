"""What ``deca10b app`` says when it cannot serve."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from experiments import cli_app
from experiments.cli_app import serve_app
from sim.errors import ConfigError


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the extra were installed, wherever the tests run."""
    monkeypatch.setattr(cli_app, "find_spec", lambda name: name)


def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_app, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"extra 'app', which is not installed.*pip install"):
        serve_app("quickstart", "127.0.0.1", 8765, browser=False)


def test_an_unknown_scenario_is_refused_before_anything_is_served() -> None:
    with pytest.raises(ConfigError, match="no story or scenario 'nonsense'"):
        serve_app("nonsense", "127.0.0.1", 8765, browser=False)


def test_a_port_in_use_is_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = rf"Port {port} of 127.0.0.1 is in use.*http://127.0.0.1:{port}/ .*--port (?!{port}\.)\d+\.$"
        with pytest.raises(ConfigError, match=said):
            serve_app("quickstart", "127.0.0.1", port, browser=False)


def test_a_port_out_of_range_is_refused() -> None:
    with pytest.raises(ConfigError, match="--port is 70000; it must be 1 to 65535"):
        serve_app("quickstart", "127.0.0.1", 70_000, browser=False)


def test_a_tournament_is_served_beside_the_app(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Who can play is ready to; a row that cannot is told by its line, and a file that cannot be used is refused."""
    served: list[Any] = []
    serving = ModuleType("experiments.app.serve")
    serving.serve = lambda *arguments: served.append(arguments)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "experiments.app.serve", serving)
    monkeypatch.setattr(cli_app, "check_address", lambda host, port: None)
    file = tmp_path / "class.csv"
    file.write_text("name,behaviour\nada,honest\nbob,label_fliper\n", encoding="utf-8")
    serve_app("quickstart", "127.0.0.1", 8765, False, str(file), 3)
    out, err = capsys.readouterr()
    assert "http://127.0.0.1:8765/tournament" in out
    assert err.startswith("Line 3 (bob) does not play: behaviour is 'label_fliper'")
    (*_, sessions) = served[0]
    assert [row.name for row in sessions().standings()] == ["ada"]
    assert sessions().draws == 3
    with pytest.raises(ConfigError, match="cannot be read"):
        serve_app("quickstart", "127.0.0.1", 8765, False, str(tmp_path / "none.csv"), 3)
    with pytest.raises(ConfigError, match="draws is 0"):
        serve_app("quickstart", "127.0.0.1", 8765, False, str(file), 0)
