"""What many runs say together: sensitivity, tuning, robust choice, games, frontiers, welfare, calibration.

`study` runs a sensitivity analysis (`sensitivity` is its mathematics), `tuning` looks for the best values of levers in
several `objectives` (`robust` has rules for choosing among them), `play` runs an empirical game (`games` is its
mathematics), `frontiers` holds simulated profits against `closed_forms`, `drift` is how a moving model refunds lies,
`welfare` says what an economy is worth, `calibration` makes a scenario of a table of events. `questions` reads what is
asked from files. Packages of the extra ``analysis`` are imported when they are needed.

>>> from experiments.analysis import Tuning, question_of
>>> levers = {"mechanism.cost_weight": {"from": 1.0, "to": 20.0}}
>>> Tuning.of(question_of({"scenario": "quickstart", "tune": {"levers": levers}}, "tune")).objectives
('accuracy', 'honest_profit')
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from experiments.analysis.calibration import calibrate, read_events
    from experiments.analysis.questions import load_question, question_of
    from experiments.analysis.robust_sweep import robust_choice
    from experiments.analysis.study import Study, run_study
    from experiments.analysis.tuning import Tuning, tune

__all__ = [
    "Study", "Tuning", "calibrate", "load_question", "question_of", "read_events", "robust_choice", "run_study", "tune",
]  # fmt: skip

_HOME = {
    "Study": "study",
    "Tuning": "tuning",
    "calibrate": "calibration",
    "load_question": "questions",
    "question_of": "questions",
    "read_events": "calibration",
    "robust_choice": "robust_sweep",
    "run_study": "study",
    "tune": "tuning",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only now: Mesa and pandas take a second to load."""
    if name in _HOME:
        return getattr(import_module(f"experiments.analysis.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
