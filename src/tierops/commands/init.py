"""`tierops init`: what is asked, what is taken for granted, and what to do next."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import click

from tierops import importing, providers
from tierops.commands import delivery, ladders, next_steps, options, places, scaffold
from tierops.commands.scaffold import Source, Wanted
from tierops.commands.session import Session
from tierops.config import environment, files
from tierops.errors import Exit, TieropsError, UsageError
from tierops.providers.vendor import Part, Vendor

# As `Console.ask`: the question, the answer that is proposed, and what there is to choose from or how it is checked.
Ask = Callable[..., Any]

_NAME = "Coffee Club"
_ENVIRONMENTS = ("sandbox", "production")
_BOTH = "both"
_PIPELINES = ("github", "gitlab", "none")


def _names(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(options.checked_key(value) for value in values))


def _source(_ctx: click.Context, _param: click.Parameter, value: str | None) -> Source | None:
    if value is None:
        return None
    parts = re.fullmatch(r"([A-Za-z0-9-]+/[A-Za-z0-9._-]+)@([0-9a-f]{40})", value)
    if not parts:
        raise click.BadParameter("as in OWNER/tierops@COMMIT, the commit with all of its 40 digits: a tag can be moved")
    return Source(parts[1], parts[2])


def _vendor(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value not in {None, _BOTH} and providers.known(str(value)) is None:
        raise click.BadParameter(f"{value!r} is no vendor; there are: {', '.join(providers.names())}, or {_BOTH}")
    return value


class _Asked(NamedTuple):
    """The options. None, or nothing, where the command line does not say."""

    vendor: str | None
    place: Mapping[str, str]
    program: str | None
    environments: tuple[str, ...]
    ci: str | None
    source: Source | None

    @property
    def has_program(self) -> bool:
        """Whether anything about a program was said."""
        return any((self.vendor, self.place, self.program))


class _Present(NamedTuple):
    """What there is already: so many program files, for these vendors, the environments, and a pipeline for GitLab."""

    programs: int
    vendors: tuple[Vendor, ...]
    environments: tuple[str, ...]
    is_on_gitlab: bool

    @classmethod
    def at(cls, directory: Path, repository: Path) -> _Present:
        paths: list[Path] = []
        with suppress(TieropsError):  # there are none
            paths = files.programs(directory)
        names = dict.fromkeys(name for path in paths for name in ladders.targeted(path))
        vendors = tuple(vendor for name in names if (vendor := providers.known(name)))
        is_on_gitlab = (repository / ".gitlab-ci.yml").exists() and not (repository / ".github").exists()
        environments = sorted(environment.names(directory), key=next_steps.LAST.__contains__)
        return cls(len(paths), vendors, tuple(environments), is_on_gitlab)


@click.command()
@click.argument("root", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option(
    "--vendor", callback=_vendor,
    help=f"Where the program lives; {_BOTH} is {' and '.join(vendor.title for vendor in providers.own()[:2])}"
    f" [{providers.own()[0].name}].",
)  # fmt: skip
@places.place()
@click.option("--program", metavar="KEY", callback=options.key, help="Key of the program; else from the name.")
@click.option(
    "--environment", "environments", metavar="NAME", multiple=True, callback=_names,
    help="An environment; can be repeated [sandbox, production].",
)  # fmt: skip
@click.option("--ci", type=click.Choice(_PIPELINES), help="Whose workflows to write [github].")
@click.option(
    "--source", metavar="OWNER/REPO@COMMIT", callback=_source,
    help="GitHub repository and commit that CI takes tierops from; by default, where it was installed from.",
)  # fmt: skip
@click.option("--yes", "-y", is_flag=True, help="Do not ask, not even on a terminal.")
@options.shared
@click.pass_obj
def init(
    session: Session, /, root: Path, vendor: str | None, at: tuple[tuple[str, str], ...], program: str | None,
    environments: tuple[str, ...], ci: str | None, source: Source | None, yes: bool, **parts: str | None,
) -> Exit:  # fmt: skip
    """Write the first files of a repository: a ladder, environments, CI workflows.

    Below DIR, which is this folder by default: tiers/, or what --dir says, with a first program, an environment each
    and the schemas for editors; and a .gitignore. At the root of the git repository that DIR is in: the workflows, and
    a pre-commit configuration. Asks on a terminal for what no option says. A file that is there already is left alone,
    but for the place of a --source that was not known before.
    """
    console = session.console
    repository = delivery.repository(root)
    directory = _checked_folder(session.chosen.directory)
    present = _Present.at(root / directory, repository)
    asked = _Asked(vendor, places.named(at, parts), program, environments, ci, source)
    wanted = _wanted(asked, present, console.ask if console.can_ask and not yes else _default)
    home = root.resolve().relative_to(repository)
    wanted = wanted._replace(home="" if home == Path() else home.as_posix(), programs=directory)
    try:
        texts = scaffold.texts(wanted)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if not wanted.key:
        console.line(f"kept    {directory}: it has programs already ({present.programs})")
    if wanted.home:
        console.line(f"{root} lies in the repository {repository}: what is for all of it goes to its root.")

    def say(done: str, path: str) -> None:
        console.line(f"{done:7} {os.path.relpath(repository / path, root.resolve())}")

    delivery.write(repository if wanted.home else root, texts, wanted.source, say)
    console.line("")
    for number, step in enumerate(next_steps.steps(root, repository, wanted, texts, present.vendors), start=1):
        console.line(f"{number}. {step}")
    return Exit.DONE


def _checked_folder(directory: Path) -> str:
    if directory.is_absolute() or ".." in directory.parts or directory == Path():
        raise UsageError(f"init makes a folder of its own for the programs, not {directory}: name one below DIR")
    return directory.as_posix()


def _default(_question: str, default: str, *, check: Callable[[str], Any] = str, **_: object) -> Any:
    """The answer where nobody is asked."""
    return check(default)


def _wanted(asked: _Asked, present: _Present, ask: Ask) -> Wanted:
    key, blocks = None, {}
    if asked.has_program or not present.programs:
        blocks = _places(_vendors(asked, ask), asked.place, ask)
        default = importing.key_for(scaffold.name_of(*next(iter(blocks.items()))), ())
        key = asked.program or ask("Key of the program", default, check=options.checked_key)
    environments = (
        asked.environments or present.environments or ask("Environments", " ".join(_ENVIRONMENTS), check=_parsed_names)
    )
    ci = asked.ci or ask("Workflows for", _PIPELINES[present.is_on_gitlab], choices=_PIPELINES)
    source = asked.source or _installed_from() or scaffold.UNKNOWN
    # Environments that are there have no value for a new program.
    return Wanted(key, blocks, environments, ci, source, has_values=not present.environments)


def _vendors(asked: _Asked, ask: Ask) -> tuple[Vendor, ...]:
    """Where the program is to live. Raises `click.UsageError` for options that contradict each other."""
    owners = {name: [vendor for vendor in providers.loaded() if _part(vendor, name)] for name in asked.place}
    for name, vendors in owners.items():
        if not vendors:
            raise click.UsageError(f"no vendor has {name!r}")
        if asked.vendor not in {None, _BOTH, *(vendor.name for vendor in vendors)}:
            raise click.UsageError(f"{name} is {vendors[0].name}'s, but --vendor says {asked.vendor}")
    if asked.vendor is None and owners:
        return _meant(owners, asked.place)
    own = providers.own()
    name = asked.vendor or ask("Vendor", own[0].name, choices=[*(vendor.name for vendor in own), _BOTH])
    return own[:2] if name == _BOTH else (providers.find(name),)


def _meant(owners: Mapping[str, Sequence[Vendor]], named: Mapping[str, str]) -> tuple[Vendor, ...]:
    """The vendors that named parts belong to: one that several have is read for the vendor that others name already.

    Else for the one that takes such a value. Raises `click.UsageError` where that leaves several.
    """
    meant: list[Vendor] = []
    for name, vendors in sorted(owners.items(), key=lambda item: len(item[1])):
        if any(vendor in meant for vendor in vendors):
            continue
        fitting = [vendor for vendor in vendors if (part := _part(vendor, name)) and named[name] in part.choices]
        likely = fitting or list(vendors)
        if len(likely) > 1:
            raise click.UsageError(f"{name} is known to {' and '.join(vendor.name for vendor in likely)}: add --vendor")
        meant += likely
    return tuple(vendor for vendor in providers.loaded() if vendor in meant)


def _part(vendor: Vendor, name: str) -> Part | None:
    return next((part for part in vendor.parts if part.name == name), None)


def _places(vendors: tuple[Vendor, ...], named: Mapping[str, str], ask: Ask) -> dict[str, dict[str, str]]:
    """Vendor → block of a target. Raises `click.UsageError` for a value that there is not."""
    names = [named[part.name] for vendor in vendors for part in vendor.parts if part.is_home and part.name in named]
    name = names[0] if names else _NAME
    blocks: dict[str, dict[str, str]] = {}
    for vendor in vendors:
        blocks[vendor.name] = {}
        for part in vendor.parts:
            value = named.get(part.name)
            if value is not None and part.choices and value not in part.choices:
                raise click.UsageError(f"{part.name}: {value!r} is not one of {', '.join(map(repr, part.choices))}")
            if value is None:
                question = f"{vendor.title}: {part.help}"
                value = ask(question, part.default or name, choices=part.choices, check=places.checked_name)
            blocks[vendor.name][part.name] = value
            name = value if part.is_home else name
    return blocks


def _parsed_names(text: str) -> tuple[str, ...]:
    """Names with spaces or commas between them."""
    names = tuple(dict.fromkeys(re.findall(r"[^\s,]+", text)))
    if not names:
        raise click.BadParameter("name at least one environment")
    return tuple(options.checked_key(name) for name in names)


def _installed_from() -> Source | None:
    """The repository and commit that pip noted (PEP 610), if it installed tierops from GitHub."""
    try:
        origin = json.loads(metadata.distribution("tierops").read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return None
    commit = origin.get("vcs_info", {}).get("commit_id", "")
    address = re.fullmatch(
        r"(?:https|ssh)://(?:[^/@]+@)?github\.com/([A-Za-z0-9-]+/[A-Za-z0-9._-]+?)(?:\.git)?/?", origin.get("url", "")
    )
    return Source(address[1], commit) if address and re.fullmatch("[0-9a-f]{40}", commit) else None
