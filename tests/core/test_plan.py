"""What a plan holds, what it refuses, and what its file survives: nothing but being left alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierops import __version__, plan, plan_file
from tierops.errors import PlanRefused, VendorError
from tierops.model import (
    Abilities,
    Identity,
    Kind,
    Live,
    LiveTier,
    Place,
    Plan,
    Position,
    Range,
    Request,
    Target,
    TargetPlan,
    Tier,
    compact,
)
from tierops.providers import fanfare
from tierops.providers.voucherify import VENDOR
from tierops.text import jsontext
from tierops.text.wording import ago

AT = Position("tiers/club.yaml", 3, 5)
IDENTITY = Identity("https://api.voucherify.io", "campaign", "camp_1", "Club", "f1f1")
PLACE = VENDOR.place({"campaign": "Club"})


def span(lower: int, upper: int | None = None) -> Range:
    return Range(Decimal(lower), None if upper is None else Decimal(upper))


BRONZE = LiveTier("ltr_1", "Bronze", span(0, 250), {"metadata": {"a": True, "rate": Decimal("1.5")}})
DESIRED = (
    Tier("Bronze", span(0, 250), {"metadata": {"a": True, "rate": Decimal("1.5")}}, AT),
    Tier("Silver", span(250, 500)),
    Tier("Gold", span(500)),
)


def build(live: tuple[LiveTier, ...] = (BRONZE,), desired=DESIRED, waived: frozenset[str] = frozenset()) -> TargetPlan:
    target = Target("club", "voucherify", PLACE, VENDOR.scale(PLACE.fields), desired, AT, waived)
    return plan.build(target, Live(IDENTITY, live, "1 of 1"), VENDOR)


def kinds(planned: TargetPlan) -> list[tuple[Kind, str]]:
    return [(change.kind, change.name) for change in planned.changes]


def test_creates_say_what_they_mean_for_members() -> None:
    planned = build()
    assert [c.note for c in planned.changes] == [
        "Members with 250–499 points join this tier immediately. Voucherify has no API to undo it",
        "Members with 500 points or more join this tier immediately. Voucherify has no API to undo it",
    ]
    silver = {"name": "Silver", "points": {"from": 250, "to": 499}}
    body = [silver, {"name": "Gold", "points": {"from": 500}}]
    assert planned.requests == (Request("POST", "/v1/loyalties/camp_1/tiers", body, ("Silver", "Gold")),)


def test_two_live_tiers_of_one_name_stop_the_target() -> None:
    with pytest.raises(VendorError) as caught:
        build((BRONZE, BRONZE._replace(id="ltr_2")))
    assert str(caught.value) == (
        "2 live tiers of 'Club' are named 'Bronze' (ltr_1, ltr_2);"
        " tierops tells tiers apart by name: remove or rename all but one by hand"
    )


def test_a_create_that_would_overlap_a_live_tier_is_blocked_with_all_others() -> None:
    planned = build((BRONZE, LiveTier("ltr_9", "VIP", span(600, 700))))
    assert kinds(planned) == [(Kind.BLOCKED, "Silver"), (Kind.BLOCKED, "Gold"), (Kind.UNMANAGED, "VIP")]
    assert "VIP overlaps Gold (a member with 600 points would be in Gold and in VIP)" in planned.changes[0].note
    assert planned.requests == ()


def test_a_waived_rule_blocks_nothing() -> None:
    live = (BRONZE._replace(range=span(0, 100)),)
    assert Kind.BLOCKED in dict(kinds(build(live)))
    assert Kind.BLOCKED not in dict(kinds(build(live, waived=frozenset({"ladder-gap"}))))


def test_a_broken_live_ladder_blocks_nothing_where_there_is_nothing_to_create() -> None:
    live = (BRONZE, LiveTier("ltr_9", "VIP", span(100, 200)))
    assert kinds(build(live, desired=DESIRED[:1])) == [(Kind.UNMANAGED, "VIP")]


def test_a_blocked_create_names_three_reasons_and_counts_the_rest() -> None:
    live = tuple(LiveTier(f"ltr_{n}", f"L{n}", span(500 + n, 600 + n)) for n in range(6))
    assert ". Change the file" in build((BRONZE, *live)).changes[0].note
    assert "; and 3 more" in build((BRONZE, *live)).changes[0].note


def test_a_blocked_create_with_three_reasons_has_no_rest_to_count() -> None:
    vip = tuple(LiveTier(f"ltr_{n}", f"L{n}", span(500 + n, 600 + n)) for n in range(3))
    note = build((BRONZE, *vip)).changes[0].note
    assert note.count(" overlaps ") == 3
    assert " more" not in note


def test_a_member_who_would_be_hurt_is_named_in_the_unit_of_the_target() -> None:
    place = fanfare.VENDOR.place({"group": "Club", "attribute": "ltv"})
    target = Target("club", "fanfare", place, fanfare.VENDOR.scale(place.fields), DESIRED, AT)
    ladder = (BRONZE._replace(range=span(0, 200)), LiveTier("ltr_9", "VIP", span(600, 700)))
    note = plan.build(target, Live(IDENTITY, ladder, ""), VENDOR).changes[0].note
    assert "(a member with a lifetime spend of 600 would be in Gold and in VIP)" in note
    assert "(a member with a lifetime spend of 200 would be in no tier)" in note


def live(*tiers: LiveTier, **identity: str) -> Live:
    return Live(IDENTITY._replace(**identity), tiers, "")


SILVER = LiveTier("ltr_2", "Silver", span(250, 500))
GOLD = LiveTier("ltr_3", "Gold", span(500))


@pytest.mark.parametrize(
    ("now", "missing"),
    [
        (live(BRONZE), ["Silver", "Gold"]),
        (live(BRONZE, GOLD), ["Silver"]),
        (live(GOLD, SILVER, BRONZE), []),
        (live(BRONZE._replace(updated_at="2027-01-01")), ["Silver", "Gold"]),
    ],
    ids=["as then", "part done", "all done", "only touched"],
)
def test_a_plan_fits_live_as_it_was_plus_any_part_of_its_own_creates(now: Live, missing: list[str]) -> None:
    assert [tier.name for tier in plan.missing(build(), now)] == missing


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (live(), r"'Bronze' \(ltr_1\) has gone"),
        (live(BRONZE._replace(id="ltr_7")), r"'Bronze' \(ltr_1\) has gone"),
        (live(BRONZE._replace(range=span(0, 240))), r"'Bronze' \(ltr_1\) was changed"),
        (live(BRONZE._replace(fields={})), "was changed"),
        (live(BRONZE._replace(name="Bronce")), "was changed"),
        (live(BRONZE, LiveTier("ltr_9", "VIP", span(9, 10))), r"'VIP' \(ltr_9\) has appeared since"),
        (live(BRONZE, GOLD._replace(range=span(501))), "'Gold' .* but not as the plan would create it"),
        (live(BRONZE, GOLD, GOLD._replace(id="ltr_4")), "'Gold' exists twice"),
        (live(BRONZE, base_url="https://us1.api.voucherify.io"), "made for https://api.voucherify.io, not for https"),
        (live(BRONZE, account="e2e2"), "keys of another account"),
        (live(BRONZE, id="camp_2"), r"'Club' \(camp_1\), but that is now camp_2"),
    ],
)
def test_a_plan_refuses_a_live_ladder_that_others_changed(now: Live, reason: str) -> None:
    with pytest.raises(PlanRefused, match=f"club/voucherify: .*{reason}.*make a new plan"):
        plan.missing(build(), now)


def changed(now: LiveTier) -> str:
    with pytest.raises(PlanRefused) as caught:
        plan.missing(build(), live(now))
    start = "club/voucherify: live tier 'Bronze' (ltr_1) was changed since the plan was made ("
    assert str(caught.value).startswith(start)
    return str(caught.value).removeprefix(start).removesuffix("); make a new plan")


def test_a_tier_that_changed_is_told_with_three_differences_and_a_count_of_the_rest() -> None:
    fields = {"metadata": {"a": False, "rate": 2}, "rewards": {"r": 1}}
    three = "range: 0–249 → 0–299; metadata.a: true → false; metadata.rate: 1.5 → 2"
    assert changed(BRONZE._replace(range=span(0, 300), fields=fields)) == f"{three}; and 1 more"
    del fields["rewards"]
    assert changed(BRONZE._replace(range=span(0, 300), fields=fields)) == three


def test_a_tier_that_appeared_otherwise_than_planned_is_told_with_what_differs() -> None:
    with pytest.raises(PlanRefused) as caught:
        plan.missing(build(), live(BRONZE, GOLD._replace(range=span(501))))
    assert str(caught.value) == (
        "club/voucherify: live tier 'Gold' (ltr_3) has appeared, but not as the plan would create it"
        " (range: 501+ → 500+); make a new plan"
    )


@pytest.mark.parametrize("length", [100, 101])
def test_a_difference_is_told_in_100_characters_at_most(length: int) -> None:
    start = "metadata.a: true → "
    value = "x" * (length - len(start) - 2)
    told = changed(BRONZE._replace(fields={"metadata": {"a": value, "rate": Decimal("1.5")}}))
    whole = f'{start}"{value}"'
    assert told == (whole if length == 100 else whole[:100] + "…")


def test_a_refused_plan_says_where_why_and_what_to_do() -> None:
    with pytest.raises(PlanRefused) as caught:
        plan.missing(build(), live(BRONZE, account="e2e2"))
    assert str(caught.value) == "club/voucherify: it was made with the keys of another account; make a new plan"


def new_group(*near: str, waived: frozenset[str] = frozenset()) -> TargetPlan:
    place = fanfare.VENDOR.place({"group": "Cofee Club", "attribute": "ltv"})
    tiers = tuple(tier._replace(fields={"attribute": "ltv", "order": n}) for n, tier in enumerate(DESIRED))
    target = Target("club", "fanfare", place, fanfare.VENDOR.scale(place.fields), tiers, AT, waived)
    identity = Identity("https://admin.fanfare.io/api", "group", "", "Cofee Club", "o1", "k")
    return plan.build(target, Live(identity, (), "no such group", near=near), fanfare.VENDOR)


@pytest.mark.parametrize("live_name", ["Coffee Club", "cofee club", "Cofee Club ", "Cofee\u200b Club", "Cofee  Club"])
def test_a_place_that_reads_like_a_live_one_is_not_made(live_name: str) -> None:
    planned = new_group(live_name)
    assert {change.kind for change in planned.changes} == {Kind.BLOCKED}
    assert planned.requests == ()
    assert f"it reads like the live group {live_name!r} (" in planned.changes[0].note
    assert "waive similar-place" in planned.changes[0].note


def test_a_place_that_is_new_on_purpose_is_made() -> None:
    assert {change.kind for change in new_group("Coffee Bar").changes} == {Kind.CREATE}
    assert {c.kind for c in new_group("Coffee Club", waived=frozenset({"similar-place"})).changes} == {Kind.CREATE}


@pytest.mark.parametrize(
    ("then", "now", "is_taken"),
    [
        (("a", "k"), ("a", "k"), True),
        (("a", "k"), ("a", "other"), True),
        (("a", "k"), ("b", "k"), False),
        ((None, "k"), (None, "k"), True),
        ((None, "k"), (None, "other"), False),
        ((None, "k"), ("a", "k"), True),
        ((None, "k"), ("a", "other"), False),
        (("a", "k"), (None, "k"), True),
        (("a", "k"), (None, "other"), False),
        ((None, None), ("a", "k"), False),
    ],
)
def test_a_plan_is_bound_to_its_account_and_where_that_is_not_known_to_its_key(
    then: tuple[str | None, str | None], now: tuple[str | None, str | None], is_taken: bool
) -> None:
    planned = build()
    identities = [IDENTITY._replace(account=account, key=key) for account, key in (then, now)]
    planned = planned._replace(live=planned.live._replace(identity=identities[0]))
    if is_taken:
        assert len(plan.missing(planned, Live(identities[1], (BRONZE,), ""))) == 2
    else:
        with pytest.raises(PlanRefused, match="keys of another account; set X; make a new plan"):
            plan.missing(planned, Live(identities[1], (BRONZE,), ""), "set X")


NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)


def whole(*targets: TargetPlan, environment: str | None = "production") -> Plan:
    later = (NOW + timedelta(hours=24)).isoformat()
    return Plan(__version__, NOW.isoformat(), later, environment, targets or (build(),))


def test_a_plan_file_holds_the_whole_plan() -> None:
    differing = build((BRONZE._replace(range=span(0, 200), updated_at="2027-01-01T00:00:00Z"), SILVER))
    made = whole(build(), differing, build((BRONZE, GOLD._replace(name="VIP"))))
    assert plan_file.loads(plan_file.dumps(made).encode()) == made


_numbers = st.integers(-(10**20), 10**20) | st.decimals(-(10**9), 10**9, places=3)
_values = st.recursive(_numbers | st.booleans() | st.text(max_size=4), st.lists, max_leaves=4)
_fields = st.dictionaries(st.text(max_size=4), _values, max_size=3).map(compact)


@given(st.text(max_size=9), _numbers.map(Decimal), _fields, st.none() | st.text(max_size=9))
def test_a_plan_of_any_names_numbers_and_fields_is_read_as_it_was_written(
    name: str, lower: Decimal, fields: dict, environment: str | None
) -> None:
    tier = Tier(name, Range(lower, None), fields, AT)
    live = LiveTier("ltr_1", name, Range(None, lower), fields)
    content = plan_file.dumps(whole(build((live,), (tier,)), build((), (tier,)), environment=environment))
    assert plan_file.dumps(plan_file.loads(content.encode())) == content


def test_no_change_and_no_live_tier_survive_the_file() -> None:
    made = whole(build(live=(), desired=()), environment=None)
    assert made.is_empty
    assert plan_file.loads(plan_file.dumps(made).encode()) == made


@given(st.data())
def test_a_plan_file_with_any_byte_altered_is_refused(data: st.DataObject) -> None:
    content = bytearray(plan_file.dumps(whole()).encode())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(PlanRefused):
        plan_file.loads(bytes(content))


@given(st.integers(0, 3000))
def test_a_plan_file_cut_short_is_refused(length: int) -> None:
    content = plan_file.dumps(whole()).encode()
    with pytest.raises(PlanRefused):
        plan_file.loads(content[: min(length, len(content) - 1)])


def forged(alter, honest: Plan | None = None) -> bytes:
    """A plan that was altered and given a digest that fits."""
    data = jsontext.loads(plan_file.dumps(honest or whole()))
    alter(data)
    del data["digest"]
    return (jsontext.dumps(data | {"digest": jsontext.digest(data)}, indent=2) + "\n").encode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[" * 100_000, "nested too deeply|not JSON"),
        (b"[1]", "no format_version"),
        (b"{}", "no format_version"),
        (b'{"format_version": "2"}', 'plan format "2" is not the one'),
        (b'{"format_version": 1}', "plan format 1 is not the one"),
        (b'{"format_version": "1"}', "no digest"),
        (b" " * (plan_file.LARGEST + 1), "more than 192 MiB"),
        (forged(lambda data: data["targets"][0].pop("live")), r"targets.0.live: Field required"),
        (forged(lambda data: data.update(targets={})), "targets"),
        (forged(lambda data: data["targets"][0]["changes"][0].update(kind="destroy")), "kind"),
    ],
)
def test_what_is_no_plan_is_refused_with_the_reason(content: bytes, reason: str) -> None:
    with pytest.raises(PlanRefused, match=reason):
        plan_file.loads(content)


def _target(data: dict) -> dict:
    return data["targets"][0]


def _unblocked(data: dict) -> None:
    """The overlap that blocks it is kept, and everything else says that it is a create."""
    target = _target(data)
    for change in target["changes"]:
        if change["kind"] == "blocked":
            change.update(kind="create", note=build().changes[0].note)
    target["requests"] = jsontext.loads(plan_file.dumps(whole()))["targets"][0]["requests"]


FORGERIES = {
    "another path": lambda data: _target(data)["requests"][0].update(path="/v1/loyalties/camp_2/tiers"),
    "another method": lambda data: _target(data)["requests"][0].update(method="PUT"),
    "another body": lambda data: _target(data)["requests"][0]["body"][0]["points"].update({"from": 251}),
    "true for one": lambda data: _target(data)["requests"][0]["body"][0].update(metadata={"a": True}),
    "other tiers of a request": lambda data: _target(data)["requests"][0].update(tiers=["Silver"]),
    "a request twice": lambda data: _target(data)["requests"].append(_target(data)["requests"][0]),
    "no request": lambda data: _target(data).update(requests=[]),
    "a create left out": lambda data: _target(data)["changes"].pop(0),
    "an unmanaged tier left out": lambda data: _target(data)["live"].append(
        {**_target(data)["live"][0], "id": "ltr_9", "name": "VIP"}
    ),
    "another note": lambda data: _target(data)["changes"][0].update(note="nobody is affected"),
    "another before": lambda data: _target(data)["changes"][0].update(before=_target(data)["live"][0]),
    "another waiver": lambda data: _target(data).update(waived=["similar-name", "ladder-gap", "ladder-gap"]),
    "another address": lambda data: _target(data).update(address="club/other"),
    "another unit": lambda data: _target(data).update(unit="stamps"),
    "no whole numbers": lambda data: _target(data).update(whole_numbers=False),
    "another digest of live": lambda data: _target(data).update(live_digest="sha256:0"),
    "another vendor": lambda data: _target(data).update(provider="fanfare"),
    "a vendor that is none": lambda data: _target(data).update(provider="acme"),
    "no place": lambda data: _target(data).update(place={}),
    "another place": lambda data: _target(data).update(place={"group": "Club"}),
}


@pytest.mark.parametrize("alter", FORGERIES.values(), ids=FORGERIES)
def test_a_plan_that_says_what_tierops_would_not_plan_is_refused_whoever_wrote_its_digest(alter) -> None:
    with pytest.raises(PlanRefused):
        plan_file.loads(forged(alter))


def test_a_blocked_create_cannot_be_made_a_create() -> None:
    blocked = whole(build((BRONZE, LiveTier("ltr_9", "VIP", span(600, 700)))))
    with pytest.raises(PlanRefused, match="club/voucherify is not what tierops itself would plan"):
        plan_file.loads(forged(_unblocked, blocked))
    plan_file.loads(forged(lambda data: None, blocked))


def test_a_waiver_put_into_the_file_does_not_open_what_it_blocks() -> None:
    blocked = whole(build((BRONZE._replace(range=span(0, 100)),)))
    with pytest.raises(PlanRefused, match="is not what tierops itself would plan"):
        plan_file.loads(forged(lambda data: _target(data).update(waived=["ladder-gap"]), blocked))


@pytest.mark.parametrize("time", ["tomorrow", "2027-01-02T12:00:00"])
def test_a_plan_without_a_proper_expiry_is_refused(time: str) -> None:
    made = plan_file.loads(forged(lambda data: data.update(expires_at=time)))
    with pytest.raises(PlanRefused, match="expires_at"):
        plan_file.check(made, NOW, "production")


def test_a_plan_expires_and_belongs_to_one_environment() -> None:
    plan_file.check(whole(), NOW + timedelta(hours=23, minutes=59), "production")
    with pytest.raises(PlanRefused, match=r"expired at 2027-01-02T12:00:00\+00:00"):
        plan_file.check(whole(), NOW + timedelta(hours=24), "production")
    with pytest.raises(PlanRefused, match="made for production, not for sandbox"):
        plan_file.check(whole(), NOW, "sandbox")
    with pytest.raises(PlanRefused, match="made for production, not for no environment"):
        plan_file.check(whole(), NOW, None)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 seconds ago"),
        (1, "1 second ago"),
        (119, "119 seconds ago"),
        (120, "2 minutes ago"),
        (7_199, "119 minutes ago"),
        (90_000, "25 hours ago"),
        (172_800, "2 days ago"),
    ],
)
def test_how_long_ago_is_told_in_the_largest_unit_that_says_enough(seconds: int, told: str) -> None:
    assert ago(timedelta(seconds=seconds)) == told


def test_the_live_digest_ignores_what_the_vendor_touches_by_itself() -> None:
    def digest(tier: LiveTier) -> object:
        return json.loads(plan_file.dumps(whole(build((tier,)))))["targets"][0]["live_digest"]

    assert digest(BRONZE) == digest(BRONZE._replace(updated_at="2027-01-01"))
    assert digest(BRONZE) != digest(BRONZE._replace(fields={}))


def test_a_place_whose_facts_changed_refuses_the_plan() -> None:
    now = live(BRONZE)._replace(facts={"status": "ACTIVE"})
    with pytest.raises(PlanRefused, match=r"what it rests on has changed .* \(nothing, now status ACTIVE\)"):
        plan.missing(build(), now)
    both = now._replace(facts={"status": "ACTIVE", "mode": "draft"})
    with pytest.raises(PlanRefused, match=r"\(nothing, now mode draft, status ACTIVE\)"):
        plan.missing(build(), both)


def test_what_creates_mean_is_asked_of_the_place_itself() -> None:
    """A vendor may allow in one place what it refuses in another, also after the plan was made."""
    planned = build()
    seen = []

    def refusing(place: Place, live: Live) -> Abilities:
        seen.append(place)
        return VENDOR.abilities(place, live)._replace(blocked=f"{place.name} takes none")

    vendor = VENDOR._replace(abilities=refusing)
    blocked = plan.build(planned.target, planned.live, vendor)
    assert [change.note for change in blocked.changes] == ["Club takes none"] * 2
    with pytest.raises(PlanRefused, match="Club takes none"):
        plan.remaining_requests(planned, planned.creates, planned.live, vendor)
    assert seen == [planned.target.place] * 2


def test_a_request_that_still_creates_all_of_its_tiers_is_sent_as_it_stands_in_the_plan() -> None:
    planned = build()
    reviewed = (planned.requests[0]._replace(path="/as-it-was-reviewed"),)
    planned = planned._replace(requests=reviewed)
    assert plan.remaining_requests(planned, planned.creates, planned.live, VENDOR) == reviewed
    (part,) = plan.remaining_requests(planned, planned.creates[1:], planned.live, VENDOR)
    assert part.tiers == ("Gold",)


def test_a_ladder_that_holds_from_a_day_is_not_created_before_it() -> None:
    planned, done = build(), build((BRONZE,), DESIRED[:1])
    later, done_later = (
        one._replace(target=one.target._replace(effective_from="2030-03-01")) for one in (planned, done)
    )
    reason = "club/voucherify holds from 2030-03-01, as its program says: apply it on that day or later"
    assert plan.why_too_early([planned, later], "2030-02-28") == reason
    assert plan.why_too_early([planned, later], "2030-03-01") == ""
    assert plan.why_too_early([planned, done_later], "2030-02-28") == ""  # nothing is created there
