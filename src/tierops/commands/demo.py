"""`tierops demo`: the whole story on the emulator, told by running the commands that a user would type."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from tierops.commands import options
from tierops.commands.session import Session
from tierops.emulator import Emulator
from tierops.emulator.server import serve
from tierops.errors import Exit, TieropsError
from tierops.host.resources import folder

_CAMPAIGN = "Loyalty Campaign - Tiers"
_SAMPLE = "loyalty-campaign.yaml"
_EPILOGUE = """
Your own project, from a folder that holds tiers/*.yaml:

  export VOUCHERIFY_APP_ID=…  VOUCHERIFY_APP_TOKEN=…      (dashboard, Project settings)
  export VOUCHERIFY_URL=https://us1.api.voucherify.io     (only outside the default region)
  tierops validate
  tierops plan --out plan.json
  tierops apply plan.json

A create cannot be undone by Voucherify's API: try a sandbox project first. This demonstration, like tierops' tests,
ran against an emulator built from Voucherify's published documentation, never against the live service.
"""


@click.command()
@options.shared
@click.pass_obj
def demo(session: Session) -> Exit:
    """The whole story on the emulator, in half a minute. Needs the extra: tierops[emulator]"""
    return tell(lambda text: session.console.page(f"{text}\n"))


def tell(say: Callable[[str], None]) -> Exit:
    """Run the story; `say` prints. Raises `TieropsError` if a command ends otherwise than told."""
    emulator = Emulator()
    emulator.voucherify.load_examples()
    emulator.voucherify.delete_tier(_CAMPAIGN, "Middle")
    with serve(emulator) as server, tempfile.TemporaryDirectory(prefix="tierops-demo-") as work:
        Path(work, "tiers").mkdir()
        shutil.copy(folder("tiers") / _SAMPLE, Path(work, "tiers"))
        url = f"{server.url}/voucherify"
        shell = _Shell(
            say, Path(work), {"VOUCHERIFY_URL": url, "VOUCHERIFY_APP_ID": "demo", "VOUCHERIFY_APP_TOKEN": "demo"}
        )
        say(f"An emulator of Voucherify runs at {url}. Its campaign {_CAMPAIGN!r} has two tiers;")
        say(f"tiers/{_SAMPLE} wants three. (All data is from Voucherify's documentation.)")
        _story(say, shell, emulator)
    say(_EPILOGUE)
    return Exit.DONE


def _story(say: Callable[[str], None], shell: _Shell, emulator: Emulator) -> None:
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
    say(
        "\n5. Somebody edits Middle in the dashboard: 600 points instead of 499. The plan shows it, and exits with 2.\n"
    )
    emulator.voucherify.edit_tier(_CAMPAIGN, "Middle", points={"from": 250, "to": 600})
    shell.run("plan", "--detailed-exitcode", expected=Exit.DIFFERENCES)


class _Shell:
    """Runs tierops as a process of its own, in one folder."""

    def __init__(self, say: Callable[[str], None], directory: Path, environ: Mapping[str, str]) -> None:
        self._say = say
        self._directory = directory
        vendors = ("TIEROPS_", "VOUCHERIFY_", "FANFARE_")
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith(vendors)}
        self._environ |= environ

    def run(self, *arguments: str, expected: Exit = Exit.DONE) -> None:
        self._say(f"$ tierops {' '.join(arguments)}")
        command = [sys.executable, "-m", "tierops", *arguments]
        code = subprocess.run(command, cwd=self._directory, env=self._environ, check=False).returncode  # noqa: S603
        if code != expected:
            raise TieropsError(f"the demonstration failed: tierops {arguments[0]} exited with {code}, not {expected}")
