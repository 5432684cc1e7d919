"""Every file of `tests/invalid` yields exactly the findings that its comments name, on the lines where they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tierops import config

_INVALID = Path(__file__).parents[1] / "invalid"
_EXPECTED = re.compile(r"# expect: ([a-z-]+): (.*?)\s*(?=# expect:|$)")


@pytest.mark.parametrize("full_check", [False, True])
@pytest.mark.parametrize("path", sorted(_INVALID.glob("*.yaml")), ids=lambda path: path.stem)
def test_findings_are_those_in_the_comments(path: Path, full_check: bool) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    expected = [(number, *found) for number, line in enumerate(lines, 1) for found in _EXPECTED.findall(line)]
    problems = list(config.load(_INVALID, paths=[path], full_check=full_check).problems)
    for line, rule, part in expected:
        found = [p for p in problems if (p.at.line, p.rule) == (line, rule) and part in p.message]
        assert found, f"line {line}: {rule}: {part} is not among {[str(p) for p in problems if p.at.line == line]}"
        problems.remove(found[0])
    assert problems == []
