"""Reports: a results folder as a page to read, a text for a repository, tables for a paper, or a file for Stata.

`read_results` opens a finished sweep; each of the four functions writes one file from it, whole or not at all. Equal
folders give equal bytes.
"""

from __future__ import annotations

from experiments.report.files import write_dta, write_html, write_latex, write_markdown
from experiments.report.folder import Finished, read_results

__all__ = ["Finished", "read_results", "write_dta", "write_html", "write_latex", "write_markdown"]
