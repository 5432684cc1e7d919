"""Several folders of programs that are one project: read one by one, and checked together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tierops.config import environment as environments
from tierops.config import files
from tierops.config.environment import Environment
from tierops.config.load import Loaded, load
from tierops.errors import TieropsError, UsageError
from tierops.host.progress import UNWATCHED, Watch
from tierops.model import Position, Problem

if TYPE_CHECKING:
    from tierops.model import Policy


def load_all(
    directories: Sequence[Path],
    *,
    environment: str | None = None,
    paths: Sequence[Path] = (),
    contents: Mapping[Path, bytes] | None = None,
    today: date | None = None,
    watch: Watch = UNWATCHED,
) -> Loaded:
    """What `load` gives of each folder, as one. A path is read as one of the folder in which it lies.

    Raises as `load` does, and `TieropsError` where two folders say of one environment what cannot both be.
    """
    contents = files.streams(paths) if contents is None else contents
    options: dict[str, Any] = {"contents": contents, "today": today, "watch": watch}
    if len(directories) == 1:
        return load(directories[0], environment=environment, paths=paths, **options)
    _must_be_somewhere(directories, environment)
    loads = []
    for directory, own in _by_folder(directories, paths).items():
        if own or not paths:
            name = environment if files.environments(directory) else None
            loads.append(load(directory, environment=name, paths=own, **options))
    policy, problems = _one_policy(loads)
    return Loaded(
        tuple(program for one in loads for program in one.programs),
        (*(problem for one in loads for problem in one.problems), *problems),
        merged([one.environment for one in loads if one.environment]),
        tuple(program for one in loads for program in one.broken),
        tuple(path for one in loads for path in one.unchecked),
        policy,
    )


def choose(directories: Sequence[Path], name: str | None) -> list[Path]:
    """The files of the environment `name` in these folders. Raises as `environments.choose` does for one of them."""
    _must_be_somewhere(directories, name)
    owners = [one for one in directories if files.environments(one)] or directories[:1]
    return [path for one in owners if (path := environments.choose(one, name)) is not None]


def names(directories: Sequence[Path]) -> tuple[str, ...]:
    """The environments that there are in any of the folders, sorted."""
    return tuple(sorted({name for directory in directories for name in environments.names(directory)}))


def merged(found: Sequence[Environment]) -> Environment | None:
    """One environment of the files of its name. Raises `TieropsError` where they contradict each other."""
    if not found:
        return None
    urls: dict[str, str] = {}
    for one in found:
        for vendor, url in one.urls.items():
            if urls.setdefault(vendor, url) != url:
                raise TieropsError(f"two folders say other addresses of {vendor} in the environment {one.name!r}")
    return Environment(found[0].name, urls, {name: value for one in found for name, value in one.values.items()})


def _must_be_somewhere(directories: Sequence[Path], environment: str | None) -> None:
    if environment is not None and not any(map(files.environments, directories)):
        folders = " and ".join(str(directory / files.ENVIRONMENTS) for directory in directories)
        raise UsageError(f"there is no environment {environment!r}: {folders} hold no environment files")


def _by_folder(directories: Sequence[Path], paths: Sequence[Path]) -> Mapping[Path, list[Path]]:
    own: dict[Path, list[Path]] = {directory: [] for directory in directories}
    for path in paths:
        own[next((one for one in directories if files.lies_in(path, one)), directories[0])].append(path)
    return own


def _one_policy(loads: Sequence[Loaded]) -> tuple[Policy | None, list[Problem]]:
    policies = [one.policy for one in loads if one.policy is not None]
    if len(policies) < 2:
        return (policies[0] if policies else None), []
    places = [policy.demands[0].at if policy.demands else Position("policy.yaml", 1, 1) for policy in policies]
    message = f"there is a policy already, in {places[0].file}; a project has one"
    return None, [Problem("schema", message, Position(at.file, 1, 1)) for at in places[1:]]
