"""The pages of docs/how-to are stories: files are written, commands run, and what they show is what came out.

A comment `<!-- live: … -->` holds what somebody does in a dashboard meanwhile: methods of the emulator with their
arguments, as YAML. A block with a title is a file; a `console` block is commands, each with its output and, where it is
not 0, the exit code. `pytest --bless tests/test_how_to.py` rewrites the outputs.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml
from click import unstyle
from harness import Run

from tierops.emulator import Emulator
from tierops.emulator.server import Served

PAGES = sorted((Path(__file__).parents[1] / "docs" / "how-to").glob("*.md"))
BLOCK = re.compile(
    r'<!-- live:\n(?P<live>.*?)-->|```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)```', re.DOTALL
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_story_is_true(
    page: Path,
    request: pytest.FixtureRequest,
    emulator: Emulator,
    served: Served,
    tierops: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "100")

    def played(block: re.Match[str]) -> str:
        if block["live"]:
            for action in yaml.safe_load(block["live"]):
                for method, arguments in action.items():
                    vendor, _, name = method.partition(".")
                    getattr(getattr(emulator, vendor), name)(**arguments)
        elif block["language"] == "console":
            lines = [line for line in block["text"].splitlines() if line.startswith("$ ")]
            return f"```console\n{''.join(shown(line) for line in lines)}```"
        elif block["title"]:
            path = Path(block["title"])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block["text"])
        return block[0]

    def shown(line: str) -> str:
        program, *arguments = shlex.split(line.removeprefix("$ "))
        assert program == "tierops"
        ended = tierops("--quiet", *arguments)
        code = f"(exit code {int(ended.code)})\n" if ended.code else ""
        return f"{line}\n{steady(unstyle(ended.err + ended.out))}{code}"

    def steady(text: str) -> str:
        """Without what is otherwise in each run."""
        for vendor, url in {
            "voucherify": "https://api.voucherify.io",
            "fanfare": "https://admin.fanfare.io/api",
        }.items():
            text = text.replace(f"{served.url}/{vendor}", url)
        text = re.sub(r"\b(camp|ltr|lts|lt|aud|grp)_[0-9A-Za-z]+", r"\1_…", text)
        text = re.sub(r"\d{4}-\d{2}-\d{2}T[0-9:.]+(Z|[+-]00:00)", "2026-11-27T09:00:00Z", text)
        text = re.sub(r"\bsha256:[0-9a-f]+|\b[0-9a-f]{64}\b", "sha256:…", text)
        return re.sub(r"^Requests to .*\n( {6}.*\n)*", "", text, flags=re.MULTILINE)

    text = page.read_text()
    new = BLOCK.sub(played, text)
    if request.config.getoption("--bless"):
        page.write_text(new)
    assert new == page.read_text(), f"{page.name}: see the difference, then --bless"
