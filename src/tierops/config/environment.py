"""The environment file: where the vendors' APIs are, and the values that programs name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from tierops.config import files
from tierops.config.check import Gate
from tierops.config.marked import Document, Map, nearest
from tierops.errors import UsageError
from tierops.model import Problem

_BEGINS = "an environment begins with `version: 1` and `environment: {}`"

_NAME = re.compile("[a-z0-9][a-z0-9-]{0,62}")  # as the schema has it


class Environment(NamedTuple):
    """One environment. `urls`: provider → base URL, only where the file says one.

    `values`: name → value; a `Map`, which knows their places, where there are some.
    """

    name: str
    urls: Mapping[str, str]
    values: Mapping[str, str | int | Decimal]


NO_ENVIRONMENT = Environment("", {}, {})
"""Where none is chosen."""


def names(directory: Path) -> tuple[str, ...]:
    """The environments that there are, sorted. Raises `TieropsError` for a folder that cannot be read."""
    return tuple(files.environments(directory))


def choose(directory: Path, name: str | None) -> Path | None:
    """The file of the environment `name`, None where there are no environments and none is asked for.

    Raises `UsageError` where one is asked for that is not there, or there are some and none is asked for.
    """
    known = files.environments(directory)
    names = ", ".join(known)
    if name is None:
        if known:
            raise UsageError(f"which environment? Name one with `--env` or TIEROPS_ENV; there are: {names}")
        return None
    if not known:
        raise UsageError(
            f"there is no environment {name!r}: {directory / files.ENVIRONMENTS} holds no environment files"
        )
    if name not in known:
        deep = [path for path in files.misplaced(directory) if path.stem == name]
        hint = f"; {deep[0]} lies too deep" if deep else nearest(name, known)
        raise UsageError(f"there is no environment {name!r}{hint} (there are: {names})")
    if len(known[name]) > 1:
        raise UsageError(f"the environment {name!r} has two files: {' and '.join(map(str, known[name]))}; remove one")
    return known[name][0]


def looks_like_one(document: Document) -> bool:
    """Whether a document is meant for an environment, wherever it lies."""
    return isinstance(document.data, Map) and "environment" in document.data and "program" not in document.data


def read(
    path: Path, gate: Gate | None = None, content: bytes | None = None
) -> tuple[Environment | None, list[Problem]]:
    """The environment in the file `path`, and every finding about it; None where there are findings.

    `content` is what a stream held, which has no name of its own.
    """
    gate = gate or Gate()
    documents, problems = files.read(path, _BEGINS.format(path.stem), content=content)
    for document in documents[1:]:
        problems.append(Problem("schema", "an environment file holds one document only", document.at))
    unreadable = {problem.at for problem in problems}
    for document in documents[:1]:
        findings = gate.check(document, "environment") or ([] if content is not None else _misnamed(document, path))
        problems += [finding for finding in findings if finding.at not in unreadable]
    return (None if problems else _build(documents[0])), sorted(problems, key=lambda problem: problem.at)


def _misnamed(document: Document, path: Path) -> list[Problem]:
    if document.data["environment"] == path.stem:
        return []
    name = document.data["environment"]
    if _NAME.fullmatch(path.stem):
        message = f"`environment` must be {path.stem!r}, as the file is named, or rename the file to {name}.yaml"
    else:  # no environment can be called so
        message = f"the file of the environment {name!r} is named {path.name!r}; rename it to {name}.yaml"
    return [Problem("schema", message, document.locate(["environment"]))]


def _build(document: Document) -> Environment:
    urls = {provider: block["url"] for provider, block in document.data.get("providers", {}).items()}
    return Environment(document.data["environment"], urls, document.data.get("values", {}))
