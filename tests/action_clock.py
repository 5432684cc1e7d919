"""Runs a script of the action by a clock that nobody waits for, and writes down how long it would have waited.

As a program: python action_clock.py SLEPT SCRIPT
"""

from __future__ import annotations

import runpy
import sys
import time
from pathlib import Path


def main(slept: Path, script: Path) -> None:
    def sleep(seconds: float) -> None:
        with slept.open("a") as file:
            file.write(f"{seconds}\n")

    time.sleep = sleep
    sys.path[0] = str(script.parent)
    runpy.run_path(str(script), run_name="__main__")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
