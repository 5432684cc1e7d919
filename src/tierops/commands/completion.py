"""What a shell completes. It is asked at every press of the key, so files are looked at and no YAML is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click

from tierops.commands.session import Session

_ENDINGS = frozenset({".yaml", ".yml"})  # in any case
_MOST_FILES, _MOST_BYTES = 500, 64 * 1024


def environments(ctx: click.Context, _param: click.Parameter, begun: str) -> list[str]:
    """The names of the files of environments."""
    return sorted({path.stem for path in _files(ctx, "environments/*") if path.stem.startswith(begun)})


def programs(ctx: click.Context, _param: click.Parameter, begun: str) -> list[str]:
    """The keys of the lines that look like one."""
    paths = islice(_files(ctx, "**/*"), _MOST_FILES)
    return sorted({key for path in paths for key in _keys(path) if key.startswith(begun)})


def addresses(ctx: click.Context, param: click.Parameter, begun: str) -> list[str]:
    """A pattern for all targets of each program: the names of targets are for who reads YAML."""
    return [f"{key}/*" for key in programs(ctx, param, begun.partition("/")[0]) if f"{key}/*".startswith(begun)]


def _files(ctx: click.Context, pattern: str) -> Iterator[Path]:
    folder = ctx.ensure_object(Session).chosen.directory
    paths = folder.glob(pattern) if folder.is_dir() else ()
    return (path for path in paths if path.suffix.lower() in _ENDINGS)


def _keys(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return
    yield from re.findall(r"^program:[ \t]+[\"']?([a-z0-9][a-z0-9-]*)", text, re.MULTILINE)
