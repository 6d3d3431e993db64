r"""Calibration: a scenario from a table of what people did.

A CSV file has a row for each time somebody was at the point of contributing: ``time`` (seconds, or ISO 8601 such as
``2026-03-01T12:00:00``), ``sender``, ``cost`` (what it would have cost, in units), ``accepted`` (yes or no: paid and
taken) and ``refunded`` (yes or no; empty while undecided or not accepted). Three things are fitted:

* **Willingness to pay**: drawn anew each time from N(mean, sd), so that
  :math:`P(\text{accepted} \mid c) = \Phi((\mu - c)/\sigma)`; a probit by Fisher scoring, intervals by the delta method.
* **Arrivals**: gaps between a sender's own rows, exponential (``poisson``) or normal, whichever has the higher
  likelihood (both Akaike's criterion with 1 and 2 parameters). A sender's silence from its last row to the end of the
  table belongs to an open gap of the exponential.
* **Label noise**: with a model of accuracy a that no longer moves (B2), a true label is refunded with probability a, a
  wrong one of K classes with (1 - a)/(K - 1); so a refunded share r means an error rate
  :math:`\varepsilon = (a - r) / (a - (1 - a)/(K - 1))`, its interval from Wilson's of r.

Wallets, efforts and the mechanism are no part of such a table: they come from the scenario that is named as base.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from experiments.levers import plain, pull
from experiments.messages import did_you_mean, shown
from experiments.metrics import Interval, proportion_interval
from experiments.scenario import validate
from experiments.schema import Scenario
from sim.errors import ConfigError

COLUMNS = ("time", "sender", "cost", "accepted", "refunded")
FEWEST_ROWS = 10
_YES, _NO = ("1", "true", "yes", "y"), ("0", "false", "no", "n")
_Z = 1.959963984540054


@dataclass(frozen=True)
class EventTable:
    """Rows in time order: seconds, senders by number, costs in units, accepted, refunded (1, 0, or NaN: unknown)."""

    time: NDArray[np.float64]
    sender: NDArray[np.int64]
    cost: NDArray[np.float64]
    accepted: NDArray[np.bool_]
    refunded: NDArray[np.float64]

    @property
    def senders(self) -> int:
        """How many there are."""
        return int(self.sender.max()) + 1

    def gaps(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Seconds between rows of one sender, and from each sender's last row to the end of the table."""
        whole, still_open = [], []
        for number in range(self.senders):
            own = self.time[self.sender == number]
            whole.append(np.diff(own))
            still_open.append(self.time[-1] - own[-1])
        return np.concatenate(whole), np.array(still_open)


class Willingness(NamedTuple):
    """Mean and standard deviation of what people pay at most, in units; None where every row was accepted."""

    mean: Interval
    sd: Interval


class Arrivals(NamedTuple):
    """``poisson`` or ``normal`` gaps: their mean with its interval, and their standard deviation, in seconds."""

    kind: str
    mean_gap: Interval
    sd: float


@dataclass(frozen=True)
class Calibration:
    """What was fitted; see the module.

    ``willingness`` is None where no row was declined: then costs never came near what people would pay. ``noise`` is
    None where no row says whether it was refunded. ``accuracy`` is the one the noise was worked out with.
    """

    events: EventTable
    willingness: Willingness | None
    arrivals: Arrivals
    refunded: Interval | None
    noise: Interval | None
    accuracy: float
    notes: tuple[str, ...]

    def sentences(self) -> list[str]:
        """The numbers with their intervals, and what stands behind them."""
        events, gap = self.events, self.arrivals.mean_gap
        law = self.arrivals.kind
        told = [
            f"{len(events.time):,} rows of {events.senders:,} senders: {int(events.accepted.sum()):,} accepted.",
            f"Arrivals: {law} gaps of {gap.estimate:,.0f} s [{gap.low:,.0f}, {gap.high:,.0f}] by sender.",
        ]
        if self.willingness is not None:
            mean, sd = self.willingness
            told.append(
                f"Willingness to pay: {mean.estimate:.4g} [{mean.low:.4g}, {mean.high:.4g}] units, standard deviation "
                f"{sd.estimate:.3g} [{sd.low:.3g}, {sd.high:.3g}]."
            )
        if self.noise is not None and self.refunded is not None:
            told.append(
                f"Label noise: {100 * self.noise.estimate:.2g} % [{100 * self.noise.low:.2g}, "
                f"{100 * self.noise.high:.2g}], from {100 * self.refunded.estimate:.3g} % refunded by a model that is "
                f"right in {100 * self.accuracy:.3g} %."
            )
        return [*told, *self.notes]

    def scenario(self, base: Scenario, name: str = "calibrated") -> Scenario:
        """A copy of a scenario whose only contributors are the senders, as fitted. Raises `ConfigError`.

        Their balance is that of the base's first honest group.
        """
        config = plain(base)
        honest = next((group for group in config.get("agents", []) if group["kind"] == "honest"), {"kind": "honest"})
        arrival: dict[str, Any] = {
            "kind": self.arrivals.kind,
            "mean_gap": max(1, round(self.arrivals.mean_gap.estimate)),
        }
        if self.arrivals.kind == "normal":
            arrival["sd"] = round(self.arrivals.sd)
        group = {**honest, "name": "sender", "count": self.events.senders, "arrival": arrival}
        group.pop("willingness_to_pay", None)
        if self.willingness is not None:
            mean, sd = (interval.estimate for interval in self.willingness)
            group["willingness_to_pay"] = {"mean": _rounded(max(1e-6, mean)), "sd": _rounded(sd)}
        if self.noise is not None:
            group["mistake_rate"] = _rounded(min(1.0, max(0.0, self.noise.estimate)))
        return validate(pull({**config, "name": name}, {"agents": [group]}), "The calibrated scenario")


def calibrate(events: EventTable, accuracy: float = 0.85, classes: int = 2) -> Calibration:
    """Fit all that the table tells.

    Parameters
    ----------
    events : of `read_events`
    accuracy : of the model while the rows were made, above 1 / classes, to 1
    classes : of the labels, 2 or more

    Raises
    ------
    ConfigError
        If accuracy or classes are out of range, or nobody ever came twice.
    """
    if classes < 2 or not 1 / classes < accuracy <= 1:
        raise ConfigError(
            f"accuracy is {accuracy} with {classes} classes; there must be 2 or more, and accuracy above "
            f"{1 / classes:g} to 1: of a model no better than chance refunds tell nothing."
        )
    notes: list[str] = []
    willingness = _willingness(events, notes)
    refunded, noise = _noise(events, accuracy, classes, notes)
    return Calibration(events, willingness, _arrivals(events), refunded, noise, accuracy, tuple(notes))


def read_events(path: str | Path) -> EventTable:
    """An event table from a CSV file. Raises `ConfigError` that names the line and what it should say."""
    file = Path(path)
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            header = [name.strip() for name in reader.fieldnames or ()]
            for name in COLUMNS:
                if name not in header:
                    raise ConfigError(
                        f"{str(path)!r} has no column {name!r}.{did_you_mean(name, header)} It needs a header with "
                        f"{', '.join(COLUMNS)}."
                    )
            rows = [
                _row(f"{str(path)!r}, line {reader.line_num}", {str(key).strip(): value for key, value in row.items()})
                for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{str(path)!r} cannot be read: {reason}. Give the path of a CSV file in UTF-8.") from error
    if len(rows) < FEWEST_ROWS:
        raise ConfigError(f"{str(path)!r} has {len(rows)} rows; a fit needs {FEWEST_ROWS} or more.")
    return events_of(rows)


class EventRow(NamedTuple):
    """One row: seconds, who, units, accepted, refunded (None: unknown)."""

    time: float
    sender: str
    cost: float
    accepted: bool
    refunded: bool | None


def events_of(rows: Sequence[EventRow]) -> EventTable:
    """Rows as a table in time order; senders are numbered as they come."""
    ordered = sorted(rows, key=lambda row: row.time)
    numbers: dict[str, int] = {}
    senders = [numbers.setdefault(row.sender, len(numbers)) for row in ordered]
    known = [math.nan if row.refunded is None or not row.accepted else float(row.refunded) for row in ordered]
    return EventTable(
        np.array([row.time for row in ordered]), np.array(senders, dtype=np.int64),
        np.array([row.cost for row in ordered]), np.array([row.accepted for row in ordered], dtype=bool),
        np.array(known),
    )  # fmt: skip


def _row(where: str, row: dict[str, str | None]) -> EventRow:
    texts = {name: (row.get(name) or "").strip() for name in COLUMNS}
    accepted = _flag(where, "accepted", texts["accepted"])
    if accepted is None:
        raise ConfigError(f"{where}: accepted is empty; it must be yes or no.")
    if not texts["sender"]:
        raise ConfigError(f"{where}: sender is empty; name whoever it was.")
    cost = _number(where, "cost", texts["cost"])
    if cost < 0:
        raise ConfigError(f"{where}: cost is {shown(texts['cost'])}; it must be 0 or more.")
    refunded = _flag(where, "refunded", texts["refunded"])
    return EventRow(_seconds(where, texts["time"]), texts["sender"], cost, accepted, refunded)


def _seconds(where: str, text: str) -> float:
    try:
        return _number(where, "time", text)
    except ConfigError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(
            f"{where}: time is {shown(text)}; it must be seconds, or a date and time such as 2026-03-01T12:00:00."
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _number(where: str, name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ConfigError(f"{where}: {name} is {shown(text)}; it must be a number.")
    return value


def _flag(where: str, name: str, text: str) -> bool | None:
    word = text.lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    if not word:
        return None
    raise ConfigError(f"{where}: {name} is {shown(text)}; it must be yes or no, true or false, 1 or 0.")


def _willingness(events: EventTable, notes: list[str]) -> Willingness | None:
    """The probit of acceptance by cost; None, with a note, where it cannot be fitted."""
    cost, accepted = events.cost, events.accepted
    if accepted.all() or not accepted.any():
        what = "accepted" if accepted.any() else "declined"
        notes.append(
            f"Every row was {what}, at costs from {cost.min():.4g} to {cost.max():.4g} units: what people would pay at "
            f"most cannot be told, and the scenario has no limit."
        )
        return None
    if cost[accepted].max() < cost[~accepted].min():
        low, high = float(cost[accepted].max()), float(cost[~accepted].min())
        notes.append("All rows below one cost were accepted and all above were not: nobody's limit seems to vary.")
        return Willingness(Interval((low + high) / 2, low, high), Interval(0.0, 0.0, math.nan))
    found = _probit(cost, accepted)
    if found is None:
        notes.append("What people accept does not fall with its cost, so no willingness to pay can be fitted.")
        return None
    (alpha, beta), covariance = found
    mean, sd = alpha / beta, 1 / beta
    by_mean = np.array([1 / beta, -alpha / beta**2])
    by_sd = np.array([0.0, -1 / beta**2])
    errors = [_Z * math.sqrt(float(slope @ covariance @ slope)) for slope in (by_mean, by_sd)]
    return Willingness(
        Interval(mean, mean - errors[0], mean + errors[0]), Interval(sd, max(0.0, sd - errors[1]), sd + errors[1])
    )


def _probit(cost: NDArray[np.float64], accepted: NDArray[np.bool_]) -> tuple[NDArray, NDArray] | None:
    """Maximum likelihood of P = Phi(alpha - beta cost) and its covariance; None if beta is not above 0."""
    from scipy.special import log_ndtr

    centre, scale = float(cost.mean()), float(cost.std()) or 1.0
    design = np.column_stack([np.ones_like(cost), -(cost - centre) / scale])
    sign, theta = np.where(accepted, 1.0, -1.0), np.zeros(2)
    information = np.eye(2)
    for _ in range(100):
        score = design @ theta
        density = -0.5 * score**2 - 0.5 * math.log(2 * math.pi)
        slope = sign * np.exp(density - log_ndtr(sign * score))
        weight = np.exp(2 * density - log_ndtr(score) - log_ndtr(-score))
        information = design.T @ (design * weight[:, None])
        step = np.linalg.lstsq(information, design.T @ slope, rcond=None)[0]
        theta = theta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-10:
            break
    if theta[1] <= 0:
        return None
    back = np.array([[1.0, centre / scale], [0.0, 1 / scale]])  # alpha, beta of the cost itself
    return back @ theta, back @ np.linalg.pinv(information) @ back.T


def _arrivals(events: EventTable) -> Arrivals:
    """The gaps' law and its parameters. Raises `ConfigError` if nobody ever came twice."""
    gaps, still_open = events.gaps()
    if len(gaps) < 2 or not gaps.sum():
        raise ConfigError("No sender has three rows at different times, so nothing can be said of arrivals.")
    count, mean, sd = len(gaps), float(gaps.mean()), float(gaps.std(ddof=1))
    exponential = -count * (math.log(mean) + 1) - 1
    normal = -0.5 * count * (math.log(2 * math.pi * max(sd, 1e-9) ** 2) + (count - 1) / count) - 2
    if normal > exponential:
        half = _Z * sd / math.sqrt(count)
        return Arrivals("normal", Interval(mean, mean - half, mean + half), sd)
    from scipy.stats import gamma

    exposure = float(gaps.sum() + still_open.sum())
    low, high = (exposure / float(gamma.ppf(share, count)) for share in (0.975, 0.025))
    return Arrivals("poisson", Interval(exposure / count, low, high), sd)


def _noise(
    events: EventTable, accuracy: float, classes: int, notes: list[str]
) -> tuple[Interval | None, Interval | None]:
    known = events.refunded[~np.isnan(events.refunded)]
    if not len(known):
        notes.append("No row says whether it was refunded, so nothing is said of label noise.")
        return None, None
    share = proportion_interval(int(known.sum()), len(known))
    span = accuracy - (1 - accuracy) / (classes - 1)
    low, high = (min(1.0, max(0.0, (accuracy - end) / span)) for end in (share.high, share.low))
    noise = Interval(min(1.0, max(0.0, (accuracy - share.estimate) / span)), low, high)
    if share.estimate > accuracy:
        notes.append("More was refunded than true labels would be: the model is better than said, or still moves.")
    return share, noise


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
