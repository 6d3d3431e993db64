"""What is said below each figure of a sweep: what is drawn, and how to read it."""

from __future__ import annotations

CAPTIONS = {
    "accuracy": (
        "Final accuracy on the test set, mean over seeds; ± and bars are Student's interval of 95 %. Where seeds "
        "disagree, some captured (final accuracy below 50 %) and some not, a mean would describe neither: the lowest "
        "and the highest seed are shown."
    ),
    "honest-profit": (
        "What all honest contributors together gained or lost, in % of their money at the start, mean over seeds; ± "
        "and bars are Student's interval of 95 %. Deposits still in the contract at the end are no part of it. The "
        "black line, where there is one, is where the profit would be 0, interpolated between the means of "
        "neighbouring points. Where seeds disagree, some captured (final accuracy below 50 %) and some not, a mean "
        "would describe neither: the lowest and the highest seed are shown."
    ),
    "captured": (
        "Share of seeds whose model ended with an accuracy below 50 %; brackets and bars are Wilson's interval of 95 "
        "%. Framed: seeds disagree."
    ),
    "phases": (
        "Captured: final accuracy below 50 %. Safe: not captured, and at least a third of the samples the honest "
        "wished to add were accepted. Priced out and wallet-locked: fewer were, most often because the deposit was "
        "above what they pay at most, or because their wallets were empty. Numbers are the share accepted; in a cut "
        "cell, how many seeds were captured (below left) and how many were not (above right). Lines, if everyone "
        "added whenever awake: the mean deposit equals the mean willingness to pay of the honest (price index 1); the "
        "deposits an honest address has in the contract equal its money (capital index 1)."
    ),
    "attacks": (
        "Rows are what the attackers do, columns what they do it against. In each cell the mean over seeds and below "
        "it the half-width of Student's interval of 95 %, or Wilson's interval of 95 % of P(captured). Accuracy lost "
        "is against the same economy without attackers, under the same random numbers; captured is a final accuracy "
        "below 50 %; the return is the attackers' profit in % of what they began with. Framed: seeds disagree on "
        "whether the model was captured."
    ),
    "mechanisms": (
        "Above, the final accuracy of each run, and of the same run without its adversaries where twins were run. "
        "Below, what each side gained or lost on average (bars) and in each run (dots); a bounty provider pays in a "
        "prediction market only."
    ),
    "seeds": (
        "Each dot is one run; the seeds of a point stand beside each other, in the same order everywhere. Two "
        "clusters at one point are seeds that were captured, below the line at 50 %, and seeds that were not."
    ),
    "over-time": (
        "Accuracy on the test set, and the money in the wallets of each role in % of that at the start; deposits are "
        "in the contract and in no wallet. Lines are means over seeds in bands of Student's interval of 95 %; where "
        "some seeds were captured and others were not, each seed has a thin line. An economy that is over stays as it "
        "was."
    ),
    "prices": (
        "Dots: what the sample on offer would have cost whenever accuracy was measured, all seeds. Coloured lines and "
        "bands: the most each group pays, mean ± one standard deviation. While the black median is above the band of "
        "a group, prices shut it out most of the time."
    ),
    "accepted": (
        "Share of the accepted samples that came from honest contributors and from adversaries, mean over seeds; the "
        "black bar is Student's interval of 95 % of the border between them. Where seeds disagree there are two "
        "narrow bars: captured seeds (framed), and the others."
    ),
}

_OF_SINGLE_RUNS = {
    "accuracy": "Final accuracy on the test set, of a single run at each point.",
    "honest-profit": (
        "What all honest contributors together gained or lost, in % of their money at the start, in a single run at "
        "each point. Deposits still in the contract at the end are no part of it. The black line, where there is one, "
        "is where the profit would be 0, interpolated between neighbouring points."
    ),
    "captured": "100 % where the model of the single run at a point ended with an accuracy below 50 %, else 0 %.",
    "attacks": (
        "Rows are what the attackers do, columns what they do it against. Each cell is a single run. Accuracy lost is "
        "against the same economy without attackers, under the same random numbers; captured is a final accuracy below "
        "50 %; the return is the attackers' profit in % of what they began with."
    ),
    "seeds": "Each dot is the single run of a point. Below the line at 50 % the model was captured.",
    "over-time": (
        "Accuracy on the test set, and the money in the wallets of each role in % of that at the start, in a single "
        "run; deposits are in the contract and in no wallet. An economy that is over stays as it was."
    ),
    "accepted": "Share of the accepted samples that came from the honest and from adversaries, in a single run.",
}


def caption_of(name: str, single: bool = False) -> str:
    """What is said below a figure by its name; ``single`` where each point has one run, so that there are no intervals
    and no seeds that could disagree."""
    return _OF_SINGLE_RUNS.get(name, CAPTIONS[name]) if single else CAPTIONS[name]
