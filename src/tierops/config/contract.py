"""What a document may be: a JSON Schema, put together from a core and the part that each vendor brings along."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from tierops.errors import TieropsError
from tierops.providers.vendor import Vendor

Schema: TypeAlias = dict[str, Any]
# A whole file, or some of what one vendor knows of a tier: in its block, or in an overlay.
Kind = Literal["program", "environment", "policy", "project", "fields", "overlay"]

# The end of an address, the same for every vendor; no character of it could make another host of what stands before.
_PORT_AND_PATH = r"(:[0-9]{1,5})?(/[^\s\x1c-\x1f\x85\ufeff\\@?#]*)?$"
_THIS_MACHINE = r"https?://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])"


class Contract(NamedTuple):
    """Which schema a document is held against. `is_filled` says that values stand where placeholders were."""

    kind: Kind
    vendors: tuple[Vendor, ...]
    is_filled: bool = False


class Fragment(NamedTuple):
    """A vendor's part: the block of a target, the block of a tier, its fields in an overlay, and what these refer to.

    The names in `defs` begin with the vendor's and a dot.
    """

    place: Schema
    fields: Schema
    overlay: Mapping[str, Schema]
    defs: Mapping[str, Schema]


@cache
def schema(contract: Contract) -> Schema:
    """The JSON Schema, never to be changed. Raises `TieropsError` for a vendor whose part cannot be used."""
    document = _BUILDERS[contract.kind](contract.vendors)
    if contract.is_filled:
        # What looks like a placeholder now is text that a value or `$${` brought.
        document["$defs"] = {**document["$defs"], "placeholder": False}
    return document


@cache
def fragment(vendor: Vendor) -> Fragment:
    """The vendor's part, from `schema.json` in its package. Raises `TieropsError` where that cannot be used."""
    path = Path(str(import_module(vendor.package).__file__)).with_name("schema.json")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        part = Fragment(data["place"], data["fields"], data["overlay"], data.get("$defs", {}))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise TieropsError(f"the vendor {vendor.name} has no {path} that can be used: {error!r}") from None
    alien = [name for name in part.defs if not name.startswith(f"{vendor.name}.")]
    if alien or part.overlay.keys() & common():
        raise TieropsError(
            f"the vendor {vendor.name} takes names that are not its own in {path}:"
            f" {', '.join([*alien, *sorted(part.overlay.keys() & common())])}"
        )
    return part


@cache
def common() -> frozenset[str]:
    """What an overlay may say of a tier at any vendor."""
    return frozenset(_core("program")["$defs"]["overlay"]["properties"])


def _core(kind: str) -> Schema:
    """A fresh copy of what holds for every vendor."""
    core: Schema = json.loads(Path(__file__).with_name(f"{kind}.core.json").read_text(encoding="utf-8"))
    return core


def _program(vendors: Iterable[Vendor]) -> Schema:
    document, parts = _core("program"), {vendor.name: fragment(vendor) for vendor in vendors}
    defs = document["$defs"]
    for part in parts.values():
        defs.update(part.defs)
    for name, part in parts.items():
        defs["target"]["properties"][name] = part.place
    defs["target"]["allOf"] = [
        {
            "oneOf": [{"required": [name]} for name in parts],
            "errorMessage": f"a target needs exactly one of {_listed(f'`{name}`' for name in parts)}",
        }
    ]
    tier = defs["tier"]["properties"]
    overlays = tier.pop("targets")  # written last
    tier.update({name: part.fields for name, part in parts.items()}, targets=overlays)
    defs["overlay"]["properties"].update(_union({name: part.overlay for name, part in parts.items()}))
    targets = [{name: example} for name, part in parts.items() for example in part.place.get("examples", [])]
    defs["target"]["examples"] = targets
    document["properties"]["targets"]["examples"] = [targets[:1]]
    for example in document["examples"]:
        example["targets"] = targets[:1]
    return document


def _union(overlays: Mapping[str, Mapping[str, Schema]]) -> dict[str, Schema]:
    """The fields of all vendors side by side. Whose a field is, and so what it may be, only its target can tell.

    One that a vendor names only to say why it has none (`not: {}`) is left to those that have it.
    """
    owners: dict[str, list[str]] = {}
    for vendor, fields in overlays.items():
        for name, field in fields.items():
            if field.get("not") != {} or all(name not in others or others is fields for others in overlays.values()):
                owners.setdefault(name, []).append(vendor)
    return {
        name: overlays[vendors[0]][name]
        if all(overlays[vendor][name] == overlays[vendors[0]][name] for vendor in vendors)
        else {
            "title": overlays[vendors[0]][name].get("title", name),
            "description": f"A field of {_listed(vendors)}.",
            "anyOf": [overlays[vendor][name] for vendor in vendors],
            "errorMessage": f"expected what {_listed(vendors, 'or')} takes here",
            "examples": [example for vendor in vendors for example in overlays[vendor][name].get("examples", [])],
        }
        for name, vendors in owners.items()
    }


def _environment(vendors: Iterable[Vendor]) -> Schema:
    document, vendors = _core("environment"), tuple(vendors)
    block = document["properties"]["providers"]
    block["properties"] = {vendor.name: _provider(vendor) for vendor in vendors}
    block["examples"] = [{vendor.name: example} for vendor in vendors for example in _provider(vendor)["examples"]][:1]
    for example in document["examples"]:
        example["providers"] = block["examples"][0]
    return document


def _provider(vendor: Vendor) -> Schema:
    """The vendor's block in an environment file: a line there must not send the keys to anybody else's host."""
    example = vendor.default_url or "http://127.0.0.1:8080"
    own = f"an address of this machine such as {example}"
    if vendor.hosts:
        own = f"an https address at {_listed(vendor.hosts, 'or')}"
    return {
        "title": vendor.title,
        "description": f"{vendor.title}'s API.",
        "type": "object",
        "additionalProperties": False,
        "required": ["url"],
        "properties": {
            "url": {
                "title": "Base URL",
                "description": f"At {vendor.title}'s own hosts; {vendor.url_variable} takes any other.",
                "type": "string",
                "pattern": f"^({'|'.join([*_own_hosts(vendor), _THIS_MACHINE])}){_PORT_AND_PATH}",
                "errorMessage": f"expected {own}, without credentials, query and fragment"
                f" (for any other host set {vendor.url_variable} instead)",
                "examples": [example],
            }
        },
        "examples": [{"url": example}],
    }


def _own_hosts(vendor: Vendor) -> list[str]:
    return ["https://" + host.replace(".", r"\.").replace(r"*\.", r"([A-Za-z0-9-]+\.)+") for host in vendor.hosts]


def _fields(vendors: Iterable[Vendor]) -> Schema:
    (part,) = map(fragment, vendors)
    return {**part.fields, "required": [], "$defs": _defs(part)}


def _overlay(vendors: Iterable[Vendor]) -> Schema:
    (part,) = map(fragment, vendors)
    return {"properties": part.overlay, "$defs": _defs(part)}


def _defs(part: Fragment) -> Schema:
    return {**_core("program")["$defs"], **part.defs}


_BUILDERS: Mapping[Kind, Callable[[Iterable[Vendor]], Schema]] = {
    "program": _program,
    "environment": _environment,
    "policy": lambda _: _core("policy"),
    "project": lambda _: _core("project"),
    "fields": _fields,
    "overlay": _overlay,
}


def _listed(names: Iterable[str], word: str = "and") -> str:
    *others, last = names
    return f"{', '.join(others)} {word} {last}" if others else last
