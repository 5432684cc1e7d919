"""A vendor of another distribution, as small as one can be: money with cents, and a `metadata` that is a list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_DECLARATION = """
from tierops.model import Abilities, Scale, compact
from tierops.providers.vendor import Part, Vendor

VENDOR = Vendor(
    name="corner",
    title="Corner Shop",
    noun="shelf",
    parts=(Part("shop", "the shop"), Part("shelf", "the shelf"), Part("currency", "of the prices", is_home=False)),
    url_variable="CORNER_URL",
    variables=(),
    scale=lambda place: Scale(place["currency"], 2),
    abilities=lambda place, live: Abilities("by hand", "join this tier", "nothing undoes it"),
    requests=lambda live, tiers: (),
    fields=lambda block, place, index: compact({**block, "currency": place["currency"]}),
    block=lambda fields, place, index: {name: fields[name] for name in fields if name != "currency"},
    package=__name__,
)
"""

SCHEMA: dict[str, Any] = {
    "place": {
        "type": "object",
        "additionalProperties": False,
        "required": ["shop", "shelf", "currency"],
        "properties": {
            "shop": {"$ref": "#/$defs/text"},
            "shelf": {"$ref": "#/$defs/text"},
            "currency": {"enum": ["EUR", "GBP"], "errorMessage": "expected EUR or GBP"},
        },
        "examples": [{"shop": "Soho", "shelf": "Tea", "currency": "GBP"}],
    },
    "fields": {
        "type": "object",
        "additionalProperties": False,
        "required": ["prize"],
        "properties": {
            "prize": {"$ref": "#/$defs/corner.prize"},
            "metadata": {"type": "array", "items": {"$ref": "#/$defs/text"}},
        },
    },
    "overlay": {
        "prize": {"$ref": "#/$defs/corner.prize"},
        "metadata": {"type": ["array", "null"], "items": {"$ref": "#/$defs/text"}},
    },
    "$defs": {
        "corner.prize": {
            "type": "object",
            "additionalProperties": False,
            "required": ["what", "value"],
            "properties": {
                "what": {"enum": ["tea", "cake"], "errorMessage": "expected tea or cake"},
                "value": {"type": "number"},
            },
        }
    },
}


def install(folder: Path, schema: object = SCHEMA) -> None:
    """Lay the distribution into a folder; whatever has the folder on its path then finds the vendor by entry point."""
    package, metadata = folder / "corner_shop", folder / "corner_shop-1.dist-info"
    package.mkdir(parents=True)
    metadata.mkdir()
    (package / "__init__.py").write_text(_DECLARATION)
    (package / "schema.json").write_text(json.dumps(schema))
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: corner-shop\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[tierops.providers]\ncorner = corner_shop:VENDOR\n")
