"""The gate: a document either is what its schema says, or every reason why not comes out with its place.

The models decide. jsonschema costs more time to import than a whole plan takes, so it is called for
explanations only, or where the schema itself shall be asked (`validate`).
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ValidationError

from tierops.config import models
from tierops.config.marked import Document
from tierops.model import Problem

Kind = Literal["program", "environment"]

_MODELS: dict[Kind, type[BaseModel]] = {"program": models.ProgramFile, "environment": models.EnvironmentFile}


def check(document: Document, kind: Kind, *, is_filled: bool = False, full_check: bool = False) -> list[Problem]:
    """Every finding (rule `schema`) about one document; an empty list means that it passed.

    `is_filled` says that values stand where placeholders were, so none counts as a number any more.
    `full_check` asks jsonschema in any case; a document must then pass both.
    """
    rejection: ValidationError | None = None
    try:
        _MODELS[kind].model_validate(document.data, context=models.FILLED if is_filled else None)
    except ValidationError as error:
        rejection = error
    if rejection is None and not full_check:
        return []
    from tierops.config import explain

    problems = explain.problems(document, kind, is_filled)
    # Models that reject what the schema accepts are a mistake in tierops; such a document must not pass for it.
    return problems or (unexplained(rejection, document) if rejection else [])


def unexplained(rejection: ValidationError, document: Document) -> list[Problem]:
    """The models' own words about a document, for want of better ones."""
    found = []
    for error in rejection.errors(include_url=False, include_context=False, include_input=False):
        at = document.locate(error["loc"])
        path = ".".join(str(step) for step in error["loc"])
        found.append(Problem("schema", f"{path}: {error['msg']}", at))
    return found
