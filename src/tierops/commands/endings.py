"""How a run ends that was not meant to: a wrong command line, a mistake in tierops, an output that nobody reads."""

from __future__ import annotations

import os
import traceback
from contextlib import suppress
from typing import TextIO

import click

from tierops.errors import Exit


def of_misuse(error: click.ClickException) -> tuple[str, str]:
    """How the command is used, several lines or none, and what was wrong, on one line."""
    context = getattr(error, "ctx", None)
    usage = f"{context.get_usage()}\nTry '{context.command_path} --help' for help.\n\n" if context else ""
    return usage, " ".join(error.format_message().split())


def of_crash(error: Exception, writes: int, *, is_verbose: bool) -> tuple[Exit, str, str]:
    """Exit code, sentence, and with `is_verbose` where it happened. What left in `writes` requests may be done."""
    is_output = isinstance(error, OSError) and error.filename is None
    what = f"{type(error).__name__}: {error}"
    told = (
        f"nothing can be written to stdout: {what}" if is_output else f"a mistake in tierops, please report it: {what}"
    )
    told += "" if is_verbose or is_output else "; -v shows where"
    told += "; creates may have been carried out: plan again to see" if writes else ""
    where = "".join(traceback.format_exception(error)) if is_verbose else ""
    return (Exit.UNKNOWN if writes else Exit.FAILED), told, where


def abandon(stream: TextIO) -> None:
    """Let what is left in the buffer go nowhere: Python would fail on it at the very end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
