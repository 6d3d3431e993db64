"""A run told in three sentences, each computed from the result: who gained, what became of the model, and why."""

from __future__ import annotations

import math

from experiments.result import Result
from sim.economy import DATA_USED_UP, HORIZON, NOBODY_CAN_ACT, SETTLED
from sim.units import Wei, to_units

_WORTH_TELLING = 0.05
"""Reasons that cost fewer chances than this share are left out."""

_STEADY_POINTS = 0.5
"""A change of accuracy below this, in points, is called none."""


def story(result: Result) -> list[str]:
    """Three sentences for people."""
    return [who_gained(result), the_model(result), the_reason(result)]


def who_gained(result: Result) -> str:
    """What honest and adversarial participants gained or lost, in units and as a share of what they began with."""
    parts = [_fortune(result, adversarial) for adversarial in (False, True)]
    bounty = result.bounty_paid
    if bounty is not None:
        paid = (
            f"paid {bounty / result.scenario.unit:,.0f}"
            if bounty >= 0
            else f"earned {-bounty / result.scenario.unit:,.0f}"
        )
        parts.append(f"the bounty provider {paid} units")
    parts.append(_predictions(result))
    return f"{_capital(_listed(parts))} in {_days(result.days)}{_elsewhere(result)}."


def the_model(result: Result) -> str:
    """Accuracy from start to end against the baseline, and against the honest-only twin if there is one."""
    start, end = 100 * result.initial_accuracy, 100 * result.final_accuracy
    if end - start > _STEADY_POINTS:
        change = f"rose from {start:.1f} % to {end:.1f} %"
    elif start - end > _STEADY_POINTS:
        change = f"fell from {start:.1f} % to {end:.1f} %"
    else:
        change = f"stayed at {end:.1f} %"
    text = f"The model's accuracy {change}; {_at_once(result)} it reaches {100 * result.baseline_accuracy:.1f} %"
    points = result.points_destroyed
    if result.twin is None or points is None:
        return f"{text}."
    text += f", and without adversaries it ended at {100 * result.twin.final_accuracy:.1f} %"
    price = result.price_of_corruption
    if price is None:
        return f"{text}, so they destroyed nothing."
    paid = f"lost {price:,.0f} units" if price >= 0 else f"gained {-price:,.0f} units"
    return f"{text}: the adversaries {paid} for each of the {points:.2f} points they destroyed."


def _at_once(result: Result) -> str:
    """What the baseline is trained on: the whole training set, of which a run may have a part only."""
    if result.rows >= result.training_rows:
        return f"trained on all {result.training_rows:,} training rows at once"
    return f"trained at once on all {result.training_rows:,} training rows, of which this run has {result.rows:,},"


def the_reason(result: Result) -> str:
    """What shut people out, what became of deposits or who earned points, and how it ended."""
    missed = [part for part in (_shut_out(result, adversarial) for adversarial in (False, True)) if part]
    if missed:
        text = f"Of their chances to contribute, {' and '.join(missed)}"
    else:
        text = "Neither price nor wallet kept anybody out"
    captured = "the model was captured" if result.captured else "the model was not captured"
    points = any(row.points is not None for row in result.agents)
    fate = _points(result) if points else _taken(result)
    return f"{text}; {fate}, {captured}, and the run ended because {_end(result)}."


def _listed(parts: list[str]) -> str:
    """Two or three parts of a sentence, without those that say nothing."""
    said = [part for part in parts if part]
    return f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 2 else " and ".join(said)


def _fortune(result: Result, adversarial: bool) -> str:
    rows = result.rows_of(adversarial=adversarial)
    if not rows:
        return ""
    start = sum(row.statement.start_balance for row in rows)
    profit = sum(row.profit for row in rows)
    units = to_units(profit, result.scenario.unit)
    if not profit:
        change = "neither gained nor lost"
    else:
        told = [_signed_percent(profit / start)] if start else []
        told += _fiat(result, abs(profit))
        share = f" ({', '.join(told)})" if told else ""
        change = f"{'gained' if profit > 0 else 'lost'} {_units(abs(units))} units{share}"
    return f"{_called(result, adversarial)} {change}"


def _units(amount: float) -> str:
    """Whole units; of less than one the first digit that is not 0."""
    return f"{amount:,.0f}" if amount >= 0.95 else f"{amount:.1g}"


def _signed_percent(share: float) -> str:
    """Whole percent; below one half with a digit more."""
    return f"{100 * share:+.0f} %" if abs(share) >= 0.005 else f"{100 * share:+.2g} %"


def _called(result: Result, adversarial: bool) -> str:
    rows = result.rows_of(adversarial=adversarial)
    who = "adversar" if adversarial else "honest contributor"
    if len(rows) == 1:
        return f"the {who}{'y' if adversarial else ''} {rows[0].name}"
    return f"the {len(rows)} {who}{'ies' if adversarial else 's'}"


def _elsewhere(result: Result) -> str:
    """Money that is nobody's gain: locked deposits and gas."""
    unit = result.scenario.unit
    locked = to_units(sum(row.statement.locked for row in result.agents), unit)
    spent = sum(row.statement.fees for row in result.agents)
    fees, worth = to_units(spent, unit), "".join(f" ({text})" for text in _fiat(result, spent))
    parts = [f"{locked:,.0f} units of deposits still locked in the contract"] if locked >= 0.5 else []
    parts += [f"{fees:,.0f} units{worth} spent on gas"] if fees >= 0.5 else []
    return f", with {' and '.join(parts)}" if parts else ""


def _fiat(result: Result, wei: Wei) -> list[str]:
    """An amount in the scenario's currency, if it has one: one text or none."""
    amount = result.fiat(wei)
    return [] if amount is None else [f"{amount:,.0f} {result.scenario.chain.terms.currency}"]


def _shut_out(result: Result, adversarial: bool) -> str:
    """What kept one side from adding, each reason that cost it more than one chance in twenty."""
    statements = [row.statement for row in result.rows_of(adversarial=adversarial)]
    reasons = {
        "the price was above what they would pay": sum(s.rejected_price for s in statements),
        "their wallets were empty": sum(s.rejected_wallet for s in statements),
        "gas was too dear": sum(s.rejected_gas for s in statements),
        "they chose not to take part": sum(s.rejected_declined for s in statements),
    }
    chances = sum(reasons.values()) + sum(s.submitted + s.refused for s in statements)
    shares = [
        f"{100 * times / chances:.0f} % because {reason}"
        for reason, times in sorted(reasons.items(), key=lambda item: -item[1])
        if times > chances * _WORTH_TELLING
    ]
    if not shares:
        return ""
    return f"{'adversaries' if adversarial else 'the honest'} missed {' and '.join(shares)}"


def _taken(result: Result) -> str:
    """What became of deposits; a market settles all at once, so that nobody takes what is another's."""
    sides, market = [], result.scenario.mechanism.kind == "prediction_market"
    for adversarial in (False, True):
        statements = [row.statement for row in result.rows_of(adversarial=adversarial)]
        deposited = sum(s.deposited for s in statements)
        if deposited:
            what = f"of {'adversarial' if adversarial else 'honest'} deposits"
            paid_back = sum(s.refunded_value for s in statements) / deposited
            taken = 100 * sum(s.taken_from for s in statements) / deposited
            whom = "adversaries" if adversarial else "the honest"
            sides.append(f"{paid_back:.2f} to {whom}" if market else f"{taken:.0f} % {what}")
    if not sides:
        return "nobody deposited anything"
    return f"{'for each unit staked the market paid back' if market else 'others took'} {' and '.join(sides)}"


def _points(result: Result) -> str:
    """Points of both sides, and what they are worth to them; why, if nobody honest wanted any."""
    rows = result.rows_of(adversarial=False)
    declined = any(row.statement.rejected_declined for row in rows)
    if declined and not any(row.statement.submitted for row in rows):
        values = [group.parameters().get("point_value") for group in result.scenario.agents]
        if any(value.number for value in values if value is not None):
            return "the honest contributed nothing, since a point is worth less to them than gas and effort"
        return "the honest contributed nothing, since points are worth nothing to them (point_value is 0)"
    sides = []
    for adversarial, called in ((False, "the honest"), (True, "adversaries")):
        rows = result.rows_of(adversarial=adversarial)
        worth = math.fsum(row.utility for row in rows) / result.scenario.unit
        told = f" (worth {worth:,.0f} units to them)" if worth >= 0.5 else ""
        sides += [f"{called} earned {sum(row.points or 0 for row in rows):,} points{told}"] if rows else []
    return " and ".join(sides)


def _predictions(result: Result) -> str:
    """What callers paid for predictions, and how good these were."""
    statements = [row.statement for row in result.callers]
    if not statements:
        return ""
    asked, paid = sum(s.predictions for s in statements), sum(s.predictions_paid for s in statements)
    who = f"the {len(statements)} callers" if len(statements) > 1 else f"the caller {result.callers[0].name}"
    if not asked:
        return f"{who} never asked for a prediction"
    right = 100 * sum(s.predictions_right for s in statements) / asked
    return (
        f"{who} paid {to_units(paid, result.scenario.unit):,.0f} units to contributors for {asked:,} predictions, "
        f"{right:.0f} % of them right"
    )


def _end(result: Result) -> str:
    reasons = {
        DATA_USED_UP: "all data and open claims were used up",
        HORIZON: "the horizon was reached",
        NOBODY_CAN_ACT: "nobody could ever act again",
        SETTLED: "all was settled and collected",
    }
    text = reasons.get(result.ended, result.ended)
    return f"{text} with {result.samples_left:,} samples left" if result.samples_left else text


def _days(days: float) -> str:
    return f"{days:.0f} days" if days >= 9.5 else f"{days:.1f} days"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
