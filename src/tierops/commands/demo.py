"""`tierops demo`: the whole story on the emulator, told by running the commands that a user would type."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from tierops import providers
from tierops.commands import options
from tierops.commands.session import Session
from tierops.emulator import Emulator
from tierops.emulator.api import Story
from tierops.emulator.server import serve
from tierops.errors import Exit, TieropsError
from tierops.host.resources import folder

_MEMBERS = "members.csv"
_PROPOSAL = "proposal.yaml"
_COUNTERS = ("duckdb", "narwhals", "pydantic")


@click.command()
@options.shared
@click.pass_obj
def demo(session: Session) -> Exit:
    """The whole story on the emulator, in half a minute."""
    return tell(lambda text: session.console.page(f"{text}\n"))


def tell(say: Callable[[str], None]) -> Exit:
    """Run the story of the first vendor that has one; `say` prints.

    Raises `TieropsError` if a command ends otherwise than told.
    """
    emulator = Emulator(vendors=providers.emulators())
    vendor, story = next((vendor, vendor.story) for vendor in emulator.vendors.values() if vendor.story)
    story.begin(vendor.dashboard)
    with serve(emulator) as server, tempfile.TemporaryDirectory(prefix="tierops-demo-") as work:
        Path(work, "tiers").mkdir()
        shutil.copy(folder("tiers") / story.sample, Path(work, "tiers"))
        shutil.copy(folder("tiers") / _MEMBERS, work)
        shell = _Shell(say, Path(work), emulator.vendors, vendor.environ(server.url))
        say(story.scene.format(url=f"{server.url}/{vendor.name}"))
        _play(say, shell, emulator, story, vendor.dashboard)
    say(story.epilogue)
    return Exit.DONE


def _play(say: Callable[[str], None], shell: _Shell, emulator: Emulator, story: Story, dashboard: Any) -> None:
    say("\n1. Is the file right? No network is needed to know.\n")
    shell.run("validate")
    say("\n2. What would change? One tier is missing, and a plan is a file that somebody can review.\n")
    shell.run("plan", "--out", "plan.json")
    say("\n3. Carry out exactly that plan, and read back what came of it.\n")
    shell.run("apply", "plan.json")
    say("\n4. Once more: a plan finds nothing to do, and the same plan file writes nothing.\n")
    shell.run("plan", "--detailed-exitcode")
    writes = emulator.writes
    shell.run("apply", "plan.json", "--quiet")
    say(f"(requests that write, so far: {emulator.writes}; by this last apply: {emulator.writes - writes})")
    say(f"\n5. {story.edited} The plan shows it, and exits with 2.\n")
    story.edit(dashboard)
    shell.run("plan", "--detailed-exitcode", expected=Exit.DIFFERENCES)
    say(f"\n6. Where would tiers begin that hold 50, 30 and 20 percent? {_MEMBERS} has 250 members, all made up.\n")
    if not all(map(find_spec, _COUNTERS)):
        say("(Members are counted with what `pip install 'tierops[members]'` brings along; it is not installed here.)")
        return
    shell.run("suggest", "--members", _MEMBERS, "--shares", "50,30,20", "--out", _PROPOSAL)
    say("\n7. And who would move then?\n")
    shell.run("impact", "--members", _MEMBERS, "--compare", f"tiers/{story.sample}", _PROPOSAL)


class _Shell:
    """Runs tierops as a process of its own, in one folder."""

    def __init__(
        self, say: Callable[[str], None], directory: Path, vendors: Iterable[str], environ: Mapping[str, str]
    ) -> None:
        self._say = say
        self._directory = directory
        # No key of a real account is for the emulator.
        settings = ("TIEROPS_", *(f"{vendor.upper().replace('-', '_')}_" for vendor in vendors))
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith(settings)}
        self._environ |= environ

    def run(self, *arguments: str, expected: Exit = Exit.DONE) -> None:
        self._say(f"$ tierops {' '.join(arguments)}")
        command = [sys.executable, "-m", "tierops", *arguments]
        code = subprocess.run(command, cwd=self._directory, env=self._environ, check=False).returncode  # noqa: S603
        if code != expected:
            raise TieropsError(f"the demonstration failed: tierops {arguments[0]} exited with {code}, not {expected}")
