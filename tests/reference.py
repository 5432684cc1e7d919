"""What the documentation says of each vendor: its declaration as a table, and its guide."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

from tierops.model import Identity, Live
from tierops.providers.vendor import Part, Vendor

_NOTHING = Live(Identity("", "", "", "", None), (), "")


HEADINGS = ("Keys", "Reading", "Writing", "Blocked", "To undo a create", "Never tried live")
"""The sections of a guide; a vendor that is only read has no `Writing`."""

_MADE = "<!-- pytest --bless tests/test_readme.py makes this page of the vendor's declaration and its guide.md -->"


def page(vendor: Vendor) -> str:
    """The page of a vendor, in Markdown."""
    rows = "".join(f"| {name} | {text} |\n" for name, text in _rows(vendor))
    return f"# {vendor.title}\n\n{_MADE}\n\n| `{vendor.name}` |  |\n| --- | --- |\n{rows}\n{guide(vendor)}"


def guide(vendor: Vendor) -> str:
    """What a person must know."""
    return (files(vendor.package) / "guide.md").read_text(encoding="utf-8")


def overview(declarations: Iterable[Vendor]) -> list[tuple[str, ...]]:
    """A row for each vendor: its page, its name in files, what a target is, and what tierops does there."""
    return [
        (
            f"[{vendor.title}](vendors/{vendor.name}.md)",
            f"`{vendor.name}`",
            vendor.noun,
            "reads" if vendor.read_only else "reads, creates",
        )
        for vendor in declarations
    ]


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
        yield "a create, and undoing it", f"Members in its range {abilities.members}. {abilities.undo}"
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
