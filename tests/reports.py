"""Reports to render: as the commands make them, without a vendor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal

from balances import ladder

from tierops import plan as planning
from tierops import providers
from tierops.errors import Exit
from tierops.members import axis as axes
from tierops.members import count, hiding
from tierops.members.axis import Comparison, Margin
from tierops.members.count import Counted
from tierops.model import (
    Fate,
    Identity,
    Impact,
    Live,
    LiveTier,
    Outcome,
    Plan,
    Position,
    Problem,
    Range,
    Result,
    Scale,
    Severity,
    Target,
    TargetPlan,
    Tier,
)
from tierops.output import Moved, Report
from tierops.providers.connections import Usage

NAMES = ("Bronze", "Silver", "Gold", "Platinum", "Diamond")
FIELDS = {
    "Gold": {
        "earning_rules": {"ern_95aq3JaE5A8xzHjoJPYNRqXZ": {"type": "MULTIPLY", "multiplier": 2}},
        "metadata": {"perk": "free `refill` | @all"},
    }
}


def span(lower: int | None, upper: int | None) -> Range:
    return Range(*(None if end is None else Decimal(end) for end in (lower, upper)))


def desired(names: Sequence[str] = NAMES, step: int = 250) -> tuple[Tier, ...]:
    last = len(names) - 1
    return tuple(
        Tier(
            name,
            span(n * step, (n + 1) * step if n < last else None),
            FIELDS.get(name, {}),
            Position("tiers/coffee-club.yaml", 10 + n, 5),
        )
        for n, name in enumerate(names)
    )


def live(tiers: Sequence[Tier]) -> tuple[LiveTier, ...]:
    return tuple(LiveTier(f"ltr_{n}", tier.name, tier.range, tier.fields) for n, tier in enumerate(tiers))


def target(
    wanted: Sequence[Tier],
    held: Sequence[LiveTier] = (),
    *,
    name: str = "Coffee Club",
    program: str = "coffee-club",
    block: Mapping[str, str] | None = None,
    vendor: str = "voucherify",
    steps: tuple[str, ...] = (),
) -> TargetPlan:
    """The plan of one ladder; by default that of a campaign."""
    declared = providers.find(vendor)
    place = declared.place(block or {"campaign": name})
    identity = Identity(declared.default_url, declared.noun, f"id_{program}", name, None)
    return planning.build(
        Target(
            program,
            vendor,
            place,
            declared.scale(place.fields),
            tuple(wanted),
            Position("tiers/coffee-club.yaml", 4, 5),
        ),
        Live(identity, tuple(held), f"{len(held)} of {len(held)} tiers, as `total` says", steps),
        declared,
    )


def some(number: int = 0, creates: int = 2, step: int | None = None) -> TargetPlan:
    """Five tiers, of which the highest are to create and the second differs. Every number has ranges of its own."""
    wanted = desired(step=step or 250 + number)
    held = list(live(wanted[: 5 - creates]))
    if len(held) > 1:
        held[1] = held[1]._replace(fields={"metadata": {"since": 2024}}, updated_at="2026-11-25T11:27:58Z")
    return target(wanted, held, program=f"club-{number}", name=f"Club {number}" if number else "Coffee Club")


def many(tiers: int) -> TargetPlan:
    """A new campaign with so many tiers to create."""
    return target(desired([f"Tier {n}" for n in range(tiers)]))


def one_more() -> Report:
    """The commonest change: Platinum above Gold, which is open in the dashboard."""
    wanted = desired(("Bronze", "Silver", "Gold", "Platinum"))
    held = list(live(wanted[:3]))
    return report(target(wanted, (*held[:2], held[2]._replace(range=span(500, None)))))


def report(*targets: TargetPlan, command: str = "plan", environment: str | None = "production") -> Report:
    plan = Plan("0", "2027-01-01T09:00:00+00:00", "2027-01-02T09:00:00+00:00", environment, targets)
    return Report(command, Exit.DONE, plan=plan, usage=(Usage("voucherify", 2, 0, 1, 1999),))


def validation(problems: int = 3) -> Report:
    listed = tuple(
        Problem(
            "ladder-gap",
            f"nothing between Silver and Gold {n}",
            Position("tiers/coffee-club.yaml", 12 + n, 5),
            "a member with 400 points would be in no tier",
            Severity.NOTE if n == 2 else Severity.ERROR,
            waiver="waived until 2027-01-31: agreed" if n == 2 else "",
        )
        for n in range(problems)
    )
    return Report("validate", Exit.FAILED if problems else Exit.DONE, problems=listed, checked=(2, 3, 12))


def applied() -> Report:
    """One target of each way in which apply ends, and one with nothing to do."""
    whole, part, none = some(1), some(2, creates=4), target(desired(), live(desired()), program="same")
    step = "publish the ladder in the dashboard"
    left = part.changes
    fates = list(Fate)
    outcomes = tuple(Outcome(tier.name, fates[n + 1], "the answer was lost") for n, tier in enumerate(part.creates))
    page = report(whole, part, none, command="apply")
    return page._replace(
        exit_code=Exit.UNKNOWN,
        results=(
            Result(
                whole,
                tuple(Outcome(tier.name, Fate.DONE) for tier in whole.creates),
                whole.changes[2:],
                sends=1,
                steps=(step,),
            ),
            Result(part, outcomes, left, "reading back failed: 502 from a proxy"),
            Result(part, outcomes[:1], None, "interrupted", is_interrupted=True),
            Result(none, (), (), steps=(step,)),
        ),
    )


def failed() -> Report:
    message = "2 problems:\n  VOUCHERIFY_APP_ID is not set <b>@all</b>\n  ```"
    return Report("plan", Exit.FAILED, error=message, problems=validation(1).problems)


def impact(before: str, after: str, *, least: int = 0) -> Impact:
    """Who moves between two ladders of five tiers, `0 250 500 750 1000`; every balance up to 1,200 has one member."""
    ladders = [ladder(*starts.split(), names=NAMES) for starts in (before, after)]
    asked = Comparison("coffee-club/voucherify", "live", ladders[0], ladders[1], ladders[0], Scale(), "Voucherify acts")
    axis = axes.axis([asked], Margin(Decimal(5), True), 2, Decimal(10) ** 27)
    members: Counter[tuple[int, str | None]] = Counter()
    for balance in range(1200):
        held = "Bronze" if balance < 300 else "VIP | `@all`" if balance < 303 else None
        members[sum(balance >= cut for cut in axis.cuts), held] += 1
    skipped = (("value is negative", 3), ("value <b> is no number", 1200))
    counted = Counted("members|`@all`.csv", axis, Margin(Decimal(5), True), 2403, members, skipped, True)
    return hiding.hide(count.impact(asked, counted), least)


def moved(*afters: str, least: int = 0) -> Report:
    moves = [
        Moved("coffee-club/voucherify", f"{n}.yaml", impact(LADDER, after, least=least))
        for n, after in enumerate(afters)
    ]
    return Report("impact", Exit.DONE, impacts=tuple(moves))


LADDER = "0 250 500 750 1000"

EVERY = {
    "plan": report(some()),
    "plan of a new campaign": report(many(5)),
    "plan with a step by hand": report(
        target(desired(), (), steps=("publish the ladder in the dashboard", "tell support"))
    ),
    "several targets": report(*(some(n, creates=n % 4) for n in range(6))),
    "targets that are alike": report(*(some(n, step=250) for n in range(26)), target(desired(), live(desired()))),
    "one tier more above an open one": one_more(),
    "nothing to do": report(target(desired(), live(desired()))),
    "no target": report(),
    "plan with members": report(some()._replace(impact=impact(LADDER, "0 300 550 750 900"))),
    "members who stay": report(target(desired(), live(desired()))._replace(impact=impact(LADDER, LADDER))),
    "impact": moved("100 300 350 360 370"),
    "impact with small numbers": moved("0 251 500 760 1100", least=5),
    "candidates": moved(LADDER, "0 100 200 300 400", "0 500 600 700 1100"),
    "show": report(some(), command="show", environment=None),
    "drift": report(some(), command="drift"),
    "no drift": report(target(desired(), live(desired())), command="drift"),
    "blocked and unmanaged": report(target(desired(), (LiveTier("ltr_9", "VIP", span(400, 901)),))),
    "apply": applied(),
    "nothing to apply": report(command="apply")._replace(results=()),
    "valid": validation(0),
    "problems": validation(),
    "plan with waived problems": report(some())._replace(problems=validation().problems[2:]),
    "error": failed(),
    "error of a command that never began": Report("", Exit.USAGE, error="no such command"),
}
