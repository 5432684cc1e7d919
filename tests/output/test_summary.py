"""What a report says in sentences, the same in every format; what is a vendor's to say is the vendor's sentence."""

from __future__ import annotations

import json

import pytest
from click import unstyle
from reports import EVERY, applied, desired, live, many, report, target

from tierops import providers
from tierops.errors import Exit
from tierops.model import Abilities, Fate, Live, Outcome, Place, Result, TargetPlan
from tierops.output import Report, render
from tierops.output.summary import summary
from tierops.providers import voucherify
from tierops.providers.connections import Usage

STEP = "publish the ladder in the dashboard"


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> str:
    """A vendor of another distribution, whose creates mean something else."""

    def abilities(place: Place, live: Live) -> Abilities:
        own = voucherify.VENDOR.abilities(place, live)
        return own._replace(members="join this tier tonight", undo="A create can be undone in ACME's console")

    vendor = voucherify.VENDOR._replace(
        name="acme", title="ACME Loyalty", noun="club", default_url="https://club.acme.example", abilities=abilities
    )
    monkeypatch.setitem(providers._loaded, "acme", vendor)
    return vendor.name


def test_a_create_means_what_its_vendor_says(acme: str) -> None:
    assert summary(report(target(desired(["A"]), vendor=acme))) == (
        "1 tier will be created in Coffee Club (ACME Loyalty): A (any number of points).",
        "Members whose balance is in the range of a new tier join this tier tonight.",
        "A create can be undone in ACME's console.",
    )


def test_what_two_vendors_say_is_told_of_each(acme: str) -> None:
    assert summary(report(many(3), target(desired(["A"]), vendor=acme), many(1))) == (
        "5 tiers will be created at 3 targets.",
        "At Voucherify, members whose balance is in the range of a new tier join this tier immediately.",
        "At ACME Loyalty, members whose balance is in the range of a new tier join this tier tonight.",
        "Voucherify has no API to undo it.",
        "A create can be undone in ACME's console.",
    )


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_every_format_calls_a_vendor_by_its_title_and_a_ladder_by_its_noun(form: str, acme: str) -> None:
    shown = report(target(desired(["A"]), vendor=acme))._replace(usage=(Usage("acme", 2, 0, 1, None),))
    page = unstyle(render(shown, form))
    assert "ACME Loyalty club " in page
    assert "Requests to ACME Loyalty: 2 reads, 1 write to come." in page
    assert "oucherify" not in page


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_what_remains_to_be_done_by_hand_is_told_before_and_after(form: str) -> None:
    before = unstyle(render(EVERY["plan with a step by hand"], form))
    heading = before.index("By hand, in this order")
    assert heading < before.index(f"After the apply: {STEP}") < before.index("After the apply: tell support")
    after = unstyle(render(applied(), form))
    assert after.count("Still to be done by hand") == 1
    assert f"{STEP[0].upper()}{STEP[1:]} (at club-1/voucherify)" in unspanned(after)  # where something was created
    assert "Something remains to be done by hand: see the list." in after


def unspanned(page: str) -> str:
    """Markdown with its texts whole again."""
    return page.replace("<span>", "").replace("</span>", "")


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_where_nothing_is_created_nothing_remains_to_be_done(form: str) -> None:
    same = target(desired(), live(desired()), steps=(STEP,))
    done = report(same, command="apply")._replace(results=(Result(same, (), (), steps=(STEP,)),))
    for page in (report(same), report(same, command="drift"), done):
        assert STEP not in render(page, form)


def test_json_has_the_steps_of_each_target() -> None:
    results = json.loads(render(applied(), "json"))["results"]
    assert [result["steps"] for result in results] == [[STEP], [], [], [STEP]]
    plan = json.loads(render(EVERY["plan with a step by hand"], "json"))["plan"]
    assert plan["targets"][0]["steps"] == [STEP, "tell support"]


def result(*fates: Fate, sends: int = 1, steps: tuple[str, ...] = ()) -> Result:
    outcomes = tuple(Outcome(f"T{number}", fate) for number, fate in enumerate(fates))
    return Result(planned(), outcomes, (), sends=sends, steps=steps)


def planned() -> TargetPlan:
    return many(2)


@pytest.mark.parametrize(
    ("results", "sentences"),
    [
        ((result(Fate.DONE),), ("1 tier created.", "Live equals the files, read back after the last write.")),
        ((result(Fate.ALREADY, sends=0),), ("1 tier was there already.", "Live equals the files.")),
        ((result(sends=0),), ("Nothing had to be created.", "Live equals the files.")),
        (
            (result(Fate.DONE, Fate.DONE, steps=(STEP,)), result(Fate.ALREADY, Fate.ALREADY, sends=0)),
            (
                "2 tiers created.",
                "2 tiers were there already.",
                "Live equals the files, read back after the last write.",
                "Something remains to be done by hand: see the list.",
            ),
        ),
        (
            (result(Fate.CONFLICT, Fate.CONFLICT)._replace(trouble="conflict", remaining=planned().changes[:1]),),
            (
                "2 tiers exist, but not as wanted.",
                "Stopped before the end at 1 target.",
                "1 difference remains.",
            ),
        ),
        (
            (result(Fate.NOT_DONE, Fate.UNKNOWN)._replace(trouble="no answer", remaining=None),),
            (
                "1 tier not created.",
                "1 tier may or may not have been created: plan again to see.",
                "Stopped before the end at 1 target.",
            ),
        ),
    ],
)
def test_what_apply_did_is_told_without_empty_counts(results: tuple[Result, ...], sentences: tuple[str, ...]) -> None:
    ended = Report("apply", Exit.DONE, results=results)
    assert summary(ended) == sentences
    assert unstyle(render(ended, "text")).endswith("\n" + "\n".join(sentences) + "\n")


def test_drift_says_at_how_many_targets() -> None:
    same, new = target(desired(), live(desired())), many(1)
    assert summary(report(new, command="drift"))[0] == "Live differs from the files."
    assert summary(report(same, new, command="drift"))[0] == "Live differs from the files at 1 of 2 targets."
