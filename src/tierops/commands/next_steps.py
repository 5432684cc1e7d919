"""What is left to do after `tierops init`, in sentences."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tierops import providers
from tierops.commands import delivery, scaffold
from tierops.commands.scaffold import UNKNOWN, Wanted
from tierops.config import writing
from tierops.providers.vendor import Vendor

LAST = frozenset({"production", "prod", "live"})
"""Environments that nobody tries things out in."""


def steps(
    root: Path, repository: Path, wanted: Wanted, files: Mapping[str, str], used: Sequence[Vendor]
) -> Iterator[str]:
    """The steps in their order. `files` were to be written below the repository; `used` are the programs' vendors."""
    if root.resolve() != Path.cwd():
        yield f"cd {shlex.quote(str(root))}"
    if wanted.key:
        places = wanted.places.items()
        homes = (f"{scaffold.name_of(name, place)!r} at {providers.find(name).title}" for name, place in places)
        where = ", in each environment" if wanted.has_values else ""
        named = f"it names {' and '.join(homes)}{where}, and three tiers for a start"
        yield f"In {wanted.programs}/{wanted.key}.yaml, put your tiers: {named}"
    vendors = dict.fromkeys([*map(providers.find, wanted.places), *used]) or dict.fromkeys(providers.own())
    keys = [
        f"{variable.name}=…"
        for vendor in vendors
        for variable in (*vendor.address, *(one for one in vendor.variables if one.is_secret))
        if not variable.is_alternative
    ]
    first = next((name for name in wanted.environments if name not in LAST), wanted.environments[0])
    chosen = "" if wanted.programs == scaffold.PROGRAMS else f" --dir {shlex.quote(wanted.programs)}"
    yield f"Set the keys: export {' '.join(keys)}"
    yield f"tierops validate{chosen} --env {first}"
    yield f"tierops plan{chosen} --env {first}      (reads only; nothing is created before an apply)"
    yield from _pipeline(wanted)
    yield from _by_hand(repository, wanted, files)
    yield "pre-commit install"


def _pipeline(wanted: Wanted) -> Iterator[str]:
    if wanted.ci == "github":
        names = f"[{', '.join(map(writing.quoted, wanted.environments))}]"
        yield (
            f"On GitHub, set the repository variable TIEROPS_ENVIRONMENTS to {names}, and make for each one the"
            " environments NAME-plan (a key that only reads) and NAME (a key that writes): see tiers-plan.yml"
        )
    if wanted.ci == "gitlab":
        names = " and ".join(wanted.environments)
        yield f"On GitLab, make the environments that .gitlab-ci.yml names for {names}, each with its keys as variables"


def _by_hand(repository: Path, wanted: Wanted, files: Mapping[str, str]) -> Iterator[str]:
    """What init does not do to files that were there before it, or without knowing where tierops comes from."""
    present = {path: delivery.content(delivery.there(repository, path)) for path in files}
    if unknown := [path for path, text in present.items() if delivery.is_open(text)]:
        places = ", ".join(os.path.relpath(path, wanted.home or ".") for path in unknown)
        yield (
            f"Put the repository of tierops and a commit of it where these say {UNKNOWN.repository} and"
            f" {UNKNOWN.commit}: {places}; or again: tierops init --source OWNER/tierops@COMMIT"
        )
    for path, text in present.items():
        name = Path(path).name
        if name == ".gitignore" and (missing := [one for one in scaffold.GITIGNORE if one not in text.splitlines()]):
            yield f"Put what nobody should commit into {name}: {' '.join(missing)}"
        if name == ".pre-commit-config.yaml" and "tierops-validate" not in text:
            yield f"Put the hook tierops-validate into {name}"
        if _is_for_another_folder(name, text, wanted):
            yield f"{path} does not name {wanted.folder}: see docs/monorepo.md of tierops"


def _is_for_another_folder(name: str, text: str, wanted: Wanted) -> bool:
    """Whether a pipeline names folders of programs, or means the usual one, and this one is not among them."""
    if name not in (*scaffold.WORKFLOWS, ".gitlab-ci.yml"):
        return False
    named = re.findall(r'(?:^ *dir:|--dir) "?([\w./-]+)', text, re.MULTILINE) or [scaffold.PROGRAMS]
    is_listed = re.search(rf'dir: \[.*\b{re.escape(wanted.folder)}["\], ]', text)
    return bool(text) and wanted.folder not in named and not is_listed
