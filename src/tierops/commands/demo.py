"""`tierops demo`: the whole story on the emulator, told by running the commands that a user would type."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from tierops import pipeline, providers
from tierops.commands import options
from tierops.commands.session import Session
from tierops.config.files import ENVIRONMENTS
from tierops.emulator import Emulator
from tierops.emulator.api import Api, Loss, Story
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
    return tell(lambda text: session.console.page(f"{text}\n"), session.chosen.today)


def tell(say: Callable[[str], None], today: date) -> Exit:
    """Run the story of the first vendor that has one, with what may get lost as its second act; `say` prints.

    Raises `TieropsError` if anything ends otherwise than told.
    """
    emulator = Emulator(vendors=providers.emulators())
    vendor, story = next((vendor, vendor.story) for vendor in emulator.vendors.values() if vendor.story)
    story.begin(vendor.dashboard)
    with serve(emulator) as server, tempfile.TemporaryDirectory(prefix="tierops-demo-") as work:
        one, several = Path(work, "one"), Path(work, "several")
        for directory in (one, several):
            Path(directory, "tiers").mkdir(parents=True)
        shutil.copy(folder("tiers") / story.sample, one / "tiers")
        shutil.copy(folder("tiers") / _MEMBERS, one)
        environ = {key: text for api in emulator.vendors.values() for key, text in api.environ(server.url).items()}
        shell = _Shell(say, one, emulator.vendors, environ)
        say(story.scene.format(url=f"{server.url}/{vendor.name}"))
        _create(say, shell, emulator)
        for other in emulator.vendors.values():
            if other.loss:
                _fill(several / "tiers", emulator, other.loss, today)
                _lose(say, _Shell(say, several, emulator.vendors, environ), emulator, other, other.loss)
        _edit(say, shell, story, vendor.dashboard)
        _count(say, shell, story)
    say(story.epilogue)
    return Exit.DONE


def _create(say: Callable[[str], None], shell: _Shell, emulator: Emulator) -> None:
    say("\nACT 1: A TIER IS MISSING\n\n1. Is the file right? No network is needed to know.\n")
    shell.run("validate")
    say("\n2. What would change? A plan is a file that somebody can review.\n")
    shell.run("plan", "--out", "plan.json")
    say("\n3. Carry out exactly that plan, and read back what came of it.\n")
    shell.run("apply", "plan.json")
    say("\n4. Once more: a plan finds nothing to do, and the same plan file writes nothing.\n")
    shell.run("plan", "--detailed-exitcode")
    writes = emulator.writes
    shell.run("apply", "plan.json", "--quiet")
    say(f"(requests that write, so far: {emulator.writes}; by this last apply: {emulator.writes - writes})")


def _fill(tiers: Path, emulator: Emulator, loss: Loss, today: date) -> None:
    """Write the sample with its environments, and make the places that it names."""
    shutil.copy(folder("tiers") / loss.sample, tiers)
    shutil.copytree(folder("tiers") / ENVIRONMENTS, tiers / ENVIRONMENTS)
    for program in pipeline.read_files([tiers], loss.environment, today=today).programs:
        for target in program.targets:
            emulator.vendors[target.place.provider].seed(target.place.block)


def _lose(say: Callable[[str], None], shell: _Shell, emulator: Emulator, vendor: Api[Any], loss: Loss) -> None:
    """The second act: an answer gets lost, tierops reads back, and nothing is there twice."""
    emulator.faults.append(loss.fault)
    say(f"\nACT 2: AN ANSWER GETS LOST\n\n{loss.scene}\n\n5. Create them all.\n")
    shell.run("apply", "--env", loss.environment, "--auto-approve")
    sent = sum(loss.fault.fits(method, path) for method, path, _ in emulator.requests)
    names = loss.held(vendor.dashboard)
    if len(emulator.faults) or len(set(names)) != len(names) or sent != len(names):
        raise TieropsError(f"the demonstration failed: {sent} creates were sent, and there are {', '.join(names)}")
    title = providers.find(vendor.name).title
    say(f"(Creates that {title} got: {sent}.\nIt holds {', '.join(names)}, each once.)")
    say("\n6. The vendors hold what the file wants: a plan finds nothing to do.\n")
    shell.run("plan", "--env", loss.environment, "--detailed-exitcode")


def _edit(say: Callable[[str], None], shell: _Shell, story: Story, dashboard: Any) -> None:
    say(f"\nACT 3: THE DASHBOARD\n\n7. {story.edited}\n   The plan of the first file shows it, and exits with 2.\n")
    story.edit(dashboard)
    shell.run("plan", "--detailed-exitcode", expected=Exit.DIFFERENCES)


def _count(say: Callable[[str], None], shell: _Shell, story: Story) -> None:
    say("\nACT 4: THE MEMBERS\n\n8. Where would tiers begin that hold 50, 30 and 20 percent?")
    say(f"   {_MEMBERS} has 250 members, all made up.\n")
    if not all(map(find_spec, _COUNTERS)):
        say("(Members are counted with what `pip install 'tierops[members]'` brings along;\nit is not installed here.)")
        return
    shell.run("suggest", "--members", _MEMBERS, "--shares", "50,30,20", "--out", _PROPOSAL)
    say("\n9. And who would move then?\n")
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
