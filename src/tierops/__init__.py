"""Loyalty tiers as code: validate, plan and apply loyalty ladders kept in git."""

__version__ = "0.1.0"
