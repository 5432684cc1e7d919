"""One list for a report of all that a person has to do, in the order in which to do it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tierops.model import Change, Kind
from tierops.output import by_hand, words
from tierops.output.cards import Card
from tierops.output.report import Report
from tierops.output.words import shortened

_FEW_ADDRESSES, _MOST_ADDRESSES = 5, 40
_HEADINGS = {"drift": "To make live what the files want, by hand in this order"}
_OR_THE_FILE = "Where the dashboard is right instead, write what is live into the file."


class Checklist(NamedTuple):
    """The steps, each a sentence with where it is to be done, and what to know of them. Empty where there are none."""

    heading: str
    steps: tuple[str, ...]
    notes: tuple[str, ...]


def checklist(report: Report, cards: Sequence[Card]) -> Checklist:
    """What is to be done by hand: before the next plan, with it, and after an apply."""
    is_alone = sum(len(card.spots) for card in cards) == 1
    works: dict[tuple[str, ...], list[str]] = {}  # steps in their order → where
    notes: dict[str, list[str]] = {}
    then: dict[str, list[str]] = {}  # tiers → where a new plan will create them
    for card in cards:
        work = by_hand.work(card.spots[0].plan, _of(card))
        works.setdefault(work.steps, []).extend(card.addresses)
        missing = [change.name for change in card.changes if report.command == "drift" and change.kind is Kind.CREATE]
        if tiers := (*work.then, *missing):
            then.setdefault(words.listed(tiers), []).extend(card.addresses)
        if work.meanwhile:
            notes.setdefault(work.meanwhile, []).extend(card.addresses)
    steps = [f"{step}{_at(places, is_alone)}" for listed, places in works.items() for step in listed]
    again = "plan and apply, to create {}" if report.command == "drift" else "plan again: {} will be created"
    steps += [f"{again.format(tiers)}{_at(places, is_alone)}" for tiers, places in then.items()]
    steps += [f"{step}{_at(places, is_alone)}" for step, places in _later(report).items()]
    heading = "Still to be done by hand" if report.results is not None else "By hand, in this order"
    sentences = tuple(f"{step[0].upper()}{step[1:]}" for step in steps)
    told = [f"{note}{_at(places, is_alone)}." for note, places in notes.items()]
    if any(change.kind is Kind.DIFFERS for card in cards for change in card.changes):
        told.append(_OR_THE_FILE)
    return Checklist(_HEADINGS.get(report.command, heading), sentences, tuple(told))


def _of(card: Card) -> list[Change]:
    """The changes of the plan that the card still has: tierops itself changes nothing of them."""
    left = {change.name for change in card.changes}
    return [change for change in card.spots[0].plan.changes if shortened(change.name) in left]


def _later(report: Report) -> dict[str, list[str]]:
    """The vendors' steps that follow the creates, each with where."""
    later: dict[str, list[str]] = {}
    if report.results is not None:
        for result in report.results:
            for step in words.remaining_steps(result):
                later.setdefault(shortened(step, 600), []).append(shortened(result.target.address, 200))
    elif report.is_planned and report.plan:
        for target in report.plan.targets:
            for step in words.later_steps(target):
                later.setdefault(f"after the apply: {shortened(step, 600)}", []).append(shortened(target.address, 200))
    return later


def _at(addresses: Sequence[str], is_alone: bool) -> str:
    if is_alone:
        return ""
    if len(addresses) <= _FEW_ADDRESSES:
        return f" (at {words.listed(addresses)})"
    return f" (at {words.count(len(addresses), 'target')}: {words.listed(addresses, _MOST_ADDRESSES)})"
