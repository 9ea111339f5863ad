"""How the command line says what others have written.

The law: a name or a reason changes nothing around it. What a terminal would obey, hide or write backwards stands as its
name, [U+202E]; in JSON as an escape, which programs read as the sign itself.
"""

from __future__ import annotations

import json
from typing import Any

import click

from admin_web.exports.harmless import visible


def say(text: str) -> None:
    click.echo("\n".join(visible(line) for line in text.split("\n")))


def say_json(found: Any) -> None:
    text = json.dumps(found, ensure_ascii=False, indent=2)
    click.echo("\n".join(visible(line, _escaped) for line in text.split("\n")))


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1]
