"""One process from its start to its end: how long, how much processor, how much memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from statistics import median
from threading import Timer
from typing import NamedTuple

MEBIBYTE = 1024  # of the kibibytes in which Linux counts


class Run(NamedTuple):
    """Seconds by the clock on the wall, seconds of processor time (user and system), and the peak of memory in MiB."""

    wall: float
    cpu: float
    peak: float


class TooLong(Exception):
    """The process was ended, for it took longer than it may."""


def measured(
    command: Sequence[str | Path],
    folder: Path,
    environ: Mapping[str, str],
    codes: Collection[int] = (0,),
    patience: float = 900,
) -> Run:
    """Run a command; what it prints goes nowhere. Raises `TooLong` after `patience` seconds.

    Ends the benchmark where the exit code is none of `codes`, with what the command said.

    A new process counts the memory of the one that starts it for its own until it has become another program: so this
    one must stay small.
    """
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            list(map(str, command)), cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        alarm = Timer(patience, process.send_signal, [signal.SIGKILL])
        alarm.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        alarm.cancel()
        code = process.returncode = os.waitstatus_to_exitcode(status)
        if code == -signal.SIGKILL and wall >= patience:
            raise TooLong(f"{' '.join(map(str, command))} took longer than {patience:.0f} s")
        if code not in codes:
            said.seek(0)
            words = " ".join(map(str, command))
            sys.exit(f"{words} exited with {code}:\n{said.read()[-4000:].decode(errors='replace')}")
    peak = usage.ru_maxrss / (MEBIBYTE if sys.platform != "darwin" else MEBIBYTE * 1024)
    return Run(wall, usage.ru_utime + usage.ru_stime, peak)


def medians(runs: Sequence[Run]) -> Run:
    """The median of each figure by itself."""
    return Run(*(median(figures) for figures in zip(*runs, strict=True)))


def plain_environment() -> dict[str, str]:
    """This process's environment without what changes how Python or terraform runs, and without terraform's calls."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TF_", "TIEROPS_"))}
    return {**kept, "CHECKPOINT_DISABLE": "1"}
