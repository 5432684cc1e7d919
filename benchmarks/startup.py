"""How long `tierops plan` takes as a whole process, beside `terraform plan` and `octodns-sync`, in one run.

Each tool has nothing to change: three tiers against the emulator, three `terraform_data` resources, one zone of three
records from YAML to YAML. tierops runs from a wheel in an environment of its own, as it does in CI. The tools take
turns, so that a busy machine slows all of them.

Usage: python benchmarks/startup.py [RUNS]        (needs pip; terraform is left out where it is not installed)
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tierops.emulator import Emulator
from tierops.emulator.server import serve

ROOT = Path(__file__).parents[1]

TERRAFORM = "\n".join(f'resource "terraform_data" "t{n}" {{ input = "{n}" }}' for n in range(3))
OCTODNS = """
providers:
  source: {class: octodns.provider.yaml.YamlProvider, directory: ./source}
  live: {class: octodns.provider.yaml.YamlProvider, directory: ./source}
zones:
  example.com.: {sources: [source], targets: [live]}
"""
ZONE = "".join(f"{name}: {{type: A, value: 192.0.2.{n}}}\n" for n, name in enumerate(("bronze", "gold", "silver"), 1))


class Contender(NamedTuple):
    name: str
    command: Sequence[str]
    folder: Path
    environ: Mapping[str, str]


def quietly(command: Sequence[str | Path], folder: Path = ROOT, environ: Mapping[str, str] | None = None) -> None:
    ended = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(f"{' '.join(map(str, command))} exited with {ended.returncode}:\n{ended.stdout}{ended.stderr}")


def installed(folder: Path, *packages: str) -> Path:
    """A new environment with these packages, their bytecode compiled; its folder of programs."""
    venv.create(folder, with_pip=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt"]
    quietly([*pip, *packages])
    quietly([folder / "bin" / "python", "-m", "compileall", "-q", folder / "lib"])
    return folder / "bin"


def contenders(work: Path, url: str) -> list[Contender]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TF_"))}
    found = [_tierops(work / "tierops", plain, url)]
    if terraform := shutil.which("terraform"):
        found.append(_terraform(work / "terraform", plain, terraform))
    found.append(_octodns(work / "octodns", plain))
    return found


def _tierops(folder: Path, plain: Mapping[str, str], url: str) -> Contender:
    (folder / "tiers").mkdir(parents=True)
    shutil.copy(ROOT / "tiers" / "loyalty-campaign.yaml", folder / "tiers")
    keys = {"VOUCHERIFY_URL": f"{url}/voucherify", "VOUCHERIFY_APP_ID": "a", "VOUCHERIFY_APP_TOKEN": "b"}
    program = str(installed(folder / "env", str(ROOT)) / "tierops")
    return Contender("tierops plan", [program, "plan", "--detailed-exitcode"], folder, {**plain, **keys})


def _terraform(folder: Path, plain: Mapping[str, str], program: str) -> Contender:
    folder.mkdir()
    (folder / "main.tf").write_text(TERRAFORM)
    quietly([program, "init"], folder, plain)
    quietly([program, "apply", "-auto-approve"], folder, plain)
    return Contender("terraform plan", [program, "plan", "-detailed-exitcode"], folder, plain)


def _octodns(folder: Path, plain: Mapping[str, str]) -> Contender:
    (folder / "source").mkdir(parents=True)
    (folder / "config.yaml").write_text(OCTODNS)
    (folder / "source" / "example.com.yaml").write_text(ZONE)
    program = str(installed(folder / "env", "octodns") / "octodns-sync")
    return Contender("octodns-sync", [program, "--config-file=config.yaml"], folder, plain)


def timed(contender: Contender) -> float:
    """Milliseconds of one process; ends the benchmark if it fails."""
    start = time.perf_counter()
    quietly(contender.command, contender.folder, contender.environ)
    return (time.perf_counter() - start) * 1000


def main(runs: int) -> None:
    with tempfile.TemporaryDirectory() as work, serve(emulator := Emulator()) as server:
        emulator.voucherify.load_examples()
        field = contenders(Path(work), server.url)
        times: dict[str, list[float]] = {contender.name: [] for contender in field}
        for run in range(runs + 2):
            for contender in field:
                milliseconds = timed(contender)
                if run >= 2:  # the first two warm the disk cache
                    times[contender.name].append(milliseconds)
    ours = statistics.median(times["tierops plan"])
    print(f"{runs} runs, in turns, whole processes, milliseconds")
    print(f"{'':16}{'median':>8}{'min':>8}{'tierops is':>14}")
    for name, found in times.items():
        median = statistics.median(found)
        print(f"{name:16}{median:8.0f}{min(found):8.0f}{ours / median:12.2f} x")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
