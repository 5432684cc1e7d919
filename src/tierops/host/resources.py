"""The data that tierops brings along from outside its package: schemas and sample ladders."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def folder(name: str) -> Path:
    """`schemas` or `tiers`: inside the package in an installed wheel, at the top of a checkout otherwise."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parents[1] / name
