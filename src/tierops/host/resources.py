"""The data that tierops brings along: schemas, sample ladders, and the pipelines that a repository can copy."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parents[1]

# Where a checkout has what does not lie under its own name at the top.
_IN_CHECKOUT = {"workflows": ".github/workflows", "gitlab": "docs"}


def folder(name: str) -> Path:
    """`schemas`, `tiers`, `workflows` or `gitlab`: inside the package in an installed wheel, in the checkout otherwise.

    In a checkout there is more in some of them than what is meant.
    """
    inside = _HERE / name
    return inside if inside.is_dir() else _HERE.parents[1] / _IN_CHECKOUT.get(name, name)
