"""`tierops import`: program files from what is live. Which ladders there are, what becomes of each, where it goes."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from tierops import importing, pipeline
from tierops.commands import options
from tierops.commands.session import Session
from tierops.config import Environment, files
from tierops.errors import Exit, TieropsError, UsageError
from tierops.host import disk, threads
from tierops.model import Live

if TYPE_CHECKING:
    from tierops.providers.connection import Connection
    from tierops.providers.vendor import Vendor

Tell = Callable[[str], None]


class Wanted(NamedTuple):
    """What is asked for: the ladder at `place`, to `out` or stdout; every ladder where it is None."""

    place: Mapping[str, str] | None
    key: str | None = None
    out: Path | None = None
    is_forced: bool = False


class Output(NamedTuple):
    """What there is to print: a program for stdout, what its reader should know, and what could not be imported."""

    text: str = ""
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


@click.command("import")
@click.argument("vendor", type=options.VENDOR)
@options.place(has_homes_only=True, hidden=True)
@click.option("--all", "is_all", is_flag=True, help="Every ladder, into a file each below --dir.")
@click.option("--program", metavar="KEY", callback=options.key, help="Key of the program; by default from the name.")
@click.option("--out", type=options.FILE, metavar="FILE", help="Write to this file.")
@click.option("--force", is_flag=True, help="Overwrite files.")
@options.max_wait
@options.shared
@click.pass_obj
def import_(
    session: Session, /, vendor: Vendor, at: tuple[tuple[str, str], ...], is_all: bool, program: str | None,
    out: Path | None, force: bool, max_wait: float, **parts: str | None,
) -> Exit:  # fmt: skip
    """Write program files from what is live; a plan of them is empty.

    One ladder goes to stdout or --out, --all of a vendor's go into a file each. Sends GET requests only.
    """
    place = _place(vendor, options.named(at, parts), is_all=is_all)
    if is_all and (program or out):
        raise click.UsageError("--all names keys and files by itself: no --program and no --out with it")
    chosen, console = session.chosen, session.console
    environment = pipeline.read_environment(chosen.directory, chosen.environment)
    today = datetime.now(UTC).date()
    with session.connections([vendor.name], environment.urls, max_wait, is_read_only=True) as connections:
        wanted = Wanted(place, program, out, force)
        output = run(wanted, chosen.directory, environment, connections[vendor.name], today, console.progress)
    for note in output.notes:
        console.note(f"note: {note}")
    console.page(output.text)
    if output.failures:
        console.error("not imported:", output.failures)
        return Exit.FAILED
    return Exit.DONE


def _place(vendor: Vendor, named: Mapping[str, str], *, is_all: bool) -> Mapping[str, str] | None:
    """The place that a command line names, None for all. Raises `click.UsageError` unless it does either."""
    homes = [part.name for part in vendor.parts if part.is_home]
    asked = " ".join(f"--at {name}=…" for name in homes)
    known = {part.name for part in vendor.parts}
    if wrong := [name for name in named if name not in known]:
        raise click.UsageError(f"{vendor.title} has no {wrong[0]}: give {asked} or --all")
    if is_all == bool(named) or not (is_all or named.keys() >= set(homes)):
        raise click.UsageError(f"give either {asked} or --all")
    return named or None


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
    wanted: Wanted, directory: Path, environment: Environment, connection: Connection, today: date, tell: Tell
) -> Output:
    """Read what is live and write the files: one ladder's where it is wanted, else all into `directory`.

    `tell` hears of the progress. Raises `TieropsError` where the one ladder cannot be had, and `UsageError`, with
    nothing written, for a file that is there already.
    """
    terms = _Terms(connection, today, _names(environment))
    if wanted.place is None:
        return _all(wanted, directory, terms, tell)
    return _one(wanted, wanted.place, directory, terms, tell)


def _one(wanted: Wanted, named: Mapping[str, str], directory: Path, terms: _Terms, tell: Tell) -> Output:
    _refuse_existing([wanted.out] if wanted.out else [], wanted)
    place = _located(terms.connection, named)
    live = terms.connection.fetch(terms.connection.vendor.place(place))
    # What goes to stdout may well be compared with the program that is there already: it keeps that one's key.
    taken = {key for key, path in _keys(directory) if path.absolute() != wanted.out.absolute()} if wanted.out else ()
    made = terms.program(place, live, wanted.key or _key(live, taken))
    if wanted.out is None:
        return Output(made.text, made.notes)
    _write({wanted.out: made.text}, tell)
    return Output("", made.notes)


def _located(connection: Connection, named: Mapping[str, str]) -> Mapping[str, str]:
    """The whole place. Raises `TieropsError` where anything but its name is otherwise than said."""
    homes = {part.name for part in connection.vendor.parts if part.is_home}
    place = connection.locate({name: value for name, value in named.items() if name in homes})
    for name in named.keys() - homes:
        if place[name] != named[name]:
            raise TieropsError(f"{name} is {place[name]!r} there, not {named[name]!r}")
    return place


def _all(wanted: Wanted, directory: Path, terms: _Terms, tell: Tell) -> Output:
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
    return Output("", tuple(notes), tuple(failures))


def _reads(connection: Connection, tell: Tell) -> Iterator[tuple[str, Mapping[str, str], Callable[[], Live]]]:
    """Name, place and read of every ladder. They are read side by side and given in order; a read may raise."""
    places = connection.discover()
    pool = ThreadPoolExecutor(threads.MOST)
    try:
        reads = [pool.submit(connection.fetch, connection.vendor.place(place)) for place in places]
        for number, (place, read) in enumerate(zip(places, reads, strict=True), start=1):
            name = next(iter(place.values()))
            tell(f"reading {number} of {len(places)}: {name}")
            yield name, place, read.result
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # after an interrupt nobody waits for them


def _key(live: Live, taken: Collection[str]) -> str:
    return importing.key_for(live.identity.name, taken, live.identity.id)


def _names(environment: Environment) -> dict[str, str]:
    """Text → name of the first value that is that text."""
    names: dict[str, str] = {}
    for name, value in environment.values.items():
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


def _refuse_existing(paths: Iterable[Path], wanted: Wanted) -> None:
    existing = [str(path) for path in paths if os.path.lexists(path)]
    if existing and not wanted.is_forced:
        raise UsageError(f"already there: {', '.join(existing)}; --force overwrites, nothing was written")


def _write(texts: Mapping[Path, str], tell: Tell) -> None:
    for path, text in texts.items():
        disk.make_folder(path.parent)
        disk.save(path, text, disk.ORDINARY)
        tell(f"wrote {path}")
