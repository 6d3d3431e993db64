"""A report as one page that needs nothing else: figures and style are inside, and there is no script."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from html import escape

from experiments.points import unbroken
from experiments.report.blocks import Block, Code, Heading, Items, Paragraph, Picture, Table

_STYLE = """
:root { color-scheme: light; }
body { font: 17px/1.5 Georgia, "Times New Roman", serif; color: #222; background: #fff; margin: 0 auto;
       max-width: 62rem; padding: 1.5rem; }
h1, h2, caption, th, nav { font-family: system-ui, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: .5rem 0 1rem; }
h2 { font-size: 1.35rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid #999; }
nav { font-size: .9rem; margin-bottom: 1rem; }
nav a { margin-right: 1rem; color: #0060a0; }
li { margin: .35rem 0; }
table { border-collapse: collapse; font-size: .85rem; margin: 1.2rem 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
thead { border-top: 2px solid #222; border-bottom: 1px solid #222; }
tbody { border-bottom: 2px solid #222; }
th, td { padding: .18rem .6rem; text-align: right; white-space: nowrap; vertical-align: top; }
th { font-weight: 600; vertical-align: bottom; }
td.words, th.words { text-align: left; white-space: normal; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
tbody tr:nth-child(even) { background: #f4f4f4; }
figure { margin: 1.5rem 0 2rem; }
figure img { width: 100%; height: auto; }
figcaption { font-size: .92rem; }
pre { font: .82rem/1.4 ui-monospace, Consolas, monospace; background: #f4f4f4; padding: .8rem; white-space: pre-wrap;
      overflow-wrap: anywhere; }
@media print {
  body { font-size: 10.5pt; max-width: none; padding: 0; }
  nav { display: none; }
  h2, caption { break-after: avoid; }
  figure, tr { break-inside: avoid; }
  table { font-size: 8pt; }
  th, td { padding: .1rem .35rem; }
}
"""
_LEAD = re.compile(r"[A-Z][^.:;0-9]{0,60}:(?= )")
_MINUS = re.compile(r"(?<![\w-])-(?=\d)")


def html_page(title: str, blocks: Sequence[Block]) -> str:
    """The page, as text. Pictures are read from their files."""
    headings = [block.text for block in blocks if isinstance(block, Heading)]
    links = "\n".join(f'<a href="#{_anchor(text)}">{escape(text)}</a>' for text in headings)
    body = "\n".join(map(_block, blocks))
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n<nav>\n{links}\n</nav>\n{body}\n"
        f"</body>\n</html>\n"
    )


def _block(block: Block) -> str:
    match block:
        case Heading(text):
            return f'<h2 id="{_anchor(text)}">{escape(text)}</h2>'
        case Paragraph(text):
            return f"<p>{escape(text)}</p>"
        case Items(texts):
            return "<ul>\n" + "\n".join(f"<li>{_item(text)}</li>" for text in texts) + "\n</ul>"
        case Code(text):
            return f"<pre>{escape(text)}</pre>"
        case Picture(title, caption, png):
            data = base64.b64encode(png.read_bytes()).decode("ascii")
            return (
                f'<figure>\n<img alt="{escape(title)}" src="data:image/png;base64,{data}">\n'
                f"<figcaption><strong>{escape(title)}.</strong> {escape(caption)}</figcaption>\n</figure>"
            )
        case Table():
            return _table(block)


def _item(text: str) -> str:
    """An item; what it begins with before a colon stands out."""
    text = _MINUS.sub("−", unbroken(text))
    lead = _LEAD.match(text)
    return f"<strong>{escape(lead[0])}</strong>{escape(text[lead.end() :])}" if lead else escape(text)


def _table(table: Table) -> str:
    def cell(tag: str, column: int, text: str) -> str:
        if column in table.words:
            return f'<{tag} class="words">{escape(text)}</{tag}>'
        return f"<{tag}>{_MINUS.sub('−', escape(text)).replace(chr(10), '<br>')}</{tag}>"

    def row(tag: str, texts: Sequence[str]) -> str:
        return f"<tr>{''.join(cell(tag, column, text) for column, text in enumerate(texts))}</tr>"

    rows = "\n".join(row("td", texts) for texts in table.rows)
    return (
        f'<div class="wide"><table>\n<caption>{escape(table.title)}</caption>\n'
        f"<thead>\n{row('th', table.header)}\n</thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>"
    )


def _anchor(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
