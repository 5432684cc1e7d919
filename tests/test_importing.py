"""What import writes is what a person would write, and the loader reads the live ladder from it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from json import dumps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tierops import config, diff, providers, rules
from tierops.errors import TieropsError
from tierops.importing import Imported, key_for, program_text
from tierops.model import Identity, Live, LiveTier, Problem, Range, Severity, Target, compact, exact
from tierops.text.names import has_visible

TODAY = date(2026, 10, 2)
CLUB = {"campaign": "Coffee Club"}
GROUP = {"group": "Coffee Club", "attribute": "ltv"}
HEAD = """\
# Imported on 2026-10-02 from Voucherify (https://api.voucherify.io): campaign "Coffee Club" (camp_1).
version: 1
program: coffee-club
targets:
  - voucherify: {campaign: Coffee Club}
tiers:
"""


def tier(name: str, lower: Any, upper: Any = None, **fields: Any) -> LiveTier:
    bounds = [None if end is None else Decimal(end) for end in (lower, upper)]
    return LiveTier(f"ltr_{name}", name, Range(bounds[0], bounds[1]), compact(fields))


def live(*tiers: LiveTier, name: str = "Coffee Club", id_: str = "camp_1") -> Live:
    return Live(Identity("https://api.voucherify.io", "campaign", id_, name, None), tiers, "all of them")


def written(*tiers: LiveTier, place: dict[str, str] = CLUB, **changes: Any) -> Imported:
    vendor = providers.find("voucherify" if "campaign" in place else "fanfare")
    return program_text(vendor, place, live(*tiers), **{"key": "coffee-club", "today": TODAY} | changes)


def ladder(*tiers: LiveTier, place: dict[str, str] = CLUB, **changes: Any) -> str:
    return written(*tiers, place=place, **changes).text.partition("tiers:\n")[2]


def load(text: str, values: dict[str, str] | None = None, *, full_check: bool = True) -> config.Loaded:
    """The text as program file, and the environment `e` with these values."""
    with TemporaryDirectory() as folder:
        path = Path(folder)
        (path / "p.yaml").write_text(text, encoding="utf-8")
        if values is not None:
            (path / "environments").mkdir()
            lines = "".join(f"  {name}: {quoted(value)}\n" for name, value in values.items())
            document = "version: 1\nenvironment: e\n" + ("values:\n" + lines if lines else "")
            (path / "environments" / "e.yaml").write_text(document, encoding="utf-8")
        environment = None if values is None else "e"
        return config.load(path, environment=environment, full_check=full_check, today=TODAY)


def quoted(text: str) -> str:
    return '"' + "".join(f"\\U{ord(character):08x}" for character in text) + '"'


def assert_is_read_back(
    text: str, tiers: tuple[LiveTier, ...], values: dict[str, str] | None, full: bool
) -> tuple[Target, tuple[Problem, ...]]:
    loaded = load(text, values, full_check=full)
    assert loaded.problems == ()
    ((target,),) = [program.targets for program in loaded.programs]
    assert diff.changes(tiers, target.tiers) == ()
    problems = rules.check(loaded.programs, TODAY)
    assert [problem for problem in problems if problem.severity is Severity.ERROR] == []
    return target, problems


# Generated ladders.

words = st.sampled_from(
    [
        "no",
        "null",
        "1",
        "2027-01-31",
        "a: b",
        " a",
        "- a",
        "${x}",
        "$${x}",
        "{a}",
        "a\nb",
        "\0",
        "\u2028",
        "é",
        "Gold, 1",
    ]
) | st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
visible = words.filter(has_visible)
wholes = st.integers(-(10**15), 10**15)
amounts = wholes | st.decimals(-(10**6), 10**6, places=3)
mapping = st.fixed_dictionaries({"type": st.just("MULTIPLY"), "multiplier": amounts}) | st.fixed_dictionaries(
    {"type": st.just("CUSTOM"), "points": wholes}
)
mappings = st.dictionaries(visible, mapping, max_size=3)
json = st.recursive(
    st.none() | st.booleans() | amounts | words | st.just(""),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
voucherify_fields = st.fixed_dictionaries(
    {}, optional={"earning_rules": mappings, "rewards": mappings, "metadata": st.dictionaries(words, json, max_size=3)}
)
fanfare_fields = st.fixed_dictionaries(
    {"order": st.integers(0, 9), "attribute": st.just("ltv")}, optional={"icon": visible}
)


@st.composite
def ladders(draw: st.DrawFn, whole: bool, fields: st.SearchStrategy[dict[str, Any]]) -> tuple[LiveTier, ...]:
    """Mostly proper; some with gaps, overlaps, equal starts, empty ranges. At most one end is open."""
    names = draw(st.lists(visible, min_size=1, max_size=5, unique=True))
    unit = Decimal(1) if whole else Decimal("0.01")
    ends = [unit * draw(st.integers(-(10**4), 10**4)) for _ in range(len(names) + 1)]
    starts = sorted(ends) if draw(st.booleans()) else ends
    tiers = []
    for index, name in enumerate(names):
        end = starts[index + 1] + unit * draw(st.sampled_from([0, 0, 0, 5, -5]))
        upper = None if index == len(names) - 1 and draw(st.booleans()) else end
        tiers.append(LiveTier(f"id{index}", name, Range(starts[index], upper), compact(exact(draw(fields)))))
    return tuple(draw(st.permutations(tiers)))


@pytest.mark.parametrize("place", [CLUB, GROUP], ids=["voucherify", "fanfare"])
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.data())
def test_the_plan_of_an_import_is_empty(place: dict[str, str], data: st.DataObject) -> None:
    whole = place is CLUB
    tiers = data.draw(ladders(whole, voucherify_fields if whole else fanfare_fields))
    home = data.draw(visible)
    place = place | {next(iter(place)): home}
    texts = [home, *(key for tier in tiers for key in [tier.name, *tier.fields.get("rewards", {})])]
    known = [text for text in texts if "${" not in text]
    values = data.draw(st.none() | st.dictionaries(st.sampled_from(["a", "_b"]), st.sampled_from(known or ["x"])))
    names = {text: name for name, text in (values or {}).items()}
    made = written(*tiers, place=place, names=names)
    full = data.draw(st.integers(0, 9)) == 0
    target, problems = assert_is_read_back(made.text, tiers, values, full)
    assert target.place.fields == place
    waived = [note for note in made.notes if "written with a waiver" in note]
    assert len(waived) == len({one.rule for one in problems if one.waiver})


# What it looks like.


def test_derived_ends_are_left_out_and_only_other_ends_are_written() -> None:
    tiers = (
        "  - name: Bronze\n    from: 0\n  - name: Silver\n    from: 250\n  - name: Gold\n    from: 500\n    to: 1000\n"
    )
    assert written(tier("Gold", 500, 1001), tier("Bronze", 0, 250), tier("Silver", 250, 500)) == (HEAD + tiers, ())


def test_an_open_end_is_not_written() -> None:
    assert ladder(tier("A", 0, 10), tier("B", 10)) == "  - name: A\n    from: 0\n  - name: B\n    from: 10\n"


def test_money_keeps_its_cents_and_ends_below() -> None:
    tiers = (tier("A", "0.50", "9.99", order=0), tier("B", "9.99", "1E+2", order=1, icon="crown"))
    assert ladder(*tiers, place=GROUP) == (
        "  - name: A\n    from: 0.5\n  - name: B\n    from: 9.99\n    below: 100\n    fanfare:\n      icon: crown\n"
    )


def test_fields_are_blocks_and_mappings_stand_on_one_line() -> None:
    fields = {
        "metadata": {"perks": ["free refill", {"until": "2027-01-31"}], "is_vip": True, "code": "007"},
        "rewards": {"rewa_1": {"points": 300, "type": "CUSTOM"}},
        "earning_rules": {
            "ern_2": {"multiplier": Decimal("1.5"), "type": "MULTIPLY"},
            "ern_1": {"type": "CUSTOM", "points": 5},
        },
    }
    assert ladder(tier("A", 0, **fields)) == (
        "  - name: A\n"
        "    from: 0\n"
        "    voucherify:\n"
        "      earning_rules:\n"
        "        ern_1: {type: CUSTOM, points: 5}\n"
        "        ern_2: {type: MULTIPLY, multiplier: 1.5}\n"
        "      rewards:\n"
        "        rewa_1: {type: CUSTOM, points: 300}\n"
        "      metadata:\n"
        '        code: "007"\n'
        "        is_vip: true\n"
        "        perks:\n"
        "          - free refill\n"
        '          - until: "2027-01-31"\n'
    )


def test_an_order_is_written_only_where_it_is_not_the_place_in_the_list() -> None:
    tiers = (tier("A", 0, 10, order=0), tier("B", 10, 20, order=2), tier("C", 20, order=1))
    text = ladder(*tiers, place=GROUP)
    assert text.count("order") == 2
    assert "  - name: A\n    from: 0\n  - name: B\n    from: 10\n    fanfare:\n      order: 2\n" in text


def test_known_places_and_ids_become_names_and_a_literal_placeholder_is_escaped() -> None:
    tiers = [
        tier("Gold", 0, earning_rules={"ern_1": {"type": "CUSTOM", "points": 1}}, metadata={"p": "${x}", "q": "Gold"})
    ]
    names = {"ern_1": "points_rule", "Gold": "top", "camp_1": "campaign", "coffee-club": "key", "CUSTOM": "kind"}
    made = written(*tiers, names=names)
    text = made.text
    assert 'program: coffee-club\ntargets:\n  - voucherify: {campaign: "${campaign}"}\n' in text
    assert "        ${points_rule}: {type: CUSTOM, points: 1}\n" in text
    assert "        p: $${x}\n" in text
    (note,) = made.notes
    assert note.endswith("${campaign}, ${points_rule} stand for what is the environment's value")


def test_a_text_that_equals_a_value_by_chance_stays_as_it_is() -> None:
    gold = tier("Gold", 0, metadata={"Gold": "Gold"}, earning_rules={"Gold": {"type": "CUSTOM", "points": 1}})
    text = ladder(gold, names={"Gold": "badge_colour"})
    assert "  - name: Gold\n" in text
    assert "        Gold: Gold\n" in text
    assert text.count("${badge_colour}") == 1  # the id
    silver = tier("Silver", 0, icon="medal", order=0)
    text = ladder(silver, place=GROUP, names={"Silver": "badge", "medal": "kind", "icon": "field", "ltv": "unit"})
    assert "${" not in text


def test_many_flaws_of_one_rule_are_one_sentence() -> None:
    (note,) = written(tier("A", 0, 10), tier("B", 20, 30), tier("C", 40, 50), tier("D", 60)).notes
    assert "10 up to 20 is in no tier" in note
    assert note.endswith("(and 2 more of ladder-gap); written with a waiver until 2026-12-31")


@pytest.mark.parametrize("place", [{"campaign": "camp_1"}, CLUB])
def test_the_target_is_named_as_it_was_given(place: dict[str, str]) -> None:
    assert f"- voucherify: {{campaign: {place['campaign']}}}\n" in written(tier("A", 0), place=place).text


def test_the_modeline_leads_where_it_is_told() -> None:
    text = written(tier("A", 0), schema="../p.json").text
    assert text.startswith("# yaml-language-server: $schema=../p.json\n#\n# Imported")


def test_no_name_breaks_out_of_its_comment() -> None:
    found = live(tier("A", 0), name='x"\ntiers: []\ud800', id_="i\ny")
    made = program_text(providers.find("voucherify"), CLUB, found, key="k", today=TODAY)
    assert r'campaign "x\"\ntiers: []\uD800" (i\ny).' in made.text
    assert load(made.text).problems == ()


# What is not as it should be.


@pytest.mark.parametrize(
    ("tiers", "waived", "told"),
    [
        ([tier("A", 0, 10), tier("B", 20)], ["ladder-gap"], "10 up to 20 is in no tier (a member with 10 points"),
        ([tier("A", 0, 30), tier("B", 20)], ["ladder-overlap"], "would be in A and in B)"),
        ([tier("A", 0, 10), tier("a", 10)], ["similar-name"], "'a' reads like 'A'"),
        ([tier("A", 0, 10), tier("B", 20, 5)], ["empty-range"], "B is empty: it starts at 20 and ends at 4"),
        ([tier("A", 0, 10), tier("B", 0)], ["tier-order", "ladder-overlap"], "B starts at 0, not above A"),
        ([tier("A", 0), tier("B", 10, 20)], ["tier-order", "ladder-overlap"], "A starts at 0, not above B"),
    ],
)
def test_a_broken_ladder_gets_waivers_and_says_so(tiers: list[LiveTier], waived: list[str], told: str) -> None:
    made = written(*tiers)
    reason = "reason: imported as found on 2026-10-02, until: 2026-12-31"
    assert made.text.endswith("waivers:\n" + "".join(f"  - {{rule: {rule}, {reason}}}\n" for rule in waived))
    assert len(made.notes) == len(waived)
    assert told in made.notes[0]
    assert made.notes[0].startswith("campaign 'Coffee Club': ")
    assert made.notes[0].endswith("; written with a waiver until 2026-12-31")
    assert_is_read_back(made.text, tuple(tiers), None, True)
    assert rules.check(load(made.text).programs, TODAY + timedelta(days=90))


@pytest.mark.parametrize(
    ("tiers", "reason"),
    [
        ([], "has no tiers; there is nothing to import"),
        ([tier("A", None, 10), tier("B", 10)], "'A' has no lower bound, which a program file must state"),
        ([tier("A", 0), tier("B", 10)], "'A', 'B' have no upper end, which only the last tier"),
        ([tier("A", 0, 10), tier("A", 10)], "a second tier is named 'A'"),
        ([tier("A", "0.5")], "A has the bound 0.5, but points are whole numbers there"),
        ([tier(" ", 0)], "the name ' ' has no visible character"),
        ([tier("A\ud800", 0)], "holds half of a surrogate pair"),
        ([tier("A", 10**15 + 1)], "`from`: expected a number such as 250 or 9.99, at most 1000000000000000, found 1"),
    ],
)
def test_what_no_waiver_can_help_is_refused_in_a_sentence(tiers: list[LiveTier], reason: str) -> None:
    with pytest.raises(TieropsError) as caught:
        written(*tiers)
    assert str(caught.value).startswith("campaign 'Coffee Club'")
    assert reason in str(caught.value)


DEEP: Any = "x"
for _ in range(60):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"rewards": {"r": {"type": "NONE"}}}, "rewards.r"),
        ({"rewards": {"r": "MULTIPLY"}}, "rewards.r"),
        ({"rewards": {"r": {"type": 1, "points": 1}}}, "rewards.r"),
        ({"rewards": {"r": {"type": "CUSTOM", "points": 1, "until": "x"}}}, "rewards.r"),
        ({"rewards": {"r": {"type": "CUSTOM", "points": Decimal("1.5")}}}, "rewards.r"),
        ({"rewards": {"r": {"type": "CUSTOM", "points": True}}}, "rewards.r"),
        ({"rewards": {"r": {"type": "MULTIPLY", "multiplier": "2"}}}, "rewards.r"),
        ({"rewards": {" ": {"type": "CUSTOM", "points": 1}}}, "rewards. "),
        ({"metadata": {"a\nb": DEEP}}, r'"metadata.a\nb"'),
        ({"metadata": {"m": "\ud800"}}, "metadata.m"),
        ({"metadata": "text"}, "metadata"),
    ],
)
def test_what_a_file_cannot_hold_is_a_comment_and_a_note(fields: dict[str, Any], what: str) -> None:
    made = written(tier("A", 0, **fields))
    (comment,) = [line for line in made.text.splitlines() if "left out" in line]
    assert comment.startswith("    # left out, a program file cannot hold it: {")
    assert len(comment) < 220
    (note,) = made.notes
    assert note.startswith(f"campaign 'Coffee Club': tier 'A': {what} is left out, for a program file cannot hold it")
    assert note.endswith("; the plan will show a difference")
    loaded = load(made.text)
    assert loaded.problems == ()
    assert loaded.programs[0].targets[0].tiers[0].fields == {}


@pytest.mark.parametrize(("field", "value"), [("icon", " "), ("icon", ["medal"]), ("rules", "none"), ("a\nb", 1)])
def test_a_field_that_no_block_has_is_a_comment_and_a_note(field: str, value: Any) -> None:
    made = written(tier("A", 0, order=0, attribute="ltv", **{field: value}), place=GROUP)
    assert f"\n    # left out, a program file cannot hold it: {{{dumps(field)}:" in made.text
    assert "is left out, for a program file cannot hold it; the plan will show a difference" in made.notes[0]
    loaded = load(made.text)
    assert loaded.problems == ()
    assert loaded.programs[0].targets[0].tiers[0].fields == {"order": 0, "attribute": "ltv"}


@pytest.mark.parametrize("order", [-1, True, Decimal("1.5"), "1", 10**16])
def test_an_order_that_is_none_is_left_out(order: Any) -> None:
    made = written(tier("A", 0, 10, order=0), tier("B", 10, order=order), place=GROUP)
    assert "# left out" in made.text
    assert load(made.text).problems == ()


def test_the_rest_of_a_block_stays_beside_what_is_left_out() -> None:
    rewards = {"r1": {"type": "CUSTOM", "points": 1}, "r2": {"type": "NONE"}}
    assert ladder(tier("A", 0, rewards=rewards)).endswith(
        "      rewards:\n"
        "        r1: {type: CUSTOM, points: 1}\n"
        '        # left out, a program file cannot hold it: {"r2":{"type":"NONE"}}\n'
    )


# Keys.


@pytest.mark.parametrize(
    ("name", "id_", "taken", "key"),
    [
        ("Coffee Club", "camp_1", [], "coffee-club"),
        ("  Café & Straße (EU)! ", "camp_1", [], "cafe-strasse-eu"),
        ("Ｆｕｌｌ ①", "camp_1", [], "full-1"),
        ("金卡", "camp_rRsfatlwN7unSeUIJDCYedal", [], "program-rrsfatlw"),
        ("Клуб 2", "camp_rRs", [], "program-2"),
        ("2024", "camp_rRs", [], "program-2024"),
        ("🎉", "", [], "program"),
        ("Coffee Club", "", ["coffee-club"], "coffee-club-2"),
        ("Coffee Club", "", ["coffee-club", "coffee-club-2"], "coffee-club-3"),
        ("🎉", "", ["program"], "program-2"),
        ("x" * 70, "", [], "x" * 63),
        ("x" * 70, "", ["x" * 63], "x" * 61 + "-2"),
        ("x" * 62 + " y", "", [], "x" * 62),
        ("x" * 60 + " y z", "", ["x" * 60 + "-y"], "x" * 60 + "-2"),
    ],
)
def test_a_key_is_readable_and_not_taken(name: str, id_: str, taken: list[str], key: str) -> None:
    assert key_for(name, taken, id_) == key


@given(st.text(max_size=80), st.text(max_size=30), st.integers(0, 12))
def test_any_name_gives_a_key(name: str, id_: str, number: int) -> None:
    taken: list[str] = []
    for _ in range(number):
        key = key_for(name, taken, id_)
        assert key not in taken
        taken.append(key)
        assert re.fullmatch("[a-z0-9][a-z0-9-]{0,62}", key)
