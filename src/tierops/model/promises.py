"""What a ladder promises its members, and what a team demands of its ladders."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from tierops.model.files import Position, Severity
from tierops.model.values import Value


class MemberTest(NamedTuple):
    """Who is where: a member with this balance is in the tier of this name, or in none where that is None.

    `note` is what the test's author says of it, and may be empty.
    """

    value: Decimal
    tier: str | None
    note: str
    at: Position


class Verdict(NamedTuple):
    """What became of one test at one target.

    `promise` is what the test says, as a sentence; `failure` is one too, and empty where the promise is kept.
    """

    program: str
    target: str
    test: MemberTest
    promise: str
    failure: str = ""

    @property
    def told(self) -> str:
        """The failure with what the test's author says of it; empty where there is none."""
        return f"{self.failure}: {self.test.note}" if self.failure and self.test.note else self.failure

    @property
    def address(self) -> str:
        """The target, as plans and reports name it."""
        return f"{self.program}/{self.target}"


class Suggestion(NamedTuple):
    """A test worth having. `target` is empty where it holds at all targets of the program."""

    value: Decimal
    tier: str | None
    target: str = ""


class Schedule(NamedTuple):
    """From which day a program holds, and on which day its members were told (ISO dates, empty where not said).

    `at` is where the first of the two stands.
    """

    effective_from: str
    announced: str
    at: Position


class Demand(NamedTuple):
    """A rule that a team turned on: how much a finding of it weighs, its parameters, and where it stands."""

    rule: str
    severity: Severity
    parameters: Mapping[str, Value]
    at: Position


class Policy(NamedTuple):
    """What a team demands of all its ladders."""

    demands: tuple[Demand, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules that are on."""
        return tuple(demand.rule for demand in self.demands)

    def demand(self, rule: str) -> Demand | None:
        """The demand of this rule, None where it is off."""
        return next((demand for demand in self.demands if demand.rule == rule), None)


class Measure(NamedTuple):
    """How a benefit is counted. `usual` is what a tier gives that says nothing of it; None is not known."""

    name: str
    usual: int | None = None


TIMES, POINTS = Measure("times", 1), Measure("points")


class Benefit(NamedTuple):
    """What a tier gives its members. `path` leads to it in the tier's fields.

    `amount` is a number of the `measure`, or text where there is none. `is_price` says that members pay it, so that
    less is better.
    """

    path: tuple[str, ...]
    amount: int | Decimal | str
    measure: Measure | None = None
    is_price: bool = False
