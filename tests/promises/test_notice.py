"""The notice for members: what a plan changes, in the words of a template."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import Run

from tierops.emulator import Emulator
from tierops.errors import Exit

PROGRAM = """\
version: 1
program: club
targets: [{voucherify: {campaign: Coffee Club}}]
effective_from: 2026-03-01
tiers:
  - {name: Bronze, from: 0}
  - name: Silver
    from: 500
    voucherify:
      earning_rules: {coffee: {type: MULTIPLY, multiplier: 2}}
      rewards: {mug: {type: CUSTOM, points: 300}, hat: {type: MULTIPLY, multiplier: 1.5}}
      metadata: {perk: free refill, code: 7}
  - {name: Gold, from: 2000, voucherify: {earning_rules: {tea: {type: CUSTOM, points: 12345}}}}
"""
BRONZE = {"name": "Bronze", "points": {"from": 0, "to": 399}, "earning_rules": {"tea": {"type": "CUSTOM", "points": 5}}}
SILVER = {
    "name": "Silver",
    "points": {"from": 400, "to": 1999},
    "earning_rules": {"coffee": {"type": "MULTIPLY", "multiplier": 3}},
}
OLD = {"name": "Old", "points": {"from": 100000}}


@pytest.fixture
def plan(tierops: Run, emulator: Emulator) -> Path:
    """A plan with a new tier, two that differ, and one that is in no file."""
    emulator.voucherify.add_campaign("Coffee Club", tiers=[BRONZE, SILVER, {**OLD, "name": "Old"}])
    Path("tiers").mkdir()
    Path("tiers/club.yaml").write_text(PROGRAM)
    assert tierops("plan", "--out", "plan.json").code == Exit.DONE
    return Path("plan.json")


def rendered(run: Run, template: str, name: str = "notice.j2") -> str:
    Path(name).write_text(template)
    ended = run("show", "plan.json", "--format", "notice", "--template", name)
    assert ended.code == Exit.DONE, ended.err
    return ended.out


def test_members_read_old_and_new_thresholds_and_benefits(plan: Path, tierops: Run) -> None:
    ended = tierops("show", str(plan), "--format", "notice")
    assert ended.code == Exit.DONE
    assert (
        ended.out
        == """\
# Coffee Club

This changes on 2026-03-01:

- **Bronze** is for 0 to 499 points. Until now: 0 to 399 points.
  - No longer: 5 points for tea.
- **Silver** is for 500 to 1,999 points. Until now: 400 to 1,999 points.
  - 2 times the points for coffee. Until now: 3 times the points for coffee.
  - New: mug for 300 points.
  - New: hat at 1.5 times its price.
  - New: perk: free refill.
- **Gold** is new: 2,000 points or more.
- **Old** ends. Until now: 100,000 points or more.

The tiers from 2026-03-01:

- **Bronze**: 0 to 499 points
- **Silver**: 500 to 1,999 points
  - 2 times the points for coffee
  - mug for 300 points
  - hat at 1.5 times its price
  - perk: free refill
- **Gold**: 2,000 points or more
  - 12,345 points for tea
"""
    )


def test_whoever_publishes_it_is_told_what_apply_leaves_to_do(plan: Path, tierops: Run) -> None:
    ended = tierops("show", str(plan), "--format", "notice")
    assert "warning: club/voucherify: apply does not bring about all that the notice tells: " in ended.err
    for left in ("Bronze differs from live", "Old is live, but in no file"):
        assert left in ended.err
    assert "warning" not in tierops("show", str(plan)).err


def test_a_plan_without_changes_says_so(tierops: Run, emulator: Emulator) -> None:
    emulator.voucherify.add_campaign("Coffee Club")
    Path("tiers").mkdir()
    Path("tiers/club.yaml").write_text(PROGRAM)
    assert tierops("apply", "--auto-approve").code == Exit.DONE
    tierops("plan", "--out", "plan.json")
    ended = tierops("show", "plan.json", "--format", "notice")
    assert ended.out.startswith("# Coffee Club\n\nNothing changes: the tiers stay as they are.\n\nThe tiers:\n")
    assert ended.err == ""


def test_money_and_money_without_an_end_are_told_as_such(tierops: Run) -> None:
    Path("tiers").mkdir()
    Path("tiers/club.yaml").write_text(
        "version: 1\nprogram: club\ntargets: [{fanfare: {group: Club, attribute: ltv}}]\n"
        "tiers: [{name: Bronze, from: 0}, {name: Silver, from: 99.5}, {name: Gold, from: 1000}]\n"
    )
    tierops("plan", "--out", "plan.json")
    out = tierops("show", "plan.json", "--format", "notice").out
    assert "- **Bronze** is new: 0 to less than 99.5 lifetime spend.\n" in out
    assert "- **Gold** is new: 1,000 lifetime spend or more.\n" in out


GERMAN = """\
{% macro zahl(wert) %}{{ wert | number(".", ",") }}{% endmacro %}
{% for ziel in targets %}
Ab {{ ziel.effective_from.strftime("%d.%m.%Y") }} ändert sich bei {{ ziel.title }} ({{ ziel.vendor }}):
{% for stufe in ziel.changes if stufe.after and stufe.before and stufe.is_moved %}
{{ stufe.name }}: ab {{ zahl(stufe.after.first) }} Punkten, bisher ab {{ zahl(stufe.before.first) }} Punkten
{% endfor %}
{% for stufe in ziel.after %}
{% for vorteil in stufe.benefits if vorteil.measure == "points" %}
{{ stufe.name }}: {{ zahl(vorteil.amount) }} Punkte
{% endfor %}
{% endfor %}
{% endfor %}
"""


def test_a_team_says_it_in_its_own_language(plan: Path, tierops: Run) -> None:
    assert rendered(tierops, GERMAN) == (
        "Ab 01.03.2026 ändert sich bei Coffee Club (Voucherify):\n"
        "Bronze: ab 0 Punkten, bisher ab 0 Punkten\n"
        "Silver: ab 500 Punkten, bisher ab 400 Punkten\n"
        "Silver: 300 Punkte\n"
        "Gold: 12.345 Punkte\n"
    )


def test_a_template_of_html_is_escaped_and_any_other_is_not(plan: Path, tierops: Run) -> None:
    text = "{% for t in targets %}{{ t.title + ' <&>' }}{% endfor %}"
    assert rendered(tierops, text, "notice.html") == "Coffee Club &lt;&amp;&gt;\n"
    assert rendered(tierops, text) == "Coffee Club <&>\n"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("a\n{% for t in targets %}", "notice.j2:2: Unexpected end of template."),
        ("a\n\n{{ targts }}", "notice.j2:3: 'targts' is undefined"),
        ("a\n{{ targets[0].nme }}", "notice.j2:2: 'tierops.output.notice.Target object' has no attribute 'nme'"),
        ("{% include 'x' %}", "notice.j2:1: no loader for this environment specified"),
        ("a\n{% import '/etc/passwd' as x %}", "notice.j2:2: no loader for this environment specified"),
        ("{{ targets.__class__.__mro__ }}", "notice.j2:1: access to attribute '__class__' of 'list' object is unsafe."),
        ("a\n{{ ''.__class__ }}", "notice.j2:2: access to attribute '__class__' of 'str' object is unsafe."),
        ("{{ targets.append(1) }}", "notice.j2:1: access to attribute 'append' of 'list' object is unsafe."),
        ("a\n{{ 1 / 0 }}", "notice.j2:2: division by zero"),
        ("{% for n in range(1000000) %}{% endfor %}", "notice.j2:1: Range too big."),
        ("{% macro m() %}\n{{ m() }}\n{% endmacro %}\n{{ m() }}", "notice.j2:2: maximum recursion depth exceeded"),
    ],
)
def test_what_is_wrong_with_a_template_is_told_with_its_line(
    plan: Path, tierops: Run, template: str, message: str
) -> None:
    Path("notice.j2").write_text(template)
    ended = tierops("show", "plan.json", "--format", "notice", "--template", "notice.j2")
    assert (ended.code, ended.out) == (Exit.FAILED, "")
    assert f"error: {message}" in ended.err


def test_a_template_is_for_a_notice_only_and_must_be_text(plan: Path, tierops: Run) -> None:
    Path("bad").write_bytes(b"\xff")
    Path("big").write_text("x" * (1024 * 1024 + 1))
    for arguments, code, message in (
        (["--template", "bad"], Exit.USAGE, "--template is for `--format notice`"),
        (["--format", "notice", "--template", "bad"], Exit.FAILED, "bad is not UTF-8 (byte 0xff)"),
        (["--format", "notice", "--template", "big"], Exit.FAILED, "big is larger than 1 MiB"),
        (["--format", "notice", "--template", "none"], Exit.FAILED, "cannot read none"),
    ):
        ended = tierops("show", "plan.json", *arguments)
        assert ended.code == code
        assert message in ended.err


def test_a_notice_can_be_written_beside_another_report(plan: Path, tierops: Run) -> None:
    ended = tierops("show", "plan.json", "--format", "json", "--report", "notice=notice.md")
    assert json.loads(ended.out)["command"] == "show"
    assert Path("notice.md").read_text().startswith("# Coffee Club\n")
    assert "warning" in ended.err


def test_a_plan_that_is_none_leaves_an_error_and_no_notice(tierops: Run) -> None:
    Path("plan.json").write_text("{}")
    ended = tierops("show", "plan.json", "--format", "notice")
    assert (ended.code, ended.out) == (Exit.REFUSED, "")


def test_names_of_others_have_no_power_over_a_terminal_or_a_job(tierops: Run, emulator: Emulator) -> None:
    emulator.voucherify.add_campaign("Club", tiers=[{"name": "\x1b[2J##[error]owned\u202e", "points": {"from": 0}}])
    Path("tiers").mkdir()
    Path("tiers/club.yaml").write_text(
        "version: 1\nprogram: club\ntargets: [{voucherify: {campaign: Club}}]\n"
        'tiers: [{name: "x\\u202e\\e[31m", from: 0, to: 9}, {name: "::error::owned", from: 10}]\n'
    )
    assert tierops("plan", "--out", "plan.json").code == Exit.DONE
    ended = tierops("show", "plan.json", "--format", "notice")
    assert ended.code == Exit.DONE
    assert not {"\x1b", "\u202e"} & set(ended.out)
    assert "##[" not in ended.out
    assert not any(line.lstrip().startswith("::") for line in ended.out.splitlines())
