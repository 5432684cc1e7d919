"""What `tierops init` writes: the texts of a new repository's files, and how they get there without harm to others."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from tierops.config import schemas, writing
from tierops.errors import UsageError
from tierops.host import disk
from tierops.host.resources import folder

PROGRAMS = "tiers"
# No YAML, so that no command takes one for a program.
_SCHEMAS = f"{PROGRAMS}/.schemas"

_WORKFLOWS = ("tiers-plan.yml", "tiers-apply.yml", "tiers-drift.yml")

_ENVIRONMENT = """\
# yaml-language-server: $schema=../.schemas/environment.schema.json
version: 1
environment: {name}
# Where the vendor's API is elsewhere than at its default address:
# providers:
#   voucherify: {{url: https://us1.api.voucherify.io}}
# What differs between environments; programs name it as ${{campaign}} in any text or number:
# values:
#   campaign: Coffee Club ({name})
"""

_HOOK = """\
repos:
  - repo: https://github.com/{repository}
    rev: "{commit}"
    hooks:
      - id: tierops-validate
"""


class Source(NamedTuple):
    """Where the workflows and the hook take tierops from: a repository on GitHub and a commit of 40 hex digits."""

    repository: str
    commit: str

    def __str__(self) -> str:
        return f"{self.repository}@{self.commit}"


# Nothing runs with it; but its shape is right, so that nothing else in the files is hidden by an error about it.
UNKNOWN = Source("OWNER/tierops", "0" * 40)


class Wanted(NamedTuple):
    """What the new repository is to have. `places`: vendor → campaign or group and what goes with it.

    `key` is the first program's, None where there is to be none. `ci` is `github`, `gitlab` or `none`.
    """

    key: str | None
    places: Mapping[str, Mapping[str, str]]
    environments: tuple[str, ...]
    ci: str
    source: Source


def texts(wanted: Wanted) -> dict[str, str]:
    """Path below the repository → text, in the order in which they are of interest. Raises `writing.CannotSay`."""
    found = {f"{PROGRAMS}/{wanted.key}.yaml": _program(wanted.key, wanted.places)} if wanted.key else {}
    for name in wanted.environments:
        found[f"{PROGRAMS}/environments/{name}.yaml"] = _ENVIRONMENT.format(name=writing.Yaml().text(name))
    for name in ("program", "environment"):
        found[f"{_SCHEMAS}/{name}.schema.json"] = schemas.schema(name)
    found |= _pipeline(wanted)
    found[".pre-commit-config.yaml"] = _HOOK.format(**wanted.source._asdict())
    return found


def pipeline_steps(wanted: Wanted) -> Iterator[str]:
    """What is left to do for the pipeline, in sentences."""
    if wanted.ci == "github":
        listed = f"[{', '.join(map(writing.quoted, wanted.environments))}]"
        yield (
            f"On GitHub, set the repository variable TIEROPS_ENVIRONMENTS to {listed}, and make for each one the"
            " environments NAME-plan (a key that only reads) and NAME (a key that writes): see tiers-plan.yml"
        )
    if wanted.ci == "gitlab":
        names = " and ".join(wanted.environments)
        yield f"On GitLab, make the environments that .gitlab-ci.yml names for {names}, each with its keys as variables"
    if wanted.source == UNKNOWN:
        yield (
            f"Where .pre-commit-config.yaml{' and the workflows say' if wanted.ci != 'none' else ' says'}"
            f" {UNKNOWN.repository} and {UNKNOWN.commit}, put the repository of tierops and a commit of it"
        )


def _pipeline(wanted: Wanted) -> dict[str, str]:
    """The workflows of this repository, as another one has them."""
    if wanted.ci == "github":
        source = folder("workflows")
        return {f".github/workflows/{name}": _github((source / name).read_text("utf-8"), wanted) for name in _WORKFLOWS}
    if wanted.ci == "gitlab":
        return {".gitlab-ci.yml": _gitlab((folder("gitlab") / "gitlab-ci.yml").read_text("utf-8"), wanted)}
    return {}


def _github(text: str, wanted: Wanted) -> str:
    """Takes tierops from its repository, not from the folder that the text lies in. The environments are a variable."""
    task = "" if wanted.source != UNKNOWN else "put the repository of tierops and a commit of it after `uses:`, "
    text = re.sub(r"put a released commit of tierops in place of `\./`[^,]*?\),? (and )?", task, text)
    return re.sub(r"(?m)(?<=uses: )\./(?=\s|$)", str(wanted.source), text)


def _gitlab(text: str, wanted: Wanted) -> str:
    """Names the source and the environments: in lists, in comments, and with a job `apply NAME` for each."""
    first, second = (_section(text, f"apply {name}") for name in ("sandbox", "production"))
    jobs = (
        first.replace("apply sandbox", f"apply {name}").replace(": sandbox", f": {_in_any_yaml(name)}")
        for name in wanted.environments
    )
    text = text.replace(second, "").replace(first, "".join(jobs))
    text = text.replace("[sandbox, production]", f"[{', '.join(map(_in_any_yaml, wanted.environments))}]")
    text = re.sub(
        r"sandbox(\S*) and production\1",
        lambda found: " and ".join(name + found[1] for name in wanted.environments),
        text,
    )
    address = f"git+https://github.com/{wanted.source}"
    text = re.sub(r"(?m)^( +TIEROPS: ).*$", lambda found: f"{found[1]}{address} # what pip installs", text)
    return text.replace("copy this as .gitlab-ci.yml. docs/ci.md says", "docs/ci.md of tierops says")


def _section(text: str, name: str) -> str:
    """A job with the empty lines after it."""
    found = re.search(rf"(?m)^{name}:\n(?:(?: .*)?\n)*", text)
    if not found:
        raise LookupError(f"no job {name} in the example for GitLab")
    return found[0]


def _in_any_yaml(name: str) -> str:
    """In quotes unless no reader of YAML takes it for anything but text, as some do with `no` or `1e3`."""
    return name if re.fullmatch("[a-z]{6,}(-[a-z]+)*", name) else f'"{name}"'


def write(root: Path, files: Mapping[str, str], say: Callable[[str], object]) -> None:
    """Write what is not there yet, as .yaml or .yml; `say` hears of each file whether it was `created` or `kept`.

    Raises `UsageError`, with nothing written, where a folder below `root` is a link or no folder. `root` may be a link:
    whoever runs this has named it.
    """
    _refuse_no_folder(root)
    for above in dict.fromkeys(parent for path in files for parent in reversed(PurePosixPath(path).parents[:-1])):
        _refuse_no_folder(root / above)
        _refuse_link(root / above)
    for path, text in files.items():
        whole = root / path
        disk.make_folder(whole.parent)
        other = whole.with_suffix({".yaml": ".yml", ".yml": ".yaml"}.get(whole.suffix, whole.suffix))
        is_new = not os.path.lexists(other) and disk.create(whole, text, disk.ORDINARY)
        say(f"created {path}" if is_new else f"kept    {path if os.path.lexists(whole) else other.relative_to(root)}")


def _refuse_no_folder(path: Path) -> None:
    if os.path.lexists(path) and not path.is_dir():
        raise UsageError(f"{path} is no folder; nothing was written")


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise UsageError(f"{path} is a symbolic link, through which init writes nothing; nothing was written")


def _program(key: str, places: Mapping[str, Mapping[str, str]]) -> str:
    yaml = writing.Yaml()
    targets = [
        f"  - {vendor}: {writing.flow({name: yaml.text(text, in_flow=True) for name, text in place.items()})}"
        for vendor, place in places.items()
    ]
    lines = [
        "# yaml-language-server: $schema=.schemas/program.schema.json",
        "#",
        "# A first ladder: make it yours before it is applied, for a created tier cannot be taken back.",
        "version: 1",
        f"program: {yaml.text(key)}",
        "targets:",
        *targets,
        "tiers: # low to high; a tier ends where the next one begins",
        *(f"  - name: {name}\n    from: {start}" for name, start in (("Bronze", 0), ("Silver", 250), ("Gold", 500))),
    ]
    return "\n".join(lines) + "\n"
