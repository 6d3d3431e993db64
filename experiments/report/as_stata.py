"""The table of runs for Stata: a ``.dta`` file of release 118 (Stata 14 and newer), which holds Unicode.

Names have at most 32 letters, digits and underscores; the label of each variable says its name in ``runs.parquet`` and
its unit. Numbers are numbers, flags 0 and 1, texts strings. Exact amounts (``*_wei``) are strings of digits, since no
number type of Stata holds them; beside each stands the same amount in units as a number. Seeds are strings too.
"""

from __future__ import annotations

import io
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

LONGEST_NAME, LONGEST_LABEL = 32, 80
_UNITS = {"_wei": "wei, exact", "_units": "units", "_percent": "%", "_s": "seconds"}
_INT32 = 2_147_483_620  # the largest whole number of Stata's type long


def stata_bytes(runs: pd.DataFrame, title: str, moment: str) -> bytes:
    """The file, from the table of runs. ``moment`` in ISO format stands in its header; equal input, equal bytes."""
    import pandas as pd  # late: slow to load

    names = stata_names(list(runs.columns))
    columns = {names[column]: _column(runs[column]) for column in runs.columns}
    labels = {names[column]: _label(column) for column in runs.columns}

    table = pd.DataFrame(columns)
    content = io.BytesIO()
    table.to_stata(
        content,
        write_index=False,
        version=118,
        data_label=title[:LONGEST_LABEL],
        time_stamp=datetime.fromisoformat(moment).replace(tzinfo=None),
        variable_labels=labels,
    )
    return content.getvalue()


def stata_names(columns: list[str]) -> dict[str, str]:
    """A valid and different Stata name for each column; of a path the last word if it is a compound, else two words.

    No compound is a word that Stata reserves.

    >>> stata_names(["mechanism.cost_weight", "data.size", "agents.0.count", "adversary_return_on_locked_percent"])
    {'mechanism.cost_weight': 'cost_weight', 'data.size': 'data_size', 'agents.0.count': 'v0_count', ...}
    """
    names: dict[str, str] = {}
    for column in columns:
        steps = column.split(".")
        word = re.sub(r"[^A-Za-z0-9_]", "_", steps[-1] if "_" in steps[-1] else "_".join(steps[-2:]))
        word = word if word[0].isalpha() else f"v{word}"
        wanted, number = word[:LONGEST_NAME], 2
        while wanted in names.values():
            ending = f"_{number}"
            wanted, number = word[: LONGEST_NAME - len(ending)] + ending, number + 1
        names[column] = wanted
    return names


def _label(column: str) -> str:
    unit = next((said for ending, said in _UNITS.items() if column.endswith(ending)), "")
    return (f"{column} ({unit})" if unit else column)[:LONGEST_LABEL]


def _column(values: pd.Series) -> Any:
    """Numbers as Stata can hold them, anything else as text."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(values.dtype) or set(values.dropna().map(type)) == {bool}:
        return values.astype("float64") if values.isna().any() else values.astype("int8")
    if pd.api.types.is_integer_dtype(values.dtype):
        whole = values.name != "seed" and values.abs().max() <= _INT32
        return values.astype("int32") if whole else values.map(str).astype(object)
    if pd.api.types.is_float_dtype(values.dtype):
        return values.astype("float64")
    return pd.Series(["" if value is None or value != value else str(value) for value in values], dtype=object)
