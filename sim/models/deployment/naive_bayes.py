"""The deployment file of naive Bayes: how many samples a class has, and how often each feature stands in them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sim.errors import ConfigError
from sim.models.deployment.fields import (
    Deployment,
    Document,
    class_names,
    needed,
    plain,
    read_count,
    read_list,
    read_rate,
    shown,
    written_decimal,
)
from sim.models.naive_bayes import NaiveBayes as LogNaiveBayes
from sim.models.onchain import NaiveBayes


def read_naive_bayes(document: Document) -> Deployment:
    """What the file of naive Bayes says."""
    classes = class_names(document)
    samples, pairs = (read_list(document, key, len(classes)) for key in ("classCounts", "featureCounts"))
    n_features = read_count("totalNumFeatures", needed(document, "totalNumFeatures"), 256)
    counts = [_counts(f"featureCounts[{label}]", listed) for label, listed in enumerate(pairs)]
    sums = [sum(count for _, count in listed) % 2**64 for listed in counts]
    totals = read_list(document, "totalFeatureCounts", len(classes)) if "totalFeatureCounts" in document else sums
    state = [
        {
            "numSamples": read_count(f"classCounts[{label}]", samples[label], 64),
            "totalFeatureCount": read_count(f"totalFeatureCounts[{label}]", totals[label], 64),
            "featureCounts": {str(index): count for index, count in listed},
        }
        for label, listed in enumerate(counts)
    ]
    known = max((index for listed in counts for index, _ in listed), default=-1)
    if known >= n_features:
        raise ConfigError(f"featureCounts counts feature {known}, but totalNumFeatures is {n_features}. Correct one.")
    return Deployment(
        kind=NaiveBayes.name,
        classes=classes,
        n_features=n_features,
        settings={"smoothing": read_rate("smoothingFactor", needed(document, "smoothingFactor"), zero=True)},
        state={"classes": state},
    )


def _counts(key: str, pairs: Any) -> list[tuple[int, int]]:
    """Pairs of index and count."""
    if not isinstance(pairs, list):
        raise ConfigError(f"{key} is {shown(pairs)}; it must be a list of pairs [index, count].")
    found = []
    for number, pair in enumerate(pairs):
        if not isinstance(pair, list) or len(pair) != 2:
            raise ConfigError(f"{key}[{number}] is {shown(pair)}; it must be a pair [index, count].")
        found.append((read_count(f"{key}[{number}][0]", pair[0], 32), read_count(f"{key}[{number}][1]", pair[1], 32)))
    return found


def naive_bayes_document(model: NaiveBayes | LogNaiveBayes, classes: Sequence[str]) -> Document:
    """The file of naive Bayes as it is now."""
    state = model.to_state()["classes"]
    counts = [[[int(index), count] for index, count in known["featureCounts"].items()] for known in state]
    totals = [known["totalFeatureCount"] for known in state]
    if isinstance(model, LogNaiveBayes):
        smoothing = plain(Decimal(repr(model.smoothing)))
    else:
        smoothing = written_decimal(model.smoothing)
    as_deployed = [sum(count for _, count in pairs) % 2**64 for pairs in counts]
    return {
        "type": "naive bayes",
        "classifications": list(classes),
        "classCounts": [known["numSamples"] for known in state],
        "featureCounts": counts,
        "totalNumFeatures": model.n_features,
        "smoothingFactor": smoothing,
        **({} if totals == as_deployed else {"totalFeatureCounts": totals}),
    }
