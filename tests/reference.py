"""What the documentation says of each vendor: its declaration as a table, and its guide."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

from tierops.model import Identity, Live
from tierops.providers.vendor import Part, Vendor

_NOTHING = Live(Identity("", "", "", "", None), (), "")


def vendors(declarations: Iterable[Vendor]) -> str:
    """A section for each of them, in Markdown."""
    return "\n" + "\n".join(map(_section, declarations))


def _section(vendor: Vendor) -> str:
    rows = "".join(f"| {name} | {text} |\n" for name, text in _rows(vendor))
    guide = (files(vendor.package) / "guide.md").read_text(encoding="utf-8")
    return f"## {vendor.title}\n\n| `{vendor.name}` |  |\n| --- | --- |\n{rows}\n{guide}"


def _rows(vendor: Vendor) -> Iterable[tuple[str, str]]:
    place = vendor.place({part.name: _example(part) for part in vendor.parts})
    abilities = vendor.abilities(place, _NOTHING)
    yield f"a target is a {vendor.noun}", "; ".join(f"`{part.name}`, {part.help}" for part in vendor.parts)
    yield "keys", _keys(vendor)
    yield (
        "address",
        f"`{vendor.url_variable}`, {f'by default {vendor.default_url}' if vendor.default_url else 'required'}",
    )
    if vendor.read_only:
        yield "creates", vendor.read_only
    else:
        yield "a create", f"Members in its range {abilities.members}. {abilities.undo}"
    yield "what differs", abilities.by_hand


def _example(part: Part) -> str:
    return part.choices[0] if part.choices else part.default or "…"


def _keys(vendor: Vendor) -> str:
    """Keys that are needed together, and those that take the place of others."""
    text = ""
    for variable in vendor.variables:
        word = "; " if not variable.is_secret else ", or " if variable.is_alternative else " and "
        text += f"{word if text else ''}`{variable.name}` ({variable.help})"
    return text
