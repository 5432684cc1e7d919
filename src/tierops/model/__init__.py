"""The words of tierops as frozen values; every stage of the flow takes and returns these.

Argument order is always (live, desired), field order (before, after). Points and money are exact
decimals, never floats. Nothing here knows a vendor, a file format or a terminal. All are named tuples,
because a frozen dataclass costs four times as much to define, at each start of the program.
"""

from tierops.model.files import MEMBERS, UNREADABLE, Position, Problem, Severity
from tierops.model.impact import Amount, Impact, Move, Outlook, Standing
from tierops.model.ladder import LiveTier, Range, Scale, Tier, digits
from tierops.model.plan import (
    ID,
    Change,
    Edit,
    Fate,
    History,
    Kind,
    Outcome,
    Plan,
    Request,
    Result,
    Signature,
    TargetPlan,
)
from tierops.model.program import Abilities, FieldChange, Identity, Live, Origin, Place, Program, Target, Waiver
from tierops.model.promises import (
    POINTS,
    TIMES,
    Benefit,
    Demand,
    Measure,
    MemberTest,
    Policy,
    Schedule,
    Suggestion,
    Verdict,
)
from tierops.model.values import Value, compact, exact, rounded

__all__ = [
    "ID",
    "MEMBERS",
    "POINTS",
    "TIMES",
    "UNREADABLE",
    "Abilities",
    "Amount",
    "Benefit",
    "Change",
    "Demand",
    "Edit",
    "Fate",
    "FieldChange",
    "History",
    "Identity",
    "Impact",
    "Kind",
    "Live",
    "LiveTier",
    "Measure",
    "MemberTest",
    "Move",
    "Origin",
    "Outcome",
    "Outlook",
    "Place",
    "Plan",
    "Policy",
    "Position",
    "Problem",
    "Program",
    "Range",
    "Request",
    "Result",
    "Scale",
    "Schedule",
    "Severity",
    "Signature",
    "Standing",
    "Suggestion",
    "Target",
    "TargetPlan",
    "Tier",
    "Value",
    "Verdict",
    "Waiver",
    "compact",
    "digits",
    "exact",
    "rounded",
]
