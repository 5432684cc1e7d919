"""The pages say what the code says. `pytest --bless tests/test_readme.py` rewrites what comes from the code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
import reference
from harness import Run

from tierops import cli, providers
from tierops.emulator import Emulator, Switches
from tierops.emulator.faults import BENDERS, SPOILERS, STOPPERS
from tierops.errors import Exit
from tierops.output import rules as explanations
from tierops.providers.vendor import Vendor
from tierops.rules import RULES

ROOT = Path(__file__).parents[1]


def lines() -> list[tuple[str, ...]]:
    """Every command, and those below one."""
    names: list[tuple[str, ...]] = []
    for name in cli.COMMANDS:
        names.append((name,))
        if isinstance(command := cli.load(name), click.Group):
            names += [(name, below) for below in command.commands]
    return names


def summary(run: Run) -> str:
    return f"\n```console\n$ tierops --help\n{run('--help').out}```\n\n"


def help_texts(run: Run) -> str:
    texts = ((" ".join(names), run(*names, "--help").out) for names in lines())
    return "\n" + "\n".join(f"## tierops {name}\n\n```\n{text}```\n" for name, text in texts) + "\n"


def exit_codes(_: Run) -> str:
    return table(("exit code", "meaning"), [(str(int(code)), code.meaning) for code in Exit])


def rules(_: Run) -> str:
    rows = [
        (f"`{rule.id}`", rule.reason, "yes" if rule.is_waivable else "no")
        for rule in RULES.values()
        if not rule.is_policy
    ]
    return table(("rule", "why", "can be waived"), rows)


def policy(_: Run) -> str:
    rows = [(f"`{rule.id}`", rule.reason) for rule in RULES.values() if rule.is_policy]
    return table(("rule", "why"), rows)


def explained(_: Run) -> str:
    texts = (f"### {rule}\n\n{text}\n" for rule, text in explanations.texts().items())
    return "\n" + "\n".join(texts) + "\n"


def switches(_: Run) -> str:
    rows = []
    for switch in Switches.table():
        others = [choice for choice in switch.choices if choice != switch.default]
        values = [f"**{switch.default or '(empty)'}**", *others] if others else [f"**{switch.default or '(empty)'}** …"]
        rows.append((f"`{switch.name}`", switch.doc, ", ".join(values)))
    return table(("switch", "what is left open", "values, the default first"), rows)


def endpoints(_: Run) -> str:
    """Every request that is answered, by vendor and path."""
    emulator = Emulator()
    rows = [
        (vendor.name, f"`{' and '.join(route.handlers)} /{vendor.place()}{vendor.bases[0]}{route.template}`")
        for vendor in emulator.vendors.values()
        for route in vendor.router.routes
    ]
    emulator.close()
    return table(("vendor", "requests"), rows)


def faults(_: Run) -> str:
    parts = (
        ("Nothing is executed", STOPPERS),
        ("The answer is spoiled", SPOILERS),
        ("The answer is slow or bent", BENDERS),
    )
    return "".join(table((title, ""), [(f"`{kind}`", doc) for kind, doc in kinds.items()]) for title, kinds in parts)


def vendors(_: Run) -> str:
    return table(("vendor", "in files", "a target is a", "tierops"), reference.overview(providers.own()))


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return (
        "\n" + "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in lines) + "\n"
    )


@pytest.mark.parametrize(
    ("page", "section", "make"),
    [
        ("docs/commands.md", "summary", summary),
        ("README.md", "exit-codes", exit_codes),
        ("docs/commands.md", "help", help_texts),
        ("docs/rules.md", "rules", rules),
        ("docs/rules.md", "explained", explained),
        ("docs/policy.md", "policy", policy),
        ("docs/emulator.md", "endpoints", endpoints),
        ("docs/emulator.md", "switches", switches),
        ("docs/emulator.md", "faults", faults),
        ("docs/providers.md", "vendors", vendors),
    ],
)
def test_the_pages_are_current(
    page: str,
    section: str,
    make: Callable[[Run], str],
    request: pytest.FixtureRequest,
    offline: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    pattern = re.compile(rf"(?<=<!-- {section} -->\n).*?(?=<!-- /{section} -->)", re.DOTALL)
    text = (ROOT / page).read_text()
    if request.config.getoption("--bless"):
        text = pattern.sub(lambda _: make(offline), text)
        (ROOT / page).write_text(text)
    found = pattern.search(text)
    assert found
    assert found[0] == make(offline)


@pytest.mark.parametrize("vendor", providers.own(), ids=lambda vendor: vendor.name)
def test_the_page_of_a_vendor_is_current_and_has_every_section(vendor: Vendor, request: pytest.FixtureRequest) -> None:
    path = ROOT / "docs" / "vendors" / f"{vendor.name}.md"
    if request.config.getoption("--bless"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(reference.page(vendor))
    assert path.read_text() == reference.page(vendor)
    wanted = [name for name in reference.HEADINGS if name != "Writing" or not vendor.read_only]
    assert re.findall("^## (.+)$", reference.guide(vendor), re.MULTILINE) == wanted


def test_every_vendor_has_a_page_and_every_page_a_vendor() -> None:
    pages = {path.stem for path in (ROOT / "docs" / "vendors").iterdir()}
    assert pages == {vendor.name for vendor in providers.own()}


PAGES = sorted([ROOT / "README.md", ROOT / "SECURITY.md", *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
        if not target.startswith(("https://", "http://")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", ["README.md", "docs/files.md"])
def test_the_ladders_of_the_pages_are_valid(page: str, offline: Run) -> None:
    """Every example that is a whole program or environment."""
    examples = re.findall(r"```yaml\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    programs = [example for example in examples if "program:" in example]
    assert programs
    Path("tiers/environments").mkdir(parents=True)
    for number, example in enumerate(programs):
        Path(f"tiers/{number}.yaml").write_text(example)
    for example in examples:
        if "environment:" in example:
            Path("tiers/environments/production.yaml").write_text(example)
    environment = ["--env", "production"] if any(Path("tiers/environments").iterdir()) else []
    ended = offline("validate", *environment)
    assert (ended.code, ended.err) == (Exit.DONE, "")


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text()
    for page in (ROOT / "docs").rglob("*.md"):
        assert f": {page.relative_to(ROOT / 'docs')}\n" in navigation


def test_every_message_of_the_troubleshooting_page_is_one_of_ours() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "src" / "tierops").rglob("*.py"))
    cells = re.findall(r"^\| (.*?) \|", (ROOT / "docs" / "troubleshooting.md").read_text(), re.MULTILINE)
    messages = [message for cell in cells for message in re.findall("`(.*?)`", cell)]
    assert len(messages) > 20
    for message in messages:
        assert message in source, message


def test_the_five_minutes_run_as_they_stand(tmp_path: Path) -> None:
    """In a shell, one line after the other; only the port is another one, for it may be taken here."""
    (block,) = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert "tierops emulate --seed" in block
    script = block.replace("tierops emulate", "tierops emulate --port 0")
    end = "kill \"$(sed -n 's/.*as process \\([0-9]*\\).*/\\1/p' err)\""
    bin_ = Path(sys.executable).parent
    environ = {"PATH": f"{bin_}:{os.environ['PATH']}", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "src")}
    shell = ["bash", "-euo", "pipefail", "-c", f"exec 2>err\n{script}\n{end}"]
    ended = subprocess.run(shell, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, (ended.stdout, (tmp_path / "err").read_text())
    assert "3 tiers created." in ended.stdout
    assert "No drift" in ended.stdout
