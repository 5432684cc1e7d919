"""Suggestions → YAML for a program file."""

from __future__ import annotations

from collections.abc import Iterable

from tierops.config import writing
from tierops.config.writing import Yaml, flow
from tierops.model import Suggestion, exact


def tests(suggested: Iterable[Suggestion]) -> str:
    """The key `tests` with one line for each."""
    yaml = Yaml()
    lines = []
    for test in suggested:
        fields = {"member": flow({"value": yaml.scalar(exact(test.value), in_flow=True)})}
        fields["tier"] = yaml.scalar(test.tier, in_flow=True)
        if test.target:
            fields["target"] = yaml.scalar(test.target, in_flow=True)
        lines.append(f"- {flow(fields)}")
    return "\n".join(["tests:", *writing.indented(lines), ""])
