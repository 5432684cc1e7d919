"""Every command line that tierops, its pages and its templates print is one that tierops takes."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tierops.cli import cli

_ROOT = Path(__file__).parent.parent
_HOLE = "HOLE"
_IN_TICKS = re.compile(r"`(tierops [^`]+)`")
_AFTER_COLON = re.compile(r"(?:with|see|again|later): (tierops [^;)]+)")
_BLOCK = re.compile(r"^```(?:sh|console|bash)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^\s*(?:\$ )?(?:\w+=\S+ )*(tierops [^\n]*)", re.MULTILINE)
# What follows a command in a shell or a sentence.
_ENDS = re.compile(r"\s(?:\||>|2>|&&|&|#).*|[\])]$")


def _texts(path: Path) -> Iterator[str]:
    """The strings of a module, docstrings among them; what an f-string fills in is a word."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else _HOLE for part in node.values)


def _printed() -> dict[str, str]:
    """Command line → a file that prints it."""
    lines: dict[str, str] = {}
    for path in sorted((_ROOT / "src").rglob("*.py")):
        for text in _texts(path):
            for line in (*_IN_TICKS.findall(text), *_AFTER_COLON.findall(text)):
                lines.setdefault(line, path.relative_to(_ROOT).as_posix())
    pages = (_ROOT / "README.md", *sorted((_ROOT / "docs").rglob("*.md")), *sorted((_ROOT / "src").rglob("*.md")))
    for path in pages:
        text = path.read_text(encoding="utf-8")
        found = [line for block in _BLOCK.findall(text) for line in _LINE.findall(block.replace("\\\n", " "))]
        for line in (*found, *_IN_TICKS.findall(text)):
            lines.setdefault(" ".join(line.split()), path.relative_to(_ROOT).as_posix())
    return lines


PRINTED = _printed()


@pytest.mark.parametrize("line", PRINTED, ids=lambda line: line[:60])
def test_a_printed_command_line_is_one_that_tierops_takes(line: str) -> None:
    """Commands, options and choices; what is missing is what a reader puts in for a word in capitals."""
    _, *words = shlex.split(_ENDS.sub("", line))
    command: click.Command = cli
    context = click.Context(cli, info_name="tierops", **cli.context_settings)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name, child, words = command.resolve_command(context, words)
        assert child is not None
        command, context = child, click.Context(child, context, info_name=name)
    values, _, _ = command.make_parser(context).parse_args(words)
    for option in command.params:
        value = values.get(option.name or "")
        for text in value if isinstance(value, list) else [value]:
            if isinstance(option.type, click.Choice) and isinstance(text, str) and not text.isupper():
                option.type.convert(text, option, context)


def test_such_lines_are_found_in_the_code_and_on_the_pages() -> None:
    assert {"tierops init", "tierops apply plan.json"} <= PRINTED.keys()
    assert {source.partition("/")[0] for source in PRINTED.values()} == {"src", "docs", "README.md"}
