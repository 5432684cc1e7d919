"""The data that tierops brings along: schemas and sample ladders."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def folder(name: str) -> Path:
    """`schemas` or `tiers`: inside the package in an installed wheel, at the top of a checkout otherwise."""
    inside = _HERE / name
    return inside if inside.is_dir() else _HERE.parents[1] / name
