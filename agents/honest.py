"""The honest contributor: submits true labels, within human error, while taking part seems worth it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from agents.base import Participant, Traits
from sim.data.stream import Sample
from sim.errors import ConfigError
from sim.units import DAY, Seconds, Wei
from sim.view import View


class Honest(Participant):
    """Labels truthfully but for mistakes, and takes part the more surely the better the model is.

    Names: Good (Harris & Waggoner 2019, the reference simulation).

    =====================  =========  =================================================================================
    parameter              default    meaning
    =====================  =========  =================================================================================
    mistake_rate           0.0001     probability of a wrong label, 0 to 1
    participation_margin   0.15       takes part with probability min(1, published accuracy + this); None: always
    quit_loss              None       wei a day: it stops adding, for good, when its smoothed daily profit has been
                                      below minus this for ``quit_patience``; None: never
    quit_patience          7 days     seconds; also the time constant of the smoothing
    =====================  =========  =================================================================================

    Profit for the quit rule is the change of balance plus deposits in the contract.
    """

    kind: ClassVar[str] = "honest"
    traits: ClassVar[Traits] = Traits(adversarial=False, stochastic=True)

    def __init__(
        self,
        *args: Any,
        mistake_rate: float = 1e-4,
        participation_margin: float | None = 0.15,
        quit_loss: Wei | None = None,
        quit_patience: Seconds = 7 * DAY,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if not 0 <= mistake_rate <= 1:
            raise ConfigError(f"mistake_rate is {mistake_rate}; it must be between 0 and 1.")
        self.mistake_rate = mistake_rate
        self.participation_margin = participation_margin
        self.quit_rule = _QuitRule(quit_loss, quit_patience, self.balance_at_start) if quit_loss is not None else None
        self.has_quit = False
        self._mistake = self.draws("labels", _uniform)
        self._other_label = self.draws("wrong labels", _uniform)
        self._participation = self.draws("participation", _uniform)

    def choose_label(self, sample: Sample) -> int:
        """The true label, or by mistake another one."""
        if self._mistake() >= self.mistake_rate:
            return sample.label
        others = sample.n_classes - 1
        return (sample.label + 1 + int(self._other_label() * others)) % sample.n_classes

    def participates(self, view: View) -> bool:
        """Not after quitting; otherwise the more surely the more accurate the model."""
        draw = self._participation()
        if self.quit_rule is not None and not self.has_quit:
            self.has_quit = self.quit_rule.decides(view.now, view.balance + self.statement.locked)
        margin = self.participation_margin
        return not self.has_quit and (margin is None or draw < view.accuracy + margin)

    def can_add(self, lowest_quote: Wei, balance: Wei) -> bool:
        """Not after quitting."""
        return not self.has_quit and super().can_add(lowest_quote, balance)


class _QuitRule:
    """Gives up when the smoothed daily profit has stayed below ``-loss`` for ``patience`` seconds."""

    def __init__(self, loss: Wei, patience: Seconds, wealth: Wei) -> None:
        self.loss, self.patience = loss, max(patience, DAY)
        self._day, self._wealth, self._profit = 0, wealth, 0.0
        self._below_since: Seconds | None = None

    def decides(self, now: Seconds, wealth: Wei) -> bool:
        """Look at the wealth; once a day it enters the average. The answer is whether to quit now."""
        days = now // DAY - self._day
        if days:
            weight = 1 - (1 - DAY / self.patience) ** days
            self._profit += weight * ((wealth - self._wealth) / days - self._profit)
            self._day, self._wealth = now // DAY, wealth
            if self._profit >= -self.loss:
                self._below_since = None
            elif self._below_since is None:
                self._below_since = now
        return self._below_since is not None and now - self._below_since >= self.patience


def _uniform(rng: np.random.Generator, size: int) -> Any:
    return rng.random(size)
