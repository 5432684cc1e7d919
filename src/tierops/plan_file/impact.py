"""Who moves, as JSON values; the keys of it are in `schemas/plan.schema.json`. null stands for no tier."""

from __future__ import annotations

from collections.abc import Sequence

from tierops.model import Impact, Move, Outlook, Standing, Value


def impact_data(impact: Impact) -> dict[str, Value]:
    """An impact as JSON values. A number that is kept back is null."""
    after = impact.after
    return {
        "source": impact.source,
        "against": impact.against or None,
        "members": impact.members,
        "skipped": dict(impact.skipped),
        "before": dict(impact.before.tiers),
        "in_no_tier_before": impact.before.in_no_tier,
        "in_two_tiers_before": impact.before.in_two_tiers,
        **outlook_data(after),
        "desired": None if impact.desired is None else outlook_data(impact.desired),
        "near": {"margin": impact.margin, "members": impact.near},
        "between_whole_numbers": impact.between,
        "vendor_differs": impact.vendor_differs,
        "vendor_holds": None if impact.vendor is None else _moves(impact.vendor),
        "acts": impact.acts or None,
        "min_count": impact.min_count,
    }


def outlook_data(outlook: Outlook) -> dict[str, Value]:
    """A ladder that is to come, as JSON values."""
    standing: Standing = outlook.standing
    return {
        "after": dict(standing.tiers),
        "moves": _moves(outlook.moves),
        "upgrades": outlook.upgrades,
        "downgrades": outlook.downgrades,
        "joiners": outlook.joiners,
        "leavers": outlook.leavers,
        "in_no_tier": standing.in_no_tier,
        "in_two_tiers": standing.in_two_tiers,
    }


def _moves(moves: Sequence[Move]) -> Value:
    return [{"from": m.before, "to": m.after, "members": m.members, "steps": m.steps} for m in moves]
