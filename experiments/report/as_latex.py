r"""The tables of points for a paper: ``tabular`` with the rules of booktabs, to be read in with ``\input``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from experiments.report.blocks import Table

_ROWS_OF_A_PAGE = 45
_ESCAPES = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "±": r"\ensuremath{\pm}", "×": r"\ensuremath{\times}", "…": r"\dots{}", "–": "--", "−": r"\ensuremath{-}",
}  # fmt: skip
_MINUS = re.compile(r"(?<![\w-])-(?=\d)")


def latex_tables(name: str, tables: Sequence[Table], note: str) -> str:
    """The text of a file with a float for each table."""
    label = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    head = [
        f"% Tables of the experiment {' '.join(name.split())}, written by deca10b report --latex.",
        r"% Needs \usepackage{booktabs}, and \usepackage{longtable} for tables of more than a page.",
    ]
    floats = [_float(table, f"tab:{label}-{place}", note) for place, table in enumerate(tables, start=1)]
    return "\n\n".join(["\n".join(head), *floats]) + "\n"


def latex_escaped(text: str) -> str:
    r"""Plain text as LaTeX prints it.

    >>> latex_escaped("50 % of a_b & -1.5 ± 2")
    '50 \\% of a\\_b \\& \\ensuremath{-}1.5 \\ensuremath{\\pm} 2'
    """
    return "".join(_ESCAPES.get(character, character) for character in _MINUS.sub("−", text))


def _float(table: Table, label: str, note: str) -> str:
    columns = "".join("l" if column in table.words else "r" for column in range(len(table.header)))
    title = f"\\caption{{{latex_escaped(table.title)}. {latex_escaped(note)}}}\\label{{{label}}}"
    header = f"{' & '.join(map(_heading, table.header))} \\\\"
    rows = [f"{' & '.join(map(_cell, row))} \\\\" for row in table.rows]
    if len(rows) > _ROWS_OF_A_PAGE:
        return "\n".join(
            [r"{\small", f"\\begin{{longtable}}{{{columns}}}", f"{title} \\\\", r"\toprule", header, r"\midrule",
             r"\endfirsthead", r"\toprule", header, r"\midrule", r"\endhead", r"\bottomrule", r"\endfoot", *rows,
             r"\end{longtable}}"]
        )  # fmt: skip
    return "\n".join(
        [r"\begin{table}[htbp]", r"\centering\small", title, f"\\begin{{tabular}}{{{columns}}}", r"\toprule", header,
         r"\midrule", *rows, r"\bottomrule", r"\end{tabular}", r"\end{table}"]
    )  # fmt: skip


def _heading(text: str) -> str:
    lines = [latex_escaped(line) for line in text.split("\n")]
    return lines[0] if len(lines) == 1 else "\\shortstack[r]{" + r"\\".join(lines) + "}"


def _cell(text: str) -> str:
    r"""A cell; one that begins with a bracket would be taken for the distance after ``\\``."""
    escaped = latex_escaped(text)
    return f"{{}}{escaped}" if escaped.startswith("[") else escaped
