"""What a vendor fills in by itself, what it cannot create just there, and answers that name ids alone."""

from __future__ import annotations

from decimal import Decimal

from tierops import diff, plan
from tierops.apply.results import Known, result_of
from tierops.model import (
    Abilities,
    Change,
    Fate,
    Identity,
    Kind,
    Live,
    LiveTier,
    Place,
    Position,
    Range,
    Request,
    Scale,
    Target,
    TargetPlan,
    Tier,
)

SCALE = Scale(has_ends=False, unsaid=frozenset({"number"}))
PLACE = Place("vendor", "ladder", ("Club",), {})


def live(*names: str, **fields: int) -> tuple[LiveTier, ...]:
    return SCALE.held([LiveTier(f"id-{n}", n, Range(Decimal(i), None), fields) for i, n in enumerate(names)])


def wanted(*names: str, **fields: int) -> tuple[Tier, ...]:
    return SCALE.held([Tier(name, Range(Decimal(i), None), fields) for i, name in enumerate(names)])


class Vendor:
    read_only = same_account = ""

    def __init__(self, unfit: str = "") -> None:
        self.why = unfit
        self.asked: list[tuple[str, ...]] = []

    def abilities(self, _place: Place, _live: Live) -> Abilities:
        return Abilities("by hand", "join", "no undo")

    def unfit(self, _live: Live, tiers: tuple[Tier, ...]) -> str:
        self.asked.append(tuple(tier.name for tier in tiers))
        return self.why

    def requests(self, live: Live, tiers: tuple[Tier, ...]) -> tuple[Request, ...]:
        names = tuple(tier.name for tier in tiers)
        return (Request("POST", "/x", [len(live.tiers), *names], names),)


def planned(vendor: Vendor, held: tuple[LiveTier, ...], tiers: tuple[Tier, ...]) -> TargetPlan:
    target = Target("club", "vendor", PLACE, SCALE, tiers, Position("a", 1, 1))
    read = Live(Identity("http://x", "ladder", "1", "Club", None), held, "")
    return plan.build(target, read, vendor)  # type: ignore[arg-type]


def test_what_a_file_does_not_say_is_as_it_is_live() -> None:
    assert diff.changes(live("A", number=7), wanted("A"), SCALE) == ()
    assert diff.changes(live("A", other=7), wanted("A"), SCALE) != ()


def test_what_a_file_says_is_compared() -> None:
    (change,) = diff.changes(live("A", number=7), wanted("A", number=8), SCALE)
    assert [(field.path, field.before, field.after) for field in change.fields] == [(("number",), 7, 8)]
    assert diff.changes(live("A"), wanted("A", number=8), SCALE) != ()


def test_a_tier_that_appears_as_the_plan_would_create_it_may_have_what_was_unsaid() -> None:
    made = planned(Vendor(), live("A"), wanted("A", "B"))
    now = made.live._replace(tiers=(*live("A"), LiveTier("new", "B", Range(Decimal(1), None), {"number": 3})))
    assert plan.missing(made, now._replace(tiers=SCALE.held(now.tiers))) == ()


def test_what_is_unfit_blocks_just_the_creates_and_is_asked_of_them_alone() -> None:
    vendor = Vendor("no room")
    made = planned(vendor, live("A"), wanted("A", "B"))
    assert [(change.kind, change.name, change.note) for change in made.changes] == [(Kind.BLOCKED, "B", "no room")]
    assert (made.requests, vendor.asked) == ((), [("B",)])
    assert planned(vendor, live("A", "B"), wanted("A", "B")).changes == ()


def test_what_is_left_of_a_request_is_rendered_beside_what_is_live_now() -> None:
    vendor = Vendor()
    made = planned(vendor, (), wanted("A", "B"))
    now = made.live._replace(tiers=live("A"))
    (request,) = plan.remaining_requests(made, wanted("A", "B")[1:], now, vendor)  # type: ignore[arg-type]
    assert request.body == [1, "B"]


def test_a_tier_that_an_answer_named_by_id_and_a_list_shows_otherwise_is_told() -> None:
    made = planned(Vendor(), (), wanted("A"))
    known = Known(is_guarded=False)
    known.begin(("A",))
    known.confirm(live("A"))
    shown = made.live._replace(tiers=(LiveTier("id-A", "a", Range(Decimal(0), None)),))
    (outcome,) = result_of(made, shown, known, "").outcomes
    assert (outcome.fate, outcome.detail) == (Fate.CONFLICT, "created, but stored as 'a' (id-A)")


def test_a_change_keeps_the_live_tier_as_it_was() -> None:
    (change,) = diff.changes(live("A", number=7, other=1), wanted("A"), SCALE)
    assert isinstance(change, Change)
    assert change.before == live("A", number=7, other=1)[0]
    assert [field.path for field in change.fields] == [("other",)]
