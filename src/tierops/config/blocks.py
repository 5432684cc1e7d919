"""What a vendor holds of a tier → its block in a program file, after the vendor's part of the schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tierops.config import check, contract, writing
from tierops.config.contract import Contract
from tierops.model import Value
from tierops.providers.vendor import Vendor
from tierops.text import jsontext

_LONGEST_COMMENT = 160
_PLAIN = writing.Yaml()


class Written(NamedTuple):
    """Lines of YAML, with a comment in the place of each thing that a file cannot hold, and what that is."""

    lines: list[str]
    left_out: list[str]


class Blocks:
    """Writes the blocks of the tiers at one place."""

    def __init__(self, vendor: Vendor, place: Mapping[str, str], names: Mapping[str, str]) -> None:
        """`names` is id → name of the environment's value that stands for it."""
        part = contract.fragment(vendor)
        self._vendor = vendor
        self._place = place
        self._forms: Mapping[str, Any] = part.fields.get("properties", {})
        self._contract = Contract("fields", (vendor,), is_filled=True)
        self._ids = writing.Yaml(names)

    def write(self, fields: Mapping[str, Value], index: int) -> Written:
        """The block of the tier with these fields at this place in the ladder, under the vendor's name."""
        block = self._vendor.block(fields, self._place, index)
        written = Written([], [])
        for name in _in_order(block, self._forms):
            value, form = block[name], self._resolved(self._forms.get(name))
            if not isinstance(value, Mapping) or "properties" in form:
                written.lines.extend(self._entry_or_comment(written.left_out, (name,), value, form, index))
                continue
            entry_form, entries = self._resolved(form.get("additionalProperties")), list[str]()
            for key in sorted(value):
                entries += self._entry_or_comment(written.left_out, (name, key), value[key], entry_form, index)
            written.lines.extend(section(name, entries))
        return Written(section(self._vendor.name, written.lines), written.left_out)

    def _entry_or_comment(
        self, left_out: list[str], path: tuple[str, ...], value: Value, form: Mapping[str, Any], index: int
    ) -> list[str]:
        """A field, or an entry of a field that is a map; a comment where the file would not say just that."""
        try:
            # Keys whose entries the schema describes are ids. All other text may equal a value by chance, and would be
            # another one in the next environment.
            yaml = self._ids if len(path) > 1 and form else _PLAIN
            lines = _entry(yaml, path[-1], value, form)
            if self._is_read_back(path, value, index):
                return lines
        except writing.CannotSay:
            pass
        what = ".".join(path)
        left_out.append(what if what.isprintable() else writing.quoted(what))
        shown = jsontext.dumps({path[-1]: value})
        short = shown if len(shown) <= _LONGEST_COMMENT else f"{shown[:_LONGEST_COMMENT]}…"
        return [f"# left out, a program file cannot hold it: {short}"]

    def _is_read_back(self, path: tuple[str, ...], value: Value, index: int) -> bool:
        """Whether the schema lets a file say this, and the vendor takes it for this."""
        name, *keys = path
        field: Value = {keys[0]: value} if keys else value
        if not check.accepts(self._contract)({name: field}):
            return False
        return self._vendor.fields({name: field}, self._place, index).get(name) == field

    def _resolved(self, form: Any) -> Mapping[str, Any]:
        """The part of the schema that `form` is, or refers to; `{}` where it is none."""
        while isinstance(form, Mapping) and "$ref" in form:
            form = contract.schema(self._contract)["$defs"][form["$ref"].removeprefix("#/$defs/")]
        return form if isinstance(form, Mapping) else {}


def section(name: str, body: Iterable[str]) -> list[str]:
    """A key with the lines below it. Without the key where they are comments only: it would mean null."""
    lines = list(body)
    return lines if all(line.startswith("#") for line in lines) else [f"{name}:", *writing.indented(lines)]


def _in_order(fields: Mapping[str, Value], known: Mapping[str, Any]) -> list[str]:
    """The names as the schema lists them; those that it does not know come last."""
    return [*(name for name in known if name in fields), *sorted(fields.keys() - known.keys())]


def _entry(yaml: writing.Yaml, key: str, value: Value, form: Mapping[str, Any]) -> list[str]:
    """A map whose keys the schema knows stands on one line, in the schema's order; all else as it is."""
    names: Mapping[str, Any] = form.get("properties", {})
    if not names or not isinstance(value, Mapping) or any(map(writing.is_container, value.values())):
        return yaml.entry(key, value)
    fields = {
        _PLAIN.text(name, in_flow=True): _PLAIN.scalar(value[name], in_flow=True) for name in _in_order(value, names)
    }
    return yaml.keyed(key, writing.flow(fields))
