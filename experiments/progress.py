"""How far a sweep is: numbers for whoever asks, a bar on a terminal or in a notebook, silence where output is piped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rich.console import Console


class SweepProgress(NamedTuple):
    """How far a sweep is, after each finished run.

    ``total`` runs are asked for; ``kept`` of them were there before, ``done`` were made by now, of which ``failed``
    went wrong; ``elapsed_s`` since the first was handed out; ``last_s`` is what the run just finished took. A stopping
    rule may ask for more runs as results come in.
    """

    total: int
    kept: int
    done: int
    failed: int
    elapsed_s: float
    last_s: float

    @property
    def left(self) -> int:
        """Runs still to be made."""
        return self.total - self.kept - self.done

    @property
    def rate(self) -> float:
        """Runs per second since the start."""
        return self.done / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def eta_s(self) -> float:
        """Seconds that the rest will take at this rate; infinite before the first run."""
        return self.left / self.rate if self.rate else float("inf")


@contextmanager
def shown_progress(
    workers: int, estimate: Callable[[str], None] | None = None, console: Console | None = None
) -> Iterator[Callable[[SweepProgress], None]]:
    """A callback for `experiments.sweeper.sweep` that shows a bar; nothing where nobody watches.

    ``estimate`` gets a sentence after the first run; ``console`` is rich's, by default that of standard error.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = console or Console(stderr=True)
    watched = console.is_terminal or console.is_jupyter
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"))
    with Progress(*columns, console=console, transient=True, disable=not watched) as bar:
        task = bar.add_task("runs", total=None, note="starting the workers")

        def advance(state: SweepProgress) -> None:
            if state.done == 1 and estimate is not None:
                estimate(_estimate(state, workers))
            bar.update(task, total=state.total, completed=state.kept + state.done, note=in_words(state))

        yield advance


def in_words(state: SweepProgress) -> str:
    """Runs, rate, failures and time left.

    >>> in_words(SweepProgress(total=40, kept=10, done=10, failed=1, elapsed_s=4.0, last_s=0.4))
    '20/40, 2.50 runs/s, 1 failed, 8 s left'
    """
    failed = f", {state.failed:,} failed" if state.failed else ""
    return f"{state.kept + state.done:,}/{state.total:,}, {state.rate:.2f} runs/s{failed}, {clock(state.eta_s)} left"


def clock(seconds: float) -> str:
    """A stretch of time in words: 45 s, 3 min 20 s, 2 h 5 min."""
    if seconds == float("inf"):
        return "?"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


def _estimate(state: SweepProgress, workers: int) -> str:
    kept = f", {state.kept:,} are there already" if state.kept else ""
    seconds = state.last_s * state.left / max(1, min(workers, state.left))
    return (
        f"One run took {state.last_s:.2f} s{kept}; the other {state.left:,} will take about {clock(seconds)} on "
        f"{workers} worker{'' if workers == 1 else 's'}."
    )
