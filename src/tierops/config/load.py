"""From a folder of YAML files to programs: find, read, check, fill in, check again, build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from tierops.config import bones, files, program, values
from tierops.config import environment as environments
from tierops.config.check import Gate
from tierops.config.environment import Environment
from tierops.config.marked import Document, Map
from tierops.host.progress import UNWATCHED, Watch
from tierops.model import Policy, Position, Problem, Program

# Of one file. Who has more of them has a reason that shows in these; telling a hundred thousand takes minutes.
_MOST_FINDINGS = 1000


class Loaded(NamedTuple):
    """What the files hold. `problems` are all findings, in the order of the files; `programs` are those without any.

    `environment` is None where none is chosen, or its file has problems. `broken` are programs with findings whose
    ladders can be held against the rules all the same; `unchecked` are the files with others, of which they cannot.
    `policy` is None where there is none, or it has findings.
    """

    programs: tuple[Program, ...]
    problems: tuple[Problem, ...]
    environment: Environment | None
    broken: tuple[Program, ...] = ()
    unchecked: tuple[str, ...] = ()
    policy: Policy | None = None

    @property
    def has_promises(self) -> bool:
        """True where there is a policy, or some program says who is where."""
        return self.policy is not None or any(target.tests for one in self.programs for target in one.targets)


class _Terms(NamedTuple):
    """Under what a program is read. `values` is None where they are not to be had: their file has problems itself."""

    directory: Path
    environment: str | None
    values: Mapping[str, values.Filling] | None
    today: str
    gate: Gate


def load(
    directory: Path,
    *,
    environment: str | None = None,
    paths: Sequence[Path] = (),
    contents: Mapping[Path, bytes] | None = None,
    full_check: bool = False,
    today: date | None = None,
    watch: Watch = UNWATCHED,
) -> Loaded:
    """Read the programs below `directory`, or only the files and folders of `paths`.

    `environment` names the one to fill values from. `full_check` asks jsonschema about every document, for
    the tests of a vendor's schema: it must accept what jsonschema-rs accepts.
    `today` (in UTC by default) decides which waivers still hold. Content never raises, it ends in `problems`.
    Raises `TieropsError` for a folder or path that is not there or holds no files, and for a vendor whose package
    cannot be used; `UsageError` for an environment that is not there, or that is not named where there are some.
    `contents` is what was read from those `paths` that can be read only once; without it, that is done here.
    `watch` is told of the files that were read.
    """
    contents = files.streams(paths) if contents is None else contents
    by_kind = _by_kind(directory, paths, contents)
    program_files = by_kind["program"]
    chosen = environments.choose(directory, environment) if program_files or environment is not None else None
    gate = Gate(full_check=full_check)
    filled_from: Environment | None = None
    problems: list[Problem] = []
    if chosen is not None:
        filled_from, problems = environments.read(chosen, gate)
    for path in by_kind["environment"]:
        problems += environments.read(path, gate, contents.get(path))[1] if path != chosen else []
    problems += [_misplaced(Position(str(path), 1, 1), directory) for path in by_kind["misplaced"]]
    policy, findings = _policy(directory, by_kind["policy"], contents, gate)
    problems += findings
    day = today or datetime.now(UTC).date()
    known = filled_from.values if filled_from else {} if chosen is None else None
    terms = _Terms(directory, environment, known, day.isoformat(), gate)
    programs: list[Program] = []
    broken: list[Program] = []
    unchecked: list[str] = []
    for path in watch.through("reading files", program_files):
        read = _read(path, contents.get(path), terms)
        programs += read.programs
        problems += read.problems
        broken += read.broken
        unchecked += [str(path)] if read.is_unchecked else []
    return Loaded(tuple(programs), tuple(problems), filled_from, tuple(broken), tuple(unchecked), policy)


def _by_kind(
    directory: Path, paths: Sequence[Path], contents: Mapping[Path, bytes]
) -> Mapping[files.Kind, Sequence[Path]]:
    """The files to read. Of the environments, those that `paths` name; what a stream holds, it says itself."""
    if not paths:
        found: dict[files.Kind, list[Path]] = {"program": files.programs(directory)}
        return {**found, "environment": [], "policy": [], "misplaced": files.misplaced(directory)}
    by_kind: dict[files.Kind, list[Path]] = {"program": [], "environment": [], "policy": [], "misplaced": []}
    for path in files.named(paths, directory, contents):
        if path not in contents:
            by_kind[files.kind(path, directory)].append(path)
        else:
            by_kind[_kind(files.read(path, content=contents[path])[0])].append(path)
    return by_kind


def _kind(documents: Sequence[Document]) -> files.Kind:
    """What a stream holds, which has no name that would say it."""
    if any(map(environments.looks_like_one, documents)):
        return "environment"
    return "policy" if any(map(_is_policy, documents)) else "program"


def _is_policy(document: Document) -> bool:
    """Whether a document is meant for a policy, wherever it lies."""
    return isinstance(document.data, Map) and "rules" in document.data and "program" not in document.data


def _policy(
    directory: Path, named: Sequence[Path], contents: Mapping[Path, bytes], gate: Gate
) -> tuple[Policy | None, list[Problem]]:
    """The policy of the folder, which holds for whatever is read, and what is found in it and in others of `named`."""
    own = files.policies(directory)
    problems: list[Problem] = []
    found: list[Policy | None] = []
    for path in dict.fromkeys((*own, *named)):
        from tierops.config import policy  # few projects have one

        one, findings = policy.read(path, gate, contents.get(path))
        problems += findings
        if path in own:
            found.append(one)
    for path in own[1:]:
        message = f"there is a policy already, in {own[0]}; a project has one"
        problems.append(Problem("schema", message, Position(str(path), 1, 1)))
    return (found[0] if found and not problems else None), problems


def _misplaced(at: Position, directory: Path) -> Problem:
    folder = directory / files.ENVIRONMENTS
    return Problem("schema", f"an environment lies in {folder} itself, where it is looked for; move this one there", at)


class _Read(NamedTuple):
    """What one file holds: sound programs, findings, programs with findings, and whether there is more in it."""

    programs: Sequence[Program]
    problems: Sequence[Problem]
    broken: Sequence[Program]
    is_unchecked: bool


def _read(path: Path, content: bytes | None, terms: _Terms) -> _Read:
    """The programs of one file, and every finding in it; what YAML already objects to is not said again."""
    documents, problems = files.read(path, content=content)
    unreadable = {problem.at for problem in problems}
    is_unchecked = bool(problems)
    programs: list[Program] = []
    broken: list[Program] = []
    for document in documents:
        if len(problems) > _MOST_FINDINGS:
            break
        built, findings = _program(document, terms)
        problems += [finding for finding in findings if finding.at not in unreadable]
        if built is not None:
            (broken if findings or unreadable else programs).append(built)
        is_unchecked = is_unchecked or built is None
    problems.sort(key=lambda problem: problem.at)
    if len(problems) > _MOST_FINDINGS:
        at = problems[_MOST_FINDINGS].at
        problems[_MOST_FINDINGS:] = [
            Problem("schema", f"more than {_MOST_FINDINGS:,} findings; the rest is not told", at)
        ]
    return _Read(programs, problems, broken, is_unchecked)


def _program(document: Document, terms: _Terms) -> tuple[Program | None, list[Problem]]:
    """The program, and every finding. With findings it is what can be held against the rules; None is nothing."""
    if environments.looks_like_one(document):
        return None, [_misplaced(document.at, terms.directory)]
    if _is_policy(document):
        message = f"a policy is the file {terms.directory / files.POLICY}.yaml; move this one there"
        return None, [Problem("schema", message, document.at)]
    problems = terms.gate.check(document, "program")
    if values.holds_placeholder(document.data):
        if terms.values is None:
            return None, problems
        document, unfilled = values.fill(document, terms.values, terms.environment)
        # A placeholder that could not be filled is no number either; saying that too would help nobody.
        for findings in (unfilled, terms.gate.check(document, "program", is_filled=True)):
            said = {problem.at for problem in problems}
            problems += [finding for finding in findings if finding.at not in said]
    if not problems:
        built, problems = program.build(document.data, terms.today)
        if not problems:
            return built, []
    return bones.ladders(document, terms.gate, terms.today), problems
