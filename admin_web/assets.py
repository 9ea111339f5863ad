"""Writes `static/integrity.json`: the SHA-384 of every script and style, which templates name and a test checks.

`python -m admin_web.assets` after a change of an asset.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

STATIC = Path(__file__).parent / "static"
MANIFEST = STATIC / "integrity.json"


def integrity() -> dict[str, str]:
    """Path below `static/` → `sha384-…`, for every script and style."""
    found = sorted(path for kind in ("*.js", "*.css") for path in STATIC.rglob(kind))
    return {str(path.relative_to(STATIC)): digest(path.read_bytes()) for path in found}


def digest(data: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(data).digest()).decode()


if __name__ == "__main__":
    MANIFEST.write_text(json.dumps(integrity(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
