"""What ``deca10b app`` checks before it serves."""

from __future__ import annotations

import errno
import ipaddress
import socket
import sys
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

from experiments.app.session import Session
from experiments.app.tournament import TOURNAMENT, TournamentSession
from experiments.levers import plain
from experiments.scenario import load_scenario
from experiments.strategies import read_strategies
from sim.errors import ConfigError

INSTALL = "pip install 'deca10b[app]' (in a copy of the sources: .venv/bin/pip install -c constraints.txt -e '.[app]')"

_HIGHEST_PORT = 65535


def serve_app(
    scenario: str, host: str, port: int, browser: bool, tournament: str | None = None, draws: int = 10
) -> None:  # fmt: skip
    """Serve the app until it is interrupted. Raises `ConfigError` when it cannot.

    With a file of strategies it also serves a page on which their ``tournament`` plays; rows that cannot play are told.
    """
    if find_spec("nicegui") is None:
        raise ConfigError(f"The app needs the extra 'app', which is not installed. Install it: {INSTALL}.")
    Session(scenario)  # complains of a scenario that is not known, or cannot be built, before anybody waits for a page
    sessions = None if tournament is None else _tournament(tournament, draws)
    check_address(host, port)
    from experiments.app.serve import serve

    print(f"The app is at http://{_shown(host)}:{port}/ ; Ctrl-C ends it.", flush=True)
    if sessions is not None:
        print(f"The tournament is at http://{_shown(host)}:{port}{TOURNAMENT} .", flush=True)
    if not _is_of_this_machine(host):
        print("Anyone who can reach this address can use it; there is no password.", flush=True)
    serve(host, port, scenario, browser, sessions)


def _tournament(file: str, draws: int) -> Callable[[], TournamentSession]:
    """What makes sessions of the tournament of a file's strategies, in the scenario ``tournament``."""
    base = plain(load_scenario("tournament"))
    strategies = read_strategies(file, base)
    for row in strategies.bad:
        print(row, file=sys.stderr)
    sessions = partial(TournamentSession, strategies, base, draws)
    sessions()  # complains of what cannot be played before anybody waits for a page
    return sessions


def check_address(host: str, port: int) -> None:
    """See whether a server can listen there. Raises `ConfigError`."""
    if not 1 <= port <= _HIGHEST_PORT:
        raise ConfigError(f"--port is {port}; it must be 1 to {_HIGHEST_PORT}. Leave it out for 8765.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(
                f"Port {port} of {host} is in use, perhaps by an app that still runs: see "
                f"http://{_shown(host)}:{port}/ . End that with Ctrl-C, or serve this one at another port: deca10b app "
                f"--port {_next(port)}."
            ) from error
        raise ConfigError(
            f"Nothing can be served at --host {host} --port {port}: {error.strerror or error}. Choose another port, or "
            f"an address of this machine."
        ) from error


def _shown(host: str) -> str:
    """An address as a URL has it."""
    return f"[{host}]" if ":" in host else host


def _next(port: int) -> int:
    """Another port to try."""
    return port + 1 if port < _HIGHEST_PORT else port - 1


def _is_of_this_machine(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
