"""Strings in, strings out: exact JSON, visible text, redaction, wording."""
