"""What mkdocs does beyond its settings: pages that lie at the root of the project, and links that leave the site.

The pages of this folder link to files of the project as they lie, so that they can be read there too. On the site a
link to a page is that page; of a link to any other file its text is left.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
ROOT_PAGES = ("ARCHITECTURE.md", "ASSUMPTIONS.md", "CHANGELOG.md")
"""Pages of the site that do not lie in this folder."""

_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that lie at the root."""
    for name in ROOT_PAGES:
        files.append(File.generated(config, name, content=(ROOT / name).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, files: Files, **_: Any) -> str:
    """Turn the links of a page into links of the site."""
    here = posixpath.dirname(page.file.src_uri)
    folder = "" if page.file.src_uri in ROOT_PAGES else posixpath.join("docs", here)
    pages = {file.src_uri for file in files}

    def link(found: re.Match[str]) -> str:
        image, text, target = found.groups()
        path, _, anchor = target.partition("#")
        if "://" in target or target.startswith("mailto:") or not path:
            return found[0]
        where = posixpath.normpath(posixpath.join(folder, path))
        inside = where.removeprefix("docs/")
        if inside not in pages or (where == inside and inside not in ROOT_PAGES):
            return text
        return f"{image}[{text}]({posixpath.relpath(inside, here or '.')}{f'#{anchor}' if anchor else ''})"

    return _LINK.sub(link, markdown)
