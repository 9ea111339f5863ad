"""The press: a process of its own that sets one PDF/A and ends, so that what it takes of the machine ends with it.

It reads a line of JSON (the job: what `report.typ` shows, `fonts` and `at`) and then the rows as CSV from its input,
and writes the PDF to its output. The law: it opens no file but fonts and its own page, is the first to go when memory
ends, and says nothing of what it sets.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typst

MOST_MEMORY, MOST_SECONDS = 3 * 1024**3, 600
STANDARD = "a-3b"
"""PDF/A-3b: as PDF/A-2b, and it may carry the rows as a file within."""
_PAGE = Path(__file__).with_name("report.typ")


def main() -> int:
    """0; anything else when it could not be set."""
    _be_modest()
    job, rows = json.loads(sys.stdin.buffer.readline()), sys.stdin.buffer.read()
    sys.stdout.buffer.write(_set(job, rows))
    return 0


def _be_modest() -> None:
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _set(job: dict[str, Any], rows: bytes) -> bytes:
    folders = sorted({str(Path(each).parent) for each in job.pop("fonts")})
    at = datetime.fromtimestamp(job.pop("at"), UTC)
    files = {"main.typ": _PAGE.read_bytes(), "job.json": json.dumps(job).encode(), "rows.csv": rows}
    made = typst.compile(  # type: ignore[call-overload] # its stub does not say that it takes files by name
        files,
        format="pdf",
        font_paths=[Path(each) for each in folders],
        ignore_system_fonts=True,
        pdf_standards=[STANDARD],
        pdf_tags=False,
        timestamp=at,
    )
    if not isinstance(made, bytes):
        raise TypeError("one PDF was asked for")
    return made


if __name__ == "__main__":
    sys.exit(main())
