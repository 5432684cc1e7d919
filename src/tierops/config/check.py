"""The gate: a document either is what its schema says, or every reason why not comes out with its place.

jsonschema-rs decides for every command, and jsonschema, which takes two hundred times as long, explains what it
refuses; both read the same schema. jsonschema-rs is compiled code: where it cannot be had, jsonschema does both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, cached_property
from typing import Any, Literal, TypeAlias

from tierops import providers
from tierops.config.contract import Contract, schema
from tierops.config.marked import Document
from tierops.errors import TieropsError
from tierops.model import Problem
from tierops.providers.vendor import Vendor

_Kind: TypeAlias = Literal["program", "environment", "policy", "project"]


class Gate:
    """Checks the documents of one run."""

    def __init__(self, *, full_check: bool = False) -> None:
        """`full_check` asks jsonschema in any case; a document must then pass both."""
        self._full_check = full_check

    def check(self, document: Document, kind: _Kind, *, is_filled: bool = False) -> list[Problem]:
        """Every finding (rule `schema`) about one document; an empty list means that it passed.

        `is_filled` says that values stand where placeholders were, so none counts as a number any more. Raises
        `TieropsError` where the document names a vendor whose package cannot be used.
        """
        return problems(document, self._contract(document, kind, is_filled), full_check=self._full_check)

    def accepts(self, document: Document, kind: _Kind, *, is_filled: bool = False) -> bool:
        """Whether a document passes, for who does not ask why not. Raises as `check` does."""
        return accepts(self._contract(document, kind, is_filled))(document.data)

    def _contract(self, document: Document, kind: _Kind, is_filled: bool) -> Contract:
        """With those of tierops' own vendors that the document names, where they are enough.

        A contract with fewer vendors takes less time to compile, and accepts nothing that one with more refuses.
        """
        named = set(_keys_for_vendors(document.data))
        few = tuple(vendor for vendor in providers.own() if vendor.name in named)
        contract = Contract(kind, few or providers.own(), is_filled)
        if accepts(contract)(document.data):
            return contract
        return contract._replace(vendors=self._vendors(document.data))

    def _vendors(self, data: Any) -> tuple[Vendor, ...]:
        """tierops' own vendors, and those of other distributions that the document names, by name."""
        own = {vendor.name for vendor in providers.own()}
        return tuple(map(providers.find, sorted(own | (self._installed & set(_keys_for_vendors(data))))))

    @cached_property
    def _installed(self) -> frozenset[str]:
        # Once for all documents, for it looks through every distribution that is installed.
        return frozenset(providers.names())


def problems(document: Document, contract: Contract, *, full_check: bool = False) -> list[Problem]:
    """Every finding (rule `schema`) about one document."""
    is_valid = accepts(contract)(document.data)
    if is_valid and not full_check:
        return []
    from tierops.config import explain

    findings = explain.problems(document, contract)
    if not findings and not is_valid:
        # Two readings of one schema that differ are a mistake in tierops; such a document must not pass for it.
        return [Problem("schema", "this is not as the schema says, but tierops cannot tell where", document.at)]
    return findings


@cache
def accepts(contract: Contract) -> Callable[[Any], bool]:
    """Whether data is as the schema says. Text in it must be without half surrogate pairs.

    Raises `TieropsError` where a vendor's part of the schema is none.
    """
    try:
        from jsonschema_rs import Draft202012Validator, ReferencingError
    except ImportError:
        from tierops.config import explain

        return explain.validator(contract).is_valid
    try:
        return Draft202012Validator(schema(contract), validate_formats=True).is_valid
    except (ValueError, ReferencingError) as error:
        names = ", ".join(vendor.name for vendor in contract.vendors)
        raise TieropsError(f"the schema of {names} is no JSON Schema: {error}") from None


def _keys_for_vendors(data: Any) -> Iterator[str]:
    """The keys that name a vendor, or could, in a document of either kind and in whatever state."""
    if not isinstance(data, dict):
        return
    for section in ("targets", "tiers"):
        for entry in data[section] if isinstance(data.get(section), list) else []:
            yield from entry if isinstance(entry, dict) else ()
    yield from data["providers"] if isinstance(data.get("providers"), dict) else ()
