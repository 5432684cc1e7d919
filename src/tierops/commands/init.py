"""`tierops init`: what is asked, what is taken for granted, and what to do next."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from tierops.commands import options
from tierops.commands.options import Settings, shared
from tierops.errors import Exit, TieropsError, UsageError

if TYPE_CHECKING:
    from tierops.commands.scaffold import Source, Wanted

Tell = Callable[[Settings, str], None]
# As `click.prompt`: the question, then by name `default`, `type`, `value_proc`.
Ask = Callable[..., Any]

_NAME = "Coffee Club"
# As in the schema, which would take time to read at every start.
ATTRIBUTES = (
    "loyaltyBalance",
    "loyaltyLifetimePoints",
    "ltv",
    "totalOrders",
    "aov",
    "activityScore",
    "purchaseFrequencyScore",
    "monetaryScore",
)
_ENVIRONMENTS = ("sandbox", "production")
_PLACES = {"voucherify": "campaign", "fanfare": "group"}
_VENDORS = {"voucherify": ("voucherify",), "fanfare": ("fanfare",), "both": ("voucherify", "fanfare")}
_PIPELINES = ("github", "gitlab", "none")
_KEYS = {
    "voucherify": "VOUCHERIFY_APP_ID=… VOUCHERIFY_APP_TOKEN=…",
    "fanfare": "FANFARE_SECRET_KEY=…",
}


def command(tell: Tell, ask: Ask, is_asking: Callable[[], bool]) -> click.Command:
    """The command; `tell` prints a line, `is_asking` tells whether somebody is there whom `ask` can ask."""

    @click.command()
    @click.argument("root", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
    @_chosen
    @shared
    @click.pass_obj
    def init(settings: Settings, /, root: Path, yes: bool, **chosen: Any) -> Exit:
        """Write the first files of a repository: a ladder, environments, CI workflows.

        Below DIR, which is this folder by default: tiers/ with a first program, an environment each and the schemas for
        editors, the workflows, and a pre-commit configuration. Asks on a terminal for what no option says. A file that
        is there already is left alone.
        """
        from tierops.commands import scaffold

        say = partial(tell, settings)
        if settings.directory != Path(scaffold.PROGRAMS):
            raise UsageError("init makes the folder `tiers`: no --dir with it; name the repository, as in: init DIR")
        there = _There.at(root / scaffold.PROGRAMS)
        wanted = _wanted(_Chosen(**chosen), there, partial(ask, err=True) if is_asking() and not yes else None)
        try:
            texts = scaffold.texts(wanted)
        except ValueError as error:
            raise UsageError(str(error)) from None
        if not wanted.key:
            say(f"kept    {scaffold.PROGRAMS}: it has programs already ({there.programs})")
        scaffold.write(root, texts, say)
        say("")
        for number, step in enumerate(_steps(root, wanted), start=1):
            say(f"{number}. {step}")
        return Exit.DONE

    return init


def _chosen(wrapped: Any) -> Any:
    for option in (
        click.option("--yes", "-y", is_flag=True, help="Do not ask, not even on a terminal."),
        click.option("--source", metavar="OWNER/REPO@COMMIT", callback=_source,
                     help="GitHub repository and commit that CI takes tierops from; by default, where it was"
                     " installed from."),
        click.option("--ci", type=click.Choice(_PIPELINES), help="Whose workflows to write [github]."),
        click.option("--environment", "environments", metavar="NAME", multiple=True, callback=_names,
                     help="An environment; can be repeated [sandbox, production]."),
        click.option("--program", metavar="KEY", callback=options.key, help="Key of the program; else from the name."),
        click.option("--attribute", metavar="NAME", type=click.Choice(ATTRIBUTES),
                     help=f"Fanfare: what a tier counts, such as ltv [{ATTRIBUTES[0]}]."),
        click.option("--group", metavar="NAME", callback=_visible, help="Fanfare: the group."),
        click.option("--campaign", metavar="NAME", callback=_visible, help="Voucherify: the campaign, by name or id."),
        click.option("--vendor", type=click.Choice(list(_VENDORS)), help="Where the program lives [voucherify]."),
    ):  # fmt: skip
        wrapped = option(wrapped)
    return wrapped


class _Chosen(NamedTuple):
    """The options. None, or no environments, where the command line does not say."""

    vendor: str | None
    campaign: str | None
    group: str | None
    attribute: str | None
    program: str | None
    environments: tuple[str, ...]
    ci: str | None
    source: Source | None

    @property
    def names(self) -> dict[str, str | None]:
        """Vendor → its campaign or group."""
        return {"voucherify": self.campaign, "fanfare": self.group}

    @property
    def has_program(self) -> bool:
        """Whether anything about a program was said."""
        return any((self.vendor, self.campaign, self.group, self.attribute, self.program))


class _There(NamedTuple):
    """What the folder of the programs holds already: so many program files, and environments."""

    programs: int
    environments: tuple[str, ...]

    @classmethod
    def at(cls, directory: Path) -> _There:
        from tierops.config import environment, files

        names = environment.names(directory)
        with suppress(TieropsError):  # there are none
            return cls(len(files.programs(directory)), names)
        return cls(0, names)


def _wanted(chosen: _Chosen, there: _There, ask: Ask | None) -> Wanted:
    from tierops import importing
    from tierops.commands import scaffold

    prompt = ask or _default
    key, places = None, {}
    if chosen.has_program or not there.programs:
        places = _places(chosen, prompt)
        name = next(place[_PLACES[vendor]] for vendor, place in places.items())
        key = chosen.program or prompt(
            "Key of the program", default=importing.key_for(name, ()), value_proc=options.checked_key
        )
    environments = chosen.environments or there.environments or prompt(
        "Environments", default=" ".join(_ENVIRONMENTS), value_proc=_parsed_names
    )  # fmt: skip
    ci = chosen.ci or prompt("Workflows for", default="github", type=click.Choice(_PIPELINES))
    return scaffold.Wanted(key, places, environments, ci, chosen.source or _installed_from() or scaffold.UNKNOWN)


def _default(_question: str, *, default: str, value_proc: Callable[[str], Any] = str, **_: object) -> Any:
    """The answer where nobody is asked."""
    return value_proc(default)


def _places(chosen: _Chosen, prompt: Ask) -> dict[str, dict[str, str]]:
    """Vendor → place, as the program file has it. Raises `click.UsageError` for options that contradict each other."""
    named = [vendor for vendor, name in chosen.names.items() if name]
    if chosen.attribute and not chosen.group and chosen.vendor is None:
        named.append("fanfare")
    told = chosen.vendor or ("both" if len(set(named)) > 1 else named[0] if named else None)
    vendors = _VENDORS[told or prompt("Vendor", default="voucherify", type=click.Choice(list(_VENDORS)))]
    for vendor in named:
        if vendor not in vendors:
            raise click.UsageError(f"--{_PLACES[vendor]} is {vendor}'s, but --vendor says {told}")
    if chosen.attribute and "fanfare" not in vendors:
        raise click.UsageError(f"--attribute is fanfare's, but --vendor says {told}")
    places = {}
    name = chosen.campaign or chosen.group or _NAME
    for vendor in vendors:
        noun = _PLACES[vendor]
        question = f"{noun.title()} at {vendor.title()}, by name or id"
        name = chosen.names[vendor] or prompt(question, default=name, value_proc=_seen)
        places[vendor] = {noun: name}
    if "fanfare" in places:
        question = "What a tier counts"
        attribute = chosen.attribute or prompt(question, default=ATTRIBUTES[0], type=click.Choice(ATTRIBUTES))
        places["fanfare"]["attribute"] = attribute
    return places


def _seen(text: str) -> str:
    if not re.search(r"\S", text):
        raise click.BadParameter("a name has at least one visible character")
    return text


def _visible(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    return value if value is None else _seen(value)


def _parsed_names(text: str) -> tuple[str, ...]:
    """Names with spaces or commas between them."""
    names = tuple(dict.fromkeys(re.findall(r"[^\s,]+", text)))
    if not names:
        raise click.BadParameter("name at least one environment")
    return tuple(options.checked_key(name) for name in names)


def _names(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(options.checked_key(value) for value in values))


def _source(_ctx: click.Context, _param: click.Parameter, value: str | None) -> Source | None:
    from tierops.commands.scaffold import Source

    if value is None:
        return None
    found = re.fullmatch(r"([A-Za-z0-9-]+/[A-Za-z0-9._-]+)@([0-9a-f]{40})", value)
    if not found:
        raise click.BadParameter("as in OWNER/tierops@COMMIT, the commit with all of its 40 digits: a tag can be moved")
    return Source(found[1], found[2])


def _installed_from() -> Source | None:
    """The repository and commit that pip noted (PEP 610), if it installed tierops from GitHub."""
    import json
    from importlib import metadata

    from tierops.commands.scaffold import Source

    try:
        origin = json.loads(metadata.distribution("tierops").read_text("direct_url.json") or "{}")
    except (metadata.PackageNotFoundError, ValueError):
        return None
    commit = origin.get("vcs_info", {}).get("commit_id", "")
    found = re.fullmatch(
        r"(?:https|ssh)://(?:[^/@]+@)?github\.com/([A-Za-z0-9-]+/[A-Za-z0-9._-]+?)(?:\.git)?/?", origin.get("url", "")
    )
    return Source(found[1], commit) if found and re.fullmatch("[0-9a-f]{40}", commit) else None


def _steps(root: Path, wanted: Wanted) -> Iterator[str]:
    from tierops.commands import scaffold

    if root.resolve() != Path.cwd():
        yield f"cd {shlex.quote(str(root))}"
    if wanted.key:
        what = " and ".join(
            f"{place[_PLACES[vendor]]!r} at {vendor.title()}" for vendor, place in wanted.places.items()
        )
        yield f"In tiers/{wanted.key}.yaml, put your tiers: it names {what}, and three tiers for a start"
    keys = " ".join(_KEYS[vendor] for vendor in wanted.places or _KEYS)
    first = wanted.environments[0]
    yield f"Set the keys: export {keys}"
    yield f"tierops validate --env {first}"
    yield f"tierops plan --env {first}      (reads only; nothing is created before an apply)"
    yield from scaffold.pipeline_steps(wanted)
    yield "pre-commit install"
