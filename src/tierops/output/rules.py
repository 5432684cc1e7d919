"""The rules for people: what there is, and of each why it is, what breaks it and how it is mended or waived."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tierops.output.findings import CHECKS, DRIFT, Check
from tierops.rules import RULES

_FILE = Path(__file__).with_name("rules.md")
_EVERY: Mapping[str, Check] = {check.id: check for check in (*CHECKS, *DRIFT)}
_GROUPS = (
    ("Rules of the files", [check.id for check in CHECKS if not check.is_policy]),
    ("Rules that a policy turns on", [check.id for check in CHECKS if check.is_policy]),
    ("What drift and live ladders show", [check.id for check in DRIFT]),
)


def listed() -> str:
    """Every rule with its reason, in groups."""
    widest = max(map(len, _EVERY))
    lines = []
    for title, ids in _GROUPS:
        lines += [f"{title}:", *(f"  {id_:<{widest}}  {_EVERY[id_].reason}" for id_ in ids), ""]
    return "\n".join([*lines, "`tierops explain RULE` tells more of one.", ""])


def explained(rule: str) -> str | None:
    """All about one rule, None where there is none of this id."""
    if rule not in _EVERY:
        return None
    check = _EVERY[rule]
    reason = f"{check.reason[0].upper()}{check.reason[1:]}."
    return f"{rule}: {weight(rule)}\n\n{reason}\n\n{texts()[rule]}\n{_waiving(rule)}"


def weight(rule: str) -> str:
    """How much a finding weighs, and whether it can be waived."""
    check = _EVERY[rule]
    level = "as the policy says" if check.is_policy else check.level.value
    return f"{level}; {'can be waived' if rule in RULES and RULES[rule].is_waivable else 'cannot be waived'}"


def _waiving(rule: str) -> str:
    if rule not in RULES or not RULES[rule].is_waivable:
        return ""
    return f"\nTo waive it, in the program's file:\n\nwaivers:\n  - {{rule: {rule}, reason: …, until: YYYY-MM-DD}}\n"


@cache
def texts() -> Mapping[str, str]:
    """By rule: what it is for, an example that breaks it, and what to do, as Markdown."""
    _, *parts = re.split(r"^## (.+)\n", _FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True))


def nearest(rule: str) -> str:
    """A question that names what was perhaps meant, or nothing."""
    from difflib import get_close_matches

    match = get_close_matches(rule, _EVERY, n=1)
    return f"; did you mean `{match[0]}`?" if match else ""
