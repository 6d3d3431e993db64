"""What can be taken home: the results of the economies as they are now, in one zip file."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from experiments.app.session import SIDES, Session
from experiments.output import write_result


def results_zip(session: Session) -> bytes:
    """What ``deca10b run --out`` writes, as a zip file: figure (PNG, SVG), its data, result and scenario.

    Of two economies side by side each has a folder of its own, ``A`` and ``B``.
    """
    packed = io.BytesIO()
    with TemporaryDirectory() as folder, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for letter, side in zip(SIDES, session.sides, strict=False):
            place = Path(folder) / letter if len(session.sides) > 1 else Path(folder)
            for path in write_result(side.stage.result(), place):
                archive.write(path, path.relative_to(folder))
    return packed.getvalue()
