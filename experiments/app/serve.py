"""Starting the app's server."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import Client, ui

from experiments.app.page import TITLE, Page, in_worker
from experiments.app.session import Session
from experiments.app.tournament import TOURNAMENT, TournamentSession
from experiments.app.tournament_page import TournamentPage


def serve(
    host: str, port: int, scenario: str, show: bool, tournament: Callable[[], TournamentSession] | None = None
) -> None:  # fmt: skip
    """Serve the app until it is interrupted; every browser that comes gets a session of its own.

    ``scenario`` is the story or scenario a session begins with; ``show`` opens a browser on this machine, on the page
    of the tournament if there is one: ``tournament`` makes its sessions. All that a browser needs is served from here:
    there is no need of a network.
    """

    @ui.page("/")
    async def index(client: Client) -> None:
        session = await in_worker(Session, scenario)
        Page(session, client)

    if tournament is not None:

        @ui.page(TOURNAMENT)
        async def league(client: Client) -> None:
            TournamentPage(await in_worker(tournament), client)

    ui.run(
        host=host, port=port, title=TITLE, favicon="⚖️", reload=False, show_welcome_message=False,
        show=TOURNAMENT if show and tournament else show,
        tailwind=False,  # the page has a style sheet of its own; Tailwind's would search every change of the page
    )  # fmt: skip
