"""Which targets a command is for: `--program` and `--target`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple, TypeVar

from tierops.errors import BadInput, UsageError
from tierops.model import Target, TargetPlan
from tierops.pipeline import Files

_Named = TypeVar("_Named", Target, TargetPlan)


class Selection(NamedTuple):
    """Names or shell patterns: of programs, and of targets by their addresses; none are all. Both must fit."""

    programs: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    def of_files(self, files: Files) -> tuple[Target, ...]:
        """The targets of the files. Raises `BadInput` where any file has an error, and as `of` does."""
        if files.errors:
            raise BadInput(files.problems)
        return self.of(tuple(target for program in files.programs for target in program.targets))

    def of(self, targets: Sequence[_Named]) -> tuple[_Named, ...]:
        """Those of the targets that are meant. Raises `UsageError` where a pattern matches nothing."""
        left = _matching(targets, self.programs, _program, "program")
        chosen = _matching(targets, self.addresses, lambda target: target.address, "target")
        both = tuple(target for target in left if target in chosen)
        if not both and targets:
            raise UsageError("no target is in one of the programs of --program and fits --target, too")
        return both


def _matching(
    targets: Sequence[_Named], patterns: Sequence[str], name: Callable[[_Named], str], option: str
) -> tuple[_Named, ...]:
    names = tuple(dict.fromkeys(map(name, targets)))
    for pattern in patterns:
        if not any(fnmatchcase(one, pattern) for one in names):
            raise UsageError(f"--{option} {pattern}: no such {option}{_near(pattern, names)}; there are: {_few(names)}")
    return tuple(t for t in targets if not patterns or any(fnmatchcase(name(t), pattern) for pattern in patterns))


def _near(pattern: str, names: Iterable[str]) -> str:
    from difflib import get_close_matches  # which no run needs that goes well

    near = get_close_matches(pattern, names, 1)
    return f"; did you mean {near[0]}" if near else ""


def _few(names: Sequence[str], most: int = 20) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def _program(target: Target | TargetPlan) -> str:
    return target.program if isinstance(target, Target) else target.target.program
