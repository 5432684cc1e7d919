"""What a report says in sentences, the same in every format; what is a vendor's to say is the vendor's sentence."""

from __future__ import annotations

import json

import pytest
from click import unstyle
from reports import EVERY, applied, desired, live, many, report, some, span, target

from tierops import providers
from tierops.errors import Exit
from tierops.model import Abilities, Fate, Live, LiveTier, Outcome, Place, Result, TargetPlan, Tier
from tierops.output import Report, render
from tierops.output.summary import question, summary
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


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
@pytest.mark.parametrize("fate", [Fate.NOT_DONE, Fate.CONFLICT, Fate.UNKNOWN])
def test_an_incomplete_ladder_is_not_to_be_published(fate: Fate, form: str) -> None:
    failed = result(Fate.DONE, fate, steps=(STEP,))._replace(trouble="refused", remaining=planned().changes[:1])
    page = unspanned(unstyle(render(report(planned(), command="apply")._replace(results=(failed,)), form)))
    assert "1 tier created." in page
    assert STEP[1:] not in page
    assert "Something remains to be done by hand" not in page


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


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_one_tier_more_above_an_open_one_ends_in_what_to_do_in_order(form: str) -> None:
    page = " ".join(unstyle(render(EVERY["one tier more above an open one"], form)).split())
    steps = (
        "Set the end of Gold to 749 in the dashboard (the campaign's Tiers)",
        "Plan again: Platinum will be created",
    )
    assert page.index("By hand, in this order") < page.index(steps[0].replace("'", "&#39;" if form == "html" else "'"))
    assert page.index("Set the end of Gold to 749") < page.index(steps[1])
    assert "Members with 750 points or more are in no tier until the new plan is applied" in page
    assert {"text": "1. Set", "markdown": "1. [ ] Set", "html": '<input type="checkbox"> Set'}[form] in page


def steps_of(*changed: tuple[str, int, int | None], wanted: tuple[tuple[str, int, int | None], ...]) -> list[str]:
    held = [LiveTier(name, name, span(low, high)) for name, low, high in changed]
    tiers = [Tier(name, span(low, high)) for name, low, high in wanted]
    return json.loads(render(report(target(tiers, held)), "json"))["by_hand"]["steps"]


def test_tiers_shrink_before_others_grow_and_rise_from_the_top() -> None:
    steps = steps_of(
        ("A", 0, 200), ("B", 200, 500), ("C", 500, None), wanted=(("A", 0, 250), ("B", 250, 600), ("C", 600, None))
    )
    assert [step.split(" in the dashboard")[0] for step in steps] == [
        "Set the start of C to 600",
        "Change B",
        "Set the end of A to 249",
    ]


def test_what_is_alike_at_many_targets_is_told_once() -> None:
    alike = EVERY["targets that are alike"]
    for form in ("text", "markdown", "html"):
        page = unstyle(render(alike, form))
        assert page.count("2 tiers will be created at 26 targets") >= 1
        assert page.count("Members with 750–999 points, now in no tier,") == 1
        assert "club-25" in unspanned(page)
    text = unstyle(render(alike, "text"))
    assert "\n1 target without a difference: coffee-club/voucherify\n" in text


def test_a_question_names_the_environment_and_the_places() -> None:
    plan = report(some(1), some(2, creates=3), target(desired(), program="b", name="Brew Club")).plan
    assert plan
    new = plan.targets[2]
    identity = new.live.identity._replace(id="")
    plan = plan._replace(
        targets=(*plan.targets[:2], new._replace(live=new.live._replace(identity=identity, near=("Brew",))))
    )
    assert question(plan) == (
        "Create 10 tiers in PRODUCTION: 2 in Club 1 (Voucherify), 3 in Club 2 (Voucherify) and 5 in the new campaign"
        " Brew Club (Voucherify; the nearest live campaign is Brew)? Voucherify has no API to undo it."
    )


def test_rules_and_rewards_are_sentences_with_their_ids_behind() -> None:
    held = {"earning_rules": {"ern_1": {"type": "CUSTOM", "points": 7}}, "rewards": {"rewa_1": {"type": "NEW"}}}
    wanted = {
        "earning_rules": {"ern_1": {"type": "MULTIPLY", "multiplier": 2}},
        "rewards": {"rewa_1": {"type": "CUSTOM", "points": 1}},
    }
    tier = Tier("A", span(0, None), wanted)
    created = unstyle(render(report(target([tier])), "text"))
    assert "      earns 2 times the usual points (earning rule ern_1)\n" in created
    assert "      a reward costs 1 point (reward rewa_1)\n" in created
    differing = unstyle(render(report(target([tier], [LiveTier("1", "A", span(0, None), held)])), "text"))
    assert "earning rule ern_1: live earns 7 points for each event, file earns 2 times" in differing
    assert 'rewards.rewa_1.type: live "NEW", file "CUSTOM"' in differing
