"""How each tool is run: what its files are, what it takes for applied, and the command for each thing measured."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from benchmarks import content
from benchmarks.content import Shape
from benchmarks.emulated import Emulated
from benchmarks.measure import plain_environment

VALIDATE, CREATE, APPLY, PLAN, DRIFT = "validate", "plan, all to create", "apply", "plan, no change", "drift"
KINDS = (VALIDATE, CREATE, APPLY, PLAN, DRIFT)
"""In the order of a round: from nothing applied to everything."""

HUGE = 1000
"""From so many programs on terraform takes minutes for a plan and hours to apply."""


class Command(NamedTuple):
    """What to run, and the exit codes that say that it went as it should."""

    words: Sequence[str | Path]
    codes: Sequence[int] = (0,)


class Tool(Protocol):
    """One tool and the content that it is measured with. `environ` is that of its processes."""

    name: str
    folder: Path
    environ: Mapping[str, str]

    def empty(self) -> None:
        """Back to where nothing is applied."""
        ...

    def fill(self) -> None:
        """To where everything is applied, from where nothing is."""
        ...

    def command(self, kind: str) -> Command | None:
        """The command for one of `KINDS`; None where that cannot be waited for."""
        ...

    def requests(self) -> int | None:
        """How many requests its vendor had so far; None where there is none."""
        ...

    def close(self) -> None:
        """End what runs beside it."""
        ...


class Tierops:
    """`tierops` in front of one emulated vendor."""

    def __init__(self, program: Path, folder: Path, shape: Shape, vendor: str, latency: int) -> None:
        self.name = f"tierops, {vendor}"
        self.folder = folder
        self.environ: Mapping[str, str] = plain_environment()
        self._program = program
        self._vendor, self._latency = vendor, latency
        self._emulated: Emulated | None = None
        content.tierops(folder, shape, vendor)

    def empty(self) -> None:
        """A new vendor, with empty places."""
        self.close()
        self._emulated = Emulated(self._program, self.folder, self._vendor, self._latency, plain_environment())
        self.environ = self._emulated.environ

    def fill(self) -> None:
        """Send what a plan holds."""
        assert self._emulated is not None
        self._run("plan", "--out", "plan.json")
        self._emulated.carry_out(self.folder / "plan.json")

    def command(self, kind: str) -> Command | None:
        """`--settle 0` leaves out the pause of two seconds between the two reads before the first create."""
        words, codes = {
            VALIDATE: (["validate"], (0,)),
            CREATE: (["plan", "--detailed-exitcode"], (2,)),
            APPLY: (["apply", "--auto-approve", "--settle=0"], (0,)),
            PLAN: (["plan", "--detailed-exitcode"], (0,)),
            DRIFT: (["drift"], (0,)),
        }[kind]
        return Command([self._program, *words], codes)

    def requests(self) -> int | None:
        """As the emulator counts them."""
        return self._emulated.requests() if self._emulated else None

    def close(self) -> None:
        """End the emulator."""
        if self._emulated is not None:
            self._emulated.close()
            self._emulated = None

    def _run(self, *words: str) -> None:
        _quietly([self._program, *words], self.folder, self.environ)


class Terraform:
    """`terraform` with a `terraform_data` resource for each tier: a provider inside terraform that asks nobody."""

    name = "terraform"

    def __init__(self, program: Path, folder: Path, shape: Shape) -> None:
        self.folder = folder
        self.environ: Mapping[str, str] = plain_environment()
        self._program, self._shape = program, shape
        content.terraform(folder, shape)
        _quietly([program, "init", "-input=false"], folder, self.environ)

    def empty(self) -> None:
        """Forget the state."""
        for file in self.folder.glob("terraform.tfstate*"):
            file.unlink()

    def fill(self) -> None:
        """Write the state; a plan of it has no change, or its exit code ends the benchmark."""
        content.terraform_state(self.folder, self._shape, version(self._program))

    def command(self, kind: str) -> Command | None:
        """Drift is a plan that only refreshes."""
        if kind == APPLY and self._shape.programs >= HUGE:
            return None
        words, codes = {
            VALIDATE: (["validate"], (0,)),
            CREATE: (["plan", "-input=false", "-detailed-exitcode"], (2,)),
            APPLY: (["apply", "-input=false", "-auto-approve"], (0,)),
            PLAN: (["plan", "-input=false", "-detailed-exitcode"], (0,)),
            DRIFT: (["plan", "-input=false", "-detailed-exitcode", "-refresh-only"], (0,)),
        }[kind]
        return Command([self._program, *words], codes)

    def requests(self) -> int | None:
        """It sends none."""
        return None

    def close(self) -> None:
        """Nothing runs beside it."""


class OctoDns:
    """`octodns-sync` from a folder of YAML to another one, with a record for each tier."""

    name = "octoDNS"

    def __init__(self, programs: Path, folder: Path, shape: Shape) -> None:
        self.folder = folder
        self.environ: Mapping[str, str] = plain_environment()
        self._programs = programs
        content.octodns(folder, shape)

    def empty(self) -> None:
        """Remove the zones of the live side."""
        shutil.rmtree(self.folder / "live")
        (self.folder / "live").mkdir()

    def fill(self) -> None:
        """The live side is what the files say."""
        shutil.copytree(self.folder / "files", self.folder / "live", dirs_exist_ok=True)

    def command(self, kind: str) -> Command | None:
        """A plan, and drift with it, is a sync without `--doit`; it has no exit code for differences."""
        name = "octodns-validate" if kind == VALIDATE else "octodns-sync"
        return Command([self._programs / name, "--config-file=config.yaml", *(["--doit"] if kind == APPLY else [])])

    def requests(self) -> int | None:
        """It sends none."""
        return None

    def close(self) -> None:
        """Nothing runs beside it."""


def version(program: Path) -> str:
    """`1.11.4`, as `terraform version` begins."""
    answer = subprocess.run(
        [program, "version"], capture_output=True, text=True, check=True, env=plain_environment(), cwd="/"
    )
    return answer.stdout.split()[1].removeprefix("v")


def _quietly(command: Sequence[str | Path], folder: Path, environ: Mapping[str, str]) -> None:
    ended = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} exited with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
