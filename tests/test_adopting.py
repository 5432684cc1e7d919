"""Whatever is live, the file that adopts it wants just that; or it is left alone, with a reason."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from test_importing import (
    CLUB,
    GROUP,
    TODAY,
    fanfare_fields,
    ladders,
    visible,
    voucherify_fields,
    written,
)
from tierops import adopting, config, diff, providers, rules
from tierops.config import roundtrip, writing
from tierops.errors import TieropsError
from tierops.model import Kind, LiveTier, Range, Severity


@pytest.mark.parametrize("place", [CLUB, GROUP], ids=["voucherify", "fanfare"])
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_a_file_that_adopts_a_ladder_wants_that_ladder(place: dict[str, str], data: st.DataObject) -> None:
    fields = voucherify_fields if place is CLUB else fanfare_fields
    before, others = (data.draw(ladders(place is CLUB, fields)) for _ in range(2))
    # Some tiers keep their names, and with them their places in the file.
    names = [tier.name for tier in sorted(before, key=lambda tier: tier.range.lower)]
    after = [
        tier._replace(name=names[i]) if i < len(names) and data.draw(st.integers(0, 4)) else tier
        for i, tier in enumerate(sorted(others, key=lambda tier: tier.range.lower))
    ]
    text = written(*before, place=place | {next(iter(place)): data.draw(visible)}).text
    with TemporaryDirectory() as folder:
        path = Path(folder) / "p.yaml"
        path.write_text(text, encoding="utf-8")
        program = config.load(path.parent, today=TODAY).programs[0]
        (target,) = program.targets
        live = [tier for tier in after if len([one for one in after if one.name == tier.name]) == 1]
        try:
            new = adopting.adopted(text, program, {target.name: live}, providers.find, {})
        except TieropsError:
            event("cannot be said")
            return  # an open tier below another one; what a file cannot say is tried below, one by one
        path.write_text(new, encoding="utf-8")
        loaded = config.load(path.parent, today=TODAY)
        if loaded.problems or any(one.severity is Severity.ERROR for one in rules.check(loaded.programs, TODAY)):
            event("refused")
            return
        event("written")
        changes = diff.changes(live, loaded.programs[0].targets[0].tiers, target.scale)
        assert [change for change in changes if change.kind is not Kind.CREATE] == []


def test_comments_are_kept_where_a_key_goes() -> None:
    text = "a: 1 # one\nb:   # two\n  # three\n  c: 3   # four\n  # five\nd: 0x10\ne: ~\nf: 'x'\n"
    new = roundtrip.edited(text, 0, [roundtrip.Remove(("b", "c")), roundtrip.Put(("b", "g"), "no")])
    assert new.count("#") == text.count("#") - 1  # that of the key itself
    assert "d: 0x10\ne: ~\nf: 'x'\n" in new
    assert 'g: "no"' in new


def test_an_edit_that_reaches_further_is_refused() -> None:
    text = "a: &x {b: 1}\nc: *x\n"
    with pytest.raises(writing.CannotSay, match="in one place alone"):
        roundtrip.edited(text, 0, [roundtrip.Put(("a", "b"), 2)])


def test_a_tier_without_a_lower_bound_is_left_to_a_person() -> None:
    text = written(LiveTier("ltr_1", "A", Range(Decimal(0), None)), place=CLUB).text
    with TemporaryDirectory() as folder:
        path = Path(folder) / "p.yaml"
        path.write_text(text)
        program = config.load(path.parent, today=TODAY).programs[0]
        live = [LiveTier("ltr_1", "A", Range(None, None))]
        with pytest.raises(TieropsError, match="tier 'A' has no lower bound at coffee-club/voucherify"):
            adopting.adopted(text, program, {"voucherify": live}, providers.find, {})


@pytest.mark.parametrize(
    ("text", "path", "kept"),
    [
        ("a: 1\nb: 2\n# below\nd: 3\n", ("b",), "a: 1\n# below\nd: 3\n"),
        ("a: 1  # own\nb: 2\n# below\nd: 3\n", ("b",), "a: 1  # own\n# below\nd: 3\n"),
        ("b: 2\n# below\nd: 3\n", ("b",), "# below\nd: 3\n"),
        ("x:\n  c: 3\n  # below\nd: 1\n", ("x", "c"), "x: {}\nd: 1\n"),
    ],
)
def test_the_comments_below_a_key_that_goes_stay_beside_it(text: str, path: tuple[str, ...], kept: str) -> None:
    assert roundtrip.edited(text, 0, [roundtrip.Remove(path)]) == kept
