"""A report as small values for the formats: every text is printable and short, none is escaped.

What is alike at several targets is one card.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tierops import model, providers
from tierops.model import Kind, TargetPlan
from tierops.output import entries, ladder, words
from tierops.output.cards import Card, Change, Held, Outcome, Rung, Spot
from tierops.output.entries import Entry
from tierops.output.report import Report
from tierops.output.waived import folded
from tierops.output.words import moment, shortened
from tierops.text import jsontext
from tierops.text.visible import printable

MOST_RUNGS = 60  # of a ladder; longer ones show only what differs
_MARKS = (  # what is said of a tier that is live, that will be, that the files want
    {Kind.DIFFERS: "differs", Kind.UNMANAGED: "in no file"},
    {Kind.CREATE: "new"},
    {Kind.DIFFERS: "differs", Kind.BLOCKED: "blocked"},
)
_MOST_DIFFERENT = 200  # rungs of a ladder, whatever differs
_MOST_HELD = 20  # tiers of a rung that are named; more than any terminal has room for
_MOST_NOTE = 600
_MOST_VALUE = 300
_MOST_BODY = 20_000


class Problem(NamedTuple):
    """A problem in the files."""

    severity: str
    at: str
    href: str
    rule: str
    message: str


def cards(report: Report) -> tuple[Card, ...]:
    """The targets of the results where there are some, else of the plan: what will happen first."""
    if report.results is not None:
        every = [_result(result, report) for result in report.results]
    else:
        planned = report.plan.targets if report.plan else ()
        every = [_card(target, target.changes, report) for target in planned]
    kept = [card for card in every if card.is_worth_telling]
    return tuple(sorted(_grouped(kept), key=lambda card: not any(c.kind is Kind.CREATE for c in card.changes)))


def requests(card: Card) -> tuple[str, ...]:
    """The requests of a card as HTTP has them; what several targets are sent alike stands below all its addresses.

    They are long and few formats show them: so they are made for one card at a time, and no card holds them.
    """
    heads: dict[str, list[str]] = {}
    for spot in card.spots:
        for head, body in _requests(spot.plan):
            heads.setdefault(body, []).append(head)
    return tuple("\n".join((*addressed, body)) for body, addressed in heads.items())


def unchanged(report: Report) -> tuple[str, ...]:
    """The addresses of the targets of which there is nothing to say."""
    if report.results is not None:
        targets = [r.target for r in report.results if not (r.remaining or r.outcomes or r.trouble)]
    else:
        targets = [target for target in (report.plan.targets if report.plan else ()) if not target.changes]
    return tuple(shortened(target.address, 200) for target in targets)


def problems(report: Report) -> tuple[Problem, ...]:
    """The problems, each with whom it would hurt."""
    return tuple(
        Problem(
            problem.severity.value,
            shortened(str(problem.at), 300),
            report.link(problem.at),
            problem.rule,
            shortened(problem.told, _MOST_NOTE),
        )
        for problem in folded(report.problems)
    )


def facts(plan: model.Plan) -> tuple[tuple[str, str], ...]:
    """Where the plan is for and when it was made."""
    pairs = (
        ("Environment", shortened(plan.environment or "none")),
        ("Made", moment(plan.created_at)),
        ("Good until", moment(plan.expires_at) if plan.expires_at != plan.created_at else ""),
    )
    return tuple((name, value) for name, value in pairs if value)


def rungs(target: TargetPlan, most: int = MOST_RUNGS) -> tuple[Rung, ...]:
    """The ladder, highest first. Of one with more rungs, ranges that are alike on all sides are only counted."""
    kinds = {change.name: change.kind for change in target.changes}
    span = target.target.scale.span
    told: list[Rung] = []
    rows = ladder.shortened(target, most)
    for row in rows[:_MOST_DIFFERENT]:
        sides = [_side(names, kinds, marks) for names, marks in zip(row.names, _MARKS, strict=True)]
        told.append(Rung("⋮" if row.alike else span(row.range), sides[0], sides[1], sides[2], row.alike))
    if left := len(rows) - len(told):
        told.append(Rung("⋮", (), (), (), left, "more, which differ, are left out here"))
    return tuple(told)


def _side(names: Sequence[str], kinds: Mapping[str, Kind], marks: Mapping[Kind, str]) -> tuple[Held, ...]:
    """The tiers of one side of a rung. Where tiers have no end, each rung has all below it: the rest is counted."""
    told = tuple(_held(name, kinds.get(name), marks) for name in names[:_MOST_HELD])
    return (*told, Held(f"{len(names) - _MOST_HELD:,} more")) if len(names) > _MOST_HELD else told


def _held(name: str, kind: Kind | None, marks: Mapping[Kind, str]) -> Held:
    return Held(shortened(name), kind.value, marks[kind]) if kind and kind in marks else Held(shortened(name))


def _grouped(every: Sequence[Card]) -> Iterator[Card]:
    """One card for all that say the same but for where it is, and where and when the vendor last changed it."""
    groups: dict[Card, list[Card]] = {}
    for card in every:
        changes = tuple(change._replace(at="", href="", updated="") for change in card.changes)
        groups.setdefault(card._replace(spots=(), changes=changes), []).append(card)
    for alike in groups.values():
        yield alike[0]._replace(spots=tuple(spot for card in alike for spot in card.spots), changes=_common(alike))


def _common(alike: Sequence[Card]) -> tuple[Change, ...]:
    """The changes of cards that are alike, with where and when as far as these are, too."""
    changes = []
    for together in zip(*(card.changes for card in alike), strict=True):
        first = together[0]
        is_one_place = all(change.at == first.at for change in together)
        is_one_time = all(change.updated == first.updated for change in together)
        place = (first.at, first.href) if is_one_place else ("", "")
        changes.append(first._replace(at=place[0], href=place[1], updated=first.updated if is_one_time else ""))
    return tuple(changes)


def _card(target: TargetPlan, changes: Sequence[model.Change], report: Report) -> Card:
    return Card(
        spots=(_spot(target, report),),
        unit=shortened(target.target.scale.unit),
        changes=tuple(_changes(changes, target, report)),
        rungs=rungs(target) if changes and report.results is None else (),
    )


def _spot(target: TargetPlan, report: Report) -> Spot:
    identity = target.live.identity
    newness = shortened(words.newness(target), 200) if target.live.is_new else ""
    place = shortened(f"{words.vendor(target.target.provider)} {identity.kind} {identity.name}", 200)
    log = report.histories.get(target.address)
    facts_ = (
        (f"{shortened(identity.kind).capitalize()} id", shortened(identity.id, 200) or newness),
        ("Address", shortened(identity.base_url, 200)),
        ("Read", shortened(target.live.proof, 200)),
        ("File", shortened(f"{target.target.at.file}:{target.target.at.line}", 300)),
        *([("Day", words.begins(target.target))] if target.target.effective_from else []),
        *(("The vendor's log", shortened(line, _MOST_NOTE)) for line in entries.history(log)),
    )
    return Spot(
        plan=target,
        address=shortened(target.address, 200),
        place=f"{place} ({newness})" if newness else place,
        facts=facts_ if report.results is None else facts_[:2],
    )


def _result(result: model.Result, report: Report) -> Card:
    outcomes = tuple(
        Outcome(shortened(o.name), o.fate.value, words.FATES[o.fate], shortened(o.detail, _MOST_NOTE))
        for o in (*filter(None, (result.place,)), *result.outcomes)
    )
    return _card(result.target, result.remaining or (), report)._replace(
        outcomes=outcomes,
        trouble=shortened(result.trouble, _MOST_NOTE),
        state=words.state_of_live(result),
        is_read=result.remaining is not None,
    )


def _changes(changes: Sequence[model.Change], target: TargetPlan, report: Report) -> Iterator[Change]:
    origins = ladder.origins(target) if any(change.kind is Kind.CREATE for change in changes) else {}
    after = {tier.name: tier for tier in ladder.after(target)} if report.is_planned else {}
    span = target.target.scale.span
    for change, note in zip(changes, words.notes(changes, is_planned=report.is_planned), strict=True):
        at = change.after.at if change.after else None
        if change.kind is Kind.CREATE and report.is_planned:
            note = _effect(change, target, origins)
        yield Change(
            kind=change.kind,
            meaning=words.meaning(change.kind, is_planned=report.is_planned),
            name=shortened(change.name),
            live=span(change.before.range) if change.before else "",
            after=span(after[change.name].range) if change.name in after else "",
            desired=span(change.after.range) if change.after else "",
            note=shortened(note, _MOST_NOTE),
            entries=tuple(_entry(entry) for entry in entries.held(change, target)),
            at=shortened(f"{at.file}:{at.line}", 300) if at else "",
            href=report.link(at) if at else "",
            updated=shortened(change.before.updated_at) if change.before and change.before.updated_at else "",
        )


def _effect(change: model.Change, target: TargetPlan, origins: Mapping[str, Sequence[str]]) -> str:
    """What a create does to members: who they are, and where they are now."""
    if change.after is None:
        return change.note
    live = [shortened(name) or "no tier" for name in origins.get(change.name, ()) if name != change.name]
    now = f", now in {words.listed(live, 3).replace(' and ', ' or ')}," if live and target.live.tiers else ""
    members = providers.find(target.target.provider).abilities(target.target.place, target.live).members
    return f"Members with {target.target.scale.amounts(change.after.range)}{now} {members}"


def _entry(entry: Entry) -> Entry:
    live, file = shortened(entry.live, _MOST_VALUE), shortened(entry.file, _MOST_VALUE)
    return Entry(shortened(entry.name, 200), live, file, entry.is_said)


def _requests(target: TargetPlan) -> Iterator[tuple[str, str]]:
    for request in target.requests:
        body = jsontext.dumps(model.exact(request.body), indent=2)
        if len(body) > _MOST_BODY:
            body = f"(a body of {len(body):,} characters; the plan file holds it)"
        yield f"{request.method} {printable(request.path)}", body
