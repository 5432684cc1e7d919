"""Options that name a vendor, and a place there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from tierops import providers
from tierops.providers.vendor import Part, Vendor

_Command = TypeVar("_Command", bound=Callable[..., Any])


class _Pair(click.ParamType[tuple[str, str]]):
    """`KEY=VALUE`."""

    name = "pair"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        key, is_pair, text = str(value).partition("=")
        if not is_pair or not key:
            self.fail(f"{value!r} is not KEY=VALUE", param, ctx)
        return key, checked_name(text)


class _Vendor(click.ParamType[Vendor]):
    """The name of a vendor: one of tierops' own, or of another distribution that is installed."""

    name = "vendor"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Vendor:
        vendor = value if isinstance(value, Vendor) else providers.known(str(value))
        if vendor is None:
            self.fail(f"{value!r} is no vendor; there are: {', '.join(providers.names())}", param, ctx)
        return vendor

    def shell_complete(self, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(vendor.name) for vendor in providers.own() if vendor.name.startswith(incomplete)]


VENDOR = _Vendor()


# Options of the commands that take places, too: a part of a place that is called so has no option of its own.
_TAKEN = frozenset({"all", "at", "ci", "environment", "force", "out", "program", "source", "vendor", "yes"})


def place(*, has_homes_only: bool = False, hidden: bool = False) -> Callable[[_Command], _Command]:
    """`--at`, and for each part of a vendor's place an option that means the same; see `named`."""
    parts: dict[str, list[tuple[Vendor, Part]]] = {}
    for vendor in providers.own():
        for part in vendor.parts:
            if part.name not in _TAKEN and (part.is_home or not has_homes_only):
                parts.setdefault(part.name, []).append((vendor, part))

    def decorate(command: _Command) -> _Command:
        for name, owners in reversed(parts.items()):
            are_few = all(part.choices for _, part in owners)
            choices = tuple(dict.fromkeys(choice for _, part in owners for choice in part.choices)) if are_few else ()
            command = click.option(
                f"--{name.replace('_', '-')}", name, metavar="VALUE" if choices else "NAME", hidden=hidden,
                type=click.Choice(choices) if choices else None, callback=_name,
                help="; ".join(f"{vendor.title}: {_with_default(part)}" for vendor, part in owners) + ".",
            )(command)  # fmt: skip
        return click.option(
            "--at", multiple=True, metavar="KEY=VALUE", type=_Pair(),
            help="Where the ladder is, as a target's block in a program file has it; repeatable.",
        )(command)  # fmt: skip

    return decorate


def _with_default(part: Part) -> str:
    return f"{part.help} [{part.default}]" if part.default else part.help


def named(at: Sequence[tuple[str, str]], parts: Mapping[str, str | None]) -> dict[str, str]:
    """The place that `--at` and the options of its parts name. Raises `click.UsageError` for a part named twice."""
    block: dict[str, str] = {}
    for name, value in (*at, *parts.items()):
        if value is not None:
            if name in block:
                raise click.UsageError(f"{name} is given twice")
            block[name] = value
    return block


def checked_name(text: str) -> str:
    """The text, if it can be a name. Raises `click.BadParameter`."""
    if not text.strip():
        raise click.BadParameter("a name has at least one visible character")
    return text


def _name(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    return value if value is None else checked_name(value)
