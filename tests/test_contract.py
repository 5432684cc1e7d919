"""What every provider must do, whatever its vendor leaves open. Providers are found by the names of their modules."""

from __future__ import annotations

import pkgutil
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from harness import KEYS, Slept, connect
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tierops import apply, plan, providers
from tierops.emulator import Emulator, Fault, Switches
from tierops.errors import Exit, IncompleteRead, VendorError
from tierops.model import Kind, Live, LiveTier, Position, Range, Result, Target, TargetPlan, Tier, compact

HERE = Position("tiers/club.yaml", 1, 1)


class Setup(NamedTuple):
    """How the contract is tried on one vendor."""

    place: Mapping[str, str]
    prepare: Callable[[Emulator], object]
    fields: st.SearchStrategy[Mapping[str, Any]]
    amounts: st.SearchStrategy[Decimal]
    remove: Callable[[Emulator, str], object]
    list_fault: Sequence[Fault]


_mappings = st.dictionaries(
    st.from_regex(r"ern_[a-z]{1,6}", fullmatch=True),
    st.fixed_dictionaries({"type": st.just("MULTIPLY"), "multiplier": st.integers(0, 9)})
    | st.fixed_dictionaries({"type": st.just("CUSTOM"), "points": st.integers(0, 99)}),
    max_size=2,
)

SETUPS = {
    "voucherify": Setup(
        {"campaign": "Club"},
        lambda emulator: emulator.voucherify.add_campaign("Club"),
        st.fixed_dictionaries({}, optional={"earning_rules": _mappings, "rewards": _mappings}).map(compact),
        st.integers(0, 10**6).map(Decimal),
        lambda emulator, name: emulator.voucherify.delete_tier("Club", name),
        [Fault(on="GET /v1/loyalties/*/tiers", kind="cap", value=1, times=None)],
    ),
    "fanfare": Setup(
        {"group": "Club", "attribute": "ltv"},
        lambda emulator: None,
        st.fixed_dictionaries({"attribute": st.just("ltv")}, optional={"icon": st.sampled_from(["medal", "crown"])}),
        st.decimals(0, 10**6, places=2),
        lambda emulator, name: emulator.fanfare.delete_tier("Club", name),
        [
            Fault(on="GET /audiences/groups/*", kind="cap", value=1, times=None),
            Fault(on="GET /audiences", kind="repeat", value=1, times=None),
        ],
    ),
}


def test_every_provider_has_a_setup_here() -> None:
    found = {module.name for module in pkgutil.iter_modules(providers.__path__) if module.ispkg}
    assert found == SETUPS.keys()
    assert all(name == providers.find(name).NAME for name in found)


def choices() -> list[str]:
    """Each setting of each switch that is not the default.

    Stale metadata is left to a test of its own: there the vendor says two things, which must be shown.
    """
    skipped = {"accepted_keys", "rate_limit", "rate_window_s", "read_after_write_lag_ms", "page_size"}
    return [
        f"{switch.name}={choice}"
        for switch in Switches.table()
        for choice in switch.choices
        if choice not in {switch.default, "stale"} and switch.name.partition(".")[2] not in skipped
    ]


@pytest.fixture(params=SETUPS)
def vendor(request: pytest.FixtureRequest) -> str:
    return request.param


def club(vendor: str, switches: Sequence[str] = ()) -> tuple[Emulator, Any, Slept]:
    emulator, slept = Emulator(switches=Switches.parse(switches)), Slept()
    SETUPS[vendor].prepare(emulator)
    return emulator, connect(emulator, slept, kind=providers.find(vendor)), slept


def ladder(vendor: str, *ends: str, icon: str = "") -> tuple[Tier, ...]:
    fields = {"attribute": "ltv", **({"icon": icon} if icon else {})} if vendor == "fanfare" else {}
    bounds = [Decimal(end) for end in ends]
    return tuple(
        Tier(f"T{n}", Range(lower, upper), fields | ({"order": n} if fields else {}))
        for n, (lower, upper) in enumerate(zip(bounds, [*bounds[1:], None], strict=True))
    )


def planned(vendor: str, provider: Any, tiers: Sequence[Tier]) -> TargetPlan:
    target = Target("club", vendor, vendor, SETUPS[vendor].place, tuple(tiers), HERE)
    capabilities = provider.capabilities(target.place)
    return plan.build(target, provider.fetch(target.place), capabilities, provider.requests)


def carry_out(target: TargetPlan, provider: Any, slept: Slept) -> Result:
    live = {target.address: provider.fetch(target.place)}
    return apply.run([target], {target.provider: provider}, live, apply.Patience(2, slept))[0]


@st.composite
def ladders(draw: st.DrawFn, vendor: str) -> tuple[Tier, ...]:
    setup = SETUPS[vendor]
    ends = sorted(draw(st.sets(setup.amounts, min_size=1, max_size=6)))
    uppers = [*ends[1:], draw(st.none() | setup.amounts.map(lambda length: ends[-1] + length + 1))]
    names = draw(st.sets(st.text(min_size=1, max_size=9), min_size=len(ends), max_size=len(ends)))
    return tuple(
        Tier(name, Range(lower, upper), draw(setup.fields) | ({"order": n} if vendor == "fanfare" else {}))
        for n, (name, lower, upper) in enumerate(zip(sorted(names), ends, uppers, strict=True))
    )


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
def test_a_generated_ladder_converges_and_is_never_sent_again(vendor: str, data: st.DataObject) -> None:
    tiers = data.draw(ladders(vendor))
    emulator, provider, slept = club(vendor)
    result = carry_out(planned(vendor, provider, tiers), provider, slept)
    assert apply.exit_code([result]) is Exit.DONE
    again = planned(vendor, provider, tiers)
    assert again.changes == ()
    carry_out(again, provider, slept)
    assert sum(sent[1].endswith("tiers") for sent in emulator.requests if sent[0] == "POST") == 1
    emulator.close()


@pytest.mark.parametrize("switch", choices())
@pytest.mark.parametrize("ends", [("0", "100", "500", "1000"), ("0", "99.90", "250.05")], ids=["whole", "money"])
def test_apply_converges_under_every_setting(switch: str, ends: tuple[str, ...]) -> None:
    vendor = switch.partition(".")[0]
    tiers = ladder(vendor, *(ends if vendor == "fanfare" else ("0", "100", "500", "1000")), icon="medal")
    emulator, provider, slept = club(vendor, [switch])
    target = planned(vendor, provider, tiers)
    assert {change.kind for change in target.changes} == {Kind.CREATE}
    assert apply.exit_code([carry_out(target, provider, slept)]) is Exit.DONE
    assert planned(vendor, provider, tiers).changes == ()
    assert apply.exit_code([carry_out(target, provider, slept)]) is Exit.DONE
    assert sum(sent[0] == "POST" for sent in emulator.requests) == 1
    emulator.close()


def test_an_incomplete_read_never_leads_to_a_create(vendor: str) -> None:
    for fault in SETUPS[vendor].list_fault:
        emulator, provider, slept = club(vendor)
        carry_out(planned(vendor, provider, ladder(vendor, "0", "100")), provider, slept)
        emulator.faults.append(fault)
        writes = emulator.writes
        with pytest.raises(IncompleteRead):
            planned(vendor, provider, ladder(vendor, "0", "100"))
        assert emulator.writes == writes
        emulator.close()


def test_a_plan_sends_get_requests_only(vendor: str) -> None:
    emulator, provider, _ = club(vendor)
    planned(vendor, provider, ladder(vendor, "0", "100"))
    assert {sent[0] for sent in emulator.requests} == {"GET"}
    emulator.close()


@pytest.mark.parametrize("fault", ["drop-after", "500-after", "502-after", "truncated", "empty", "html-after"])
def test_a_lost_answer_is_read_back_and_not_sent_again(vendor: str, fault: str) -> None:
    emulator, provider, slept = club(vendor)
    target = planned(vendor, provider, ladder(vendor, "0", "100"))
    emulator.faults.append(Fault(on="POST *", kind=fault))
    assert apply.exit_code([carry_out(target, provider, slept)]) is Exit.DONE
    assert emulator.writes == 1
    assert slept == [2]
    emulator.close()


@pytest.mark.parametrize("fault", ["drop-before", "500-before", "503-before", "429", "429-epoch", "429-bare"])
def test_a_create_that_was_not_carried_out_is_sent_again(vendor: str, fault: str) -> None:
    emulator, provider, slept = club(vendor)
    tiers = ladder(vendor, "0", "100")
    target = planned(vendor, provider, tiers)
    emulator.faults.append(Fault(on="POST *", kind=fault))
    assert apply.exit_code([carry_out(target, provider, slept)]) is Exit.DONE
    assert planned(vendor, provider, tiers).changes == ()
    emulator.close()


def test_a_list_that_lags_behind_the_write_ends_as_done_or_unknown_and_never_twice(vendor: str) -> None:
    for pause in (lambda _: time.sleep(0.08), lambda _: None):
        emulator, provider, _ = club(vendor, [f"{vendor}.read_after_write_lag_ms=200"])
        target = planned(vendor, provider, ladder(vendor, "0", "100"))
        live = {target.address: provider.fetch(target.place)}
        result = apply.run([target], {vendor: provider}, live, apply.Patience(2, pause))[0]
        assert apply.exit_code([result]) in {Exit.DONE, Exit.UNKNOWN}
        assert emulator.writes == 1
        emulator.close()


def test_credentials_that_are_missing_or_malformed_are_named_and_not_shown(vendor: str) -> None:
    kind = providers.find(vendor)
    with pytest.raises(Exception, match=vendor.upper()):
        kind.credentials({})
    for name in KEYS:
        if name.startswith(vendor.upper()):
            with pytest.raises(Exception, match=name) as caught:
                kind.credentials({**KEYS, name: "s3cr\u00e9t"})
            assert "s3c" not in str(caught.value)


def test_a_wrong_key_says_what_to_check(vendor: str) -> None:
    emulator, provider, _ = club(vendor, [f"{vendor}.accepted_keys=another"])
    with pytest.raises(VendorError, match=f"Check {vendor.upper()}"):
        provider.fetch(SETUPS[vendor].place)
    emulator.close()


def test_live_tiers_come_low_to_high_with_their_ids(vendor: str) -> None:
    emulator, provider, slept = club(vendor)
    carry_out(planned(vendor, provider, ladder(vendor, "0", "100", "200")), provider, slept)
    live: Live = provider.fetch(SETUPS[vendor].place)
    assert [tier.name for tier in live.tiers] == ["T0", "T1", "T2"]
    assert all(isinstance(tier, LiveTier) and tier.id for tier in live.tiers)
    emulator.close()


def test_metadata_that_disagrees_with_the_rules_is_a_difference_and_never_created_again() -> None:
    tiers = ladder("fanfare", "0", "100")
    emulator, provider, slept = club("fanfare", ["fanfare.tier_metadata=stale"])
    result = carry_out(planned("fanfare", provider, tiers), provider, slept)
    assert apply.exit_code([result]) is Exit.PARTIAL
    again = planned("fanfare", provider, tiers)
    assert {change.kind for change in again.changes} == {Kind.DIFFERS}
    assert all(any(field.path == ("rules",) for field in change.fields) for change in again.changes)
    assert emulator.writes == 1
    emulator.close()
