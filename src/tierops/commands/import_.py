"""`tierops import` but for the terminal: which live ladders there are, what becomes of each, and where it goes."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tierops import importing
from tierops.config import files
from tierops.errors import TieropsError, UsageError
from tierops.host import disk
from tierops.model import Live

if TYPE_CHECKING:
    from tierops.commands.options import Import
    from tierops.config import Environment
    from tierops.providers.connection import Connection

_THREADS = 16  # as many as for the reads of a plan

Tell = Callable[[str], None]


class Found(NamedTuple):
    """What there is to print: a program for stdout, what its reader should know, and what could not be imported."""

    text: str = ""
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


class _Terms(NamedTuple):
    """With what every program is written."""

    connection: Connection
    today: date
    names: Mapping[str, str]

    def program(self, place: Mapping[str, str], live: Live, key: str) -> importing.Imported:
        return importing.program_text(
            self.connection.vendor,
            place,
            live,
            key=key,
            today=self.today,
            names=self.names,
        )


def run(
    wanted: Import, directory: Path, environment: Environment | None, connection: Connection, today: date, tell: Tell
) -> Found:
    """Read what is live and write the files: one ladder's where it is wanted, else all into `directory`.

    `tell` hears of the progress. Raises `TieropsError` where the one ladder cannot be had, and `UsageError`, with
    nothing written, for a file that is there already.
    """
    terms = _Terms(connection, today, _names(environment))
    if wanted.place is None:
        return _all(wanted, directory, terms, tell)
    return _one(wanted, wanted.place, directory, terms, tell)


def _one(wanted: Import, named: Mapping[str, str], directory: Path, terms: _Terms, tell: Tell) -> Found:
    _refuse_existing([wanted.out] if wanted.out else [], wanted)
    place = terms.connection.account.locate(named)
    live = terms.connection.fetch(terms.connection.vendor.place(place))
    # What goes to stdout may well be compared with the program that is there already: it keeps that one's key.
    taken = {key for key, path in _keys(directory) if path.absolute() != wanted.out.absolute()} if wanted.out else ()
    made = terms.program(place, live, wanted.key or _key(live, taken))
    if wanted.out is None:
        return Found(made.text, made.notes)
    _write({wanted.out: made.text}, tell)
    return Found("", made.notes)


def _all(wanted: Import, directory: Path, terms: _Terms, tell: Tell) -> Found:
    # The program of a file that this import overwrites, or must not overwrite, is not in its own way.
    taken = {key for key, path in _keys(directory) if path != directory / f"{key}.yaml"}
    texts: dict[Path, str] = {}
    notes: list[str] = []
    failures: list[str] = []
    for name, place, read in _reads(terms.connection, tell):
        try:
            live = read()
            if not live.tiers:
                notes.append(f"{live.identity.kind} {name!r} has no tiers: no file for it")
                continue
            key = _key(live, taken)
            made = terms.program(place, live, key)
        except TieropsError as error:
            failures.append(f"{name!r}: {error}")
            continue
        taken.add(key)
        texts[directory / f"{key}.yaml"] = made.text
        notes += made.notes
    _refuse_existing(texts, wanted)
    _write(texts, tell)
    if not texts and not failures:
        notes.append(f"nothing to import from {terms.connection.vendor.title}")
    return Found("", tuple(notes), tuple(failures))


def _reads(connection: Connection, tell: Tell) -> Iterator[tuple[str, Mapping[str, str], Callable[[], Live]]]:
    """Name, place and read of every ladder. They are read side by side and given in order; a read may raise."""
    places = connection.account.discover()
    pool = ThreadPoolExecutor(_THREADS)
    try:
        reads = [pool.submit(connection.fetch, connection.vendor.place(place)) for place in places]
        for number, (place, read) in enumerate(zip(places, reads, strict=True), start=1):
            name = next(iter(place.values()))
            tell(f"reading {number} of {len(places)}: {name}")
            yield name, place, read.result
    finally:
        pool.shutdown(cancel_futures=True)


def _key(live: Live, taken: Collection[str]) -> str:
    return importing.key_for(live.identity.name, taken, live.identity.id)


def _names(environment: Environment | None) -> dict[str, str]:
    """Text → name of the first value that is that text."""
    names: dict[str, str] = {}
    for name, value in (environment.values if environment else {}).items():
        if isinstance(value, str):
            names.setdefault(value, name)
    return names


def _keys(directory: Path) -> Iterator[tuple[str, Path]]:
    """The key of every program below the folder, in whatever state its file is otherwise."""
    with suppress(TieropsError):  # no folder, or nothing in it
        for path in files.programs(directory):
            for document in files.read(path)[0]:
                if isinstance(document.data, dict) and isinstance(key := document.data.get("program"), str):
                    yield key, path


def _refuse_existing(paths: Iterable[Path], wanted: Import) -> None:
    existing = [str(path) for path in paths if os.path.lexists(path)]
    if existing and not wanted.is_forced:
        raise UsageError(f"already there: {', '.join(existing)}; --force overwrites, nothing was written")


def _write(texts: Mapping[Path, str], tell: Tell) -> None:
    for path, text in texts.items():
        disk.make_folder(path.parent)
        disk.save(path, text, disk.ORDINARY)
        tell(f"wrote {path}")
