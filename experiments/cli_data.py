"""``deca10b data``: which data sets there are, what one is made of, and what the papers' learners reach on it."""

from __future__ import annotations

import json
import textwrap
import tomllib
from typing import Annotated, Any

import typer

app = typer.Typer(
    name="data",
    help="Data sets: list them, tell about one, measure the papers' learners on it.",
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_NAME_HELP = "Name of a data set ('deca10b data list') or path of a .csv, .parquet or .npz file."
_WIDTH = 100

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help=_NAME_HELP)]
OptionOption = Annotated[
    list[str] | None,
    typer.Option("--option", metavar="NAME=VALUE", help="How to make it: ngram=2 (a table), seed=1 (a synthetic set)."),
]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show where in the program an error comes from.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


@app.command("list")
def list_command(as_json: JsonOption = False, debug: DebugOption = False) -> None:
    """List the data sets the package knows, and those of the folder DECA10B_DATA."""
    from sim.data import DATASETS, known_names

    entries = [_facts(entry) for entry in DATASETS]
    listed = {entry["name"] for entry in entries}
    own = [name for name in known_names() if name not in listed]
    if as_json:
        print(json.dumps([*entries, *({"name": name, "available": True} for name in own)]))
        return
    width = max(map(len, [*listed, *own]))
    for entry in entries:
        where = "" if entry["available"] else " (not on this machine)"
        rows = f"{entry['n_train']:,}/{entry['n_test']:,}"
        print(f"{entry['name']:<{width}}  {rows:>13}  {entry['n_features']:>5}  {entry['title']}{where}")
    for name in own:
        print(f"{name:<{width}}  {'':>13}  {'':>5}  in the folder DECA10B_DATA")
    print("\nRows are train/test, then come features. 'deca10b data info NAME' tells licence and how to obtain one.")


@app.command("info")
def info_command(
    name: NameArgument, options: OptionOption = None, as_json: JsonOption = False, debug: DebugOption = False
) -> None:
    """Tell about one data set: rows, features, classes, licence, how to obtain it, how its features are made."""
    facts = info(name, _chosen(options))
    if as_json:
        print(json.dumps(facts))
        return
    print(f"{facts['name']}: {facts['title']}")
    for label, text in _paragraphs(facts):
        print(textwrap.fill(f"{label}: {text}", _WIDTH, subsequent_indent="  ", break_on_hyphens=False,
                            break_long_words=False))  # fmt: skip


@app.command("baseline")
def baseline_command(
    name: NameArgument,
    options: OptionOption = None,
    orders: Annotated[
        int | None,
        typer.Option(min=1, max=100, help="Orders of the rows the perceptron is trained in; default 5 or 1."),
    ] = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Train the papers' three learners on all training rows, and tell their accuracy on the test rows."""
    from experiments.baselines import PUBLISHED, baselines
    from sim.data import load_dataset

    found = baselines(load_dataset(name, **_chosen(options)), orders)
    if as_json:
        print(json.dumps(found.to_dict()))
        return
    published = PUBLISHED.get(found.dataset.removesuffix("-like"), {})
    print(f"{found.dataset}: trained on {found.n_train:,} rows, accuracy on {found.n_test:,}")
    for learner, accuracy in found.accuracies.items():
        beside = f"  published {published[learner]:.4f}" if learner in published else ""
        print(f"  {learner:<16}  {accuracy:.4f}{beside}")
    if len(found.perceptrons) > 1:
        least, most = min(found.perceptrons), max(found.perceptrons)
        print(
            f"The perceptron's is the median of {len(found.perceptrons)} orders of the rows: {least:.4f} to {most:.4f}."
        )
    else:
        print("The perceptron was trained in one order of the rows; others may differ by some points: --orders 5.")


def info(name: str, options: dict[str, Any]) -> dict[str, Any]:
    """What is known of a data set, as JSON has it; with what can be counted only if it is on this machine.

    Raises `ConfigError`.
    """
    from experiments.baselines import PUBLISHED
    from sim.data import DATASETS, is_available, load_dataset

    entry = next((entry for entry in DATASETS if entry.name == name), None)
    facts: dict[str, Any] = {} if entry is None else _facts(entry)
    if entry is None or is_available(entry):
        facts = {"name": name, "available": True} | facts | _counted(load_dataset(name, **options))
        facts["featurisation"] = entry.featurisation if entry else facts["featurisation"]
    if entry is not None and name in PUBLISHED:
        facts["published"] = PUBLISHED[name]
    return facts


def _facts(entry: Any) -> dict[str, Any]:
    """A line of the registry."""
    from sim.data import is_available

    return {
        "name": entry.name,
        "title": entry.title,
        "available": is_available(entry),
        "licence": entry.licence,
        "how_to_obtain": entry.how_to_obtain,
        "featurisation": entry.featurisation,
        "n_train": entry.rows[0],
        "n_test": entry.rows[1],
        "n_features": entry.n_features,
        "classes": list(entry.classes),
        "options": list(entry.options),
    }


def _counted(dataset: Any) -> dict[str, Any]:
    """What a loaded set tells of itself."""
    import numpy as np

    n_classes = len(dataset.classes)
    counts = {
        part: np.bincount(y, minlength=n_classes).tolist()
        for part, y in (("train", dataset.y_train), ("test", dataset.y_test))
    }
    return {
        "name": dataset.name,
        "title": dataset.title,
        "licence": dataset.licence,
        "source": dataset.source,
        "featurisation": dataset.featurisation,
        "n_train": len(dataset.x_train),
        "n_test": len(dataset.x_test),
        "n_features": dataset.x_train.n_features,
        "classes": list(dataset.classes),
        "rows_by_class": counts,
        "features_per_row": round(len(dataset.x_train.indices) / len(dataset.x_train), 2),
        "synthetic": dataset.synthetic,
        "sha256": dataset.sha256,
    }


def _paragraphs(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Label and text of each line that `info` prints."""
    classes = facts["classes"]
    lines = [
        ("Rows", f"{facts['n_train']:,} to train, {facts['n_test']:,} to test"),
        ("Features", f"{facts['n_features']:,}; {facts['featurisation'] or 'as the file has them'}"),
        ("Classes", ", ".join(classes)),
    ]
    if "rows_by_class" in facts:
        pairs = zip(classes, facts["rows_by_class"]["train"], strict=True)
        lines[-1] = ("Classes", ", ".join(f"{label} ({count:,} training rows)" for label, count in pairs))
        lines.append(("Features in a row", f"{facts['features_per_row']:g} on average"))
        lines.append(("Source", facts["source"]))
    lines.append(("Licence", facts["licence"]))
    if "how_to_obtain" in facts:
        missing = "" if facts["available"] else "not on this machine; "
        lines.append(("How to obtain", missing + facts["how_to_obtain"]))
    if facts.get("options"):
        lines.append(("Options", ", ".join(facts["options"])))
    if "published" in facts:
        numbers = ", ".join(f"{learner} {accuracy:.4f}" for learner, accuracy in facts["published"].items())
        lines.append(("Published baselines", numbers))
    if facts.get("sha256"):
        lines.append(("sha256", facts["sha256"]))
    return lines


def _chosen(options: list[str] | None) -> dict[str, Any]:
    """The options as written: NAME=VALUE, values as in TOML, else text."""
    from sim.errors import ConfigError

    chosen = {}
    for option in options or ():
        name, equals, value = option.partition("=")
        if not equals or not name.strip():
            raise ConfigError(f"--option {option!r} must be NAME=VALUE, such as --option ngram=2.")
        try:
            parsed = tomllib.loads(f"value = {value}")
        except (ValueError, RecursionError):
            parsed = {}
        chosen[name.strip()] = parsed["value"] if set(parsed) == {"value"} else value.strip()
    return chosen
