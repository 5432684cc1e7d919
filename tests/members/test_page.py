"""docs/who-moves.md shows what comes out. `pytest --bless tests/members/test_page.py` rewrites it."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
from harness import Run

from tierops.errors import Exit

PAGE = Path(__file__).parents[2] / "docs" / "who-moves.md"
SHOWN = re.compile(r"```console\n\$ (tierops [^\n]+)\n((?:(?!```)[^$])+)```", re.DOTALL)


def test_the_page_shows_what_comes_out(offline: Run, cdnow: Path, request: pytest.FixtureRequest) -> None:
    text = PAGE.read_text()
    old = re.search(r'```yaml title="old.yaml"\n(.*?)```', text, re.DOTALL)
    assert old
    Path("old.yaml").write_text(old[1])
    Path("tiers").mkdir()
    new = old[1]
    for start, higher in (("50}", "75}"), ("150}", "200}"), ("500}", "600}")):
        new = new.replace(f"from: {start}", f"from: {higher}")
    Path("tiers/records.yaml").write_text(new)
    shutil.copy(cdnow, "cdnow.csv")

    def shown(block: re.Match[str]) -> str:
        ended = offline(*shlex.split(block[1])[1:])
        assert ended.code == Exit.DONE
        return f"```console\n$ {block[1]}\n{ended.out}```"

    now = SHOWN.sub(shown, text)
    if request.config.getoption("--bless"):
        PAGE.write_text(now)
    assert len(SHOWN.findall(text)) == 2
    assert PAGE.read_text() == now
