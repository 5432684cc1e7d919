"""`tierops import`: program files from what is live. Which ladders there are, what becomes of each, where it goes."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from tierops import importing, pipeline
from tierops.commands import ladders, options, places, scaffold
from tierops.commands.ladders import Filed
from tierops.commands.session import Session
from tierops.config import Environment, files
from tierops.errors import Exit, TieropsError, UsageError
from tierops.host import disk
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
@click.argument("vendor", type=places.VENDOR)
@places.place(has_homes_only=True, hidden=True)
@click.option("--all", "is_all", is_flag=True, help="Every ladder that no file targets, into a file each below --dir.")
@click.option("--program", metavar="KEY", callback=options.key, help="Key of the program; by default from the name.")
@click.option("--out", type=options.FILE, metavar="FILE", help="Write to this file.")
@click.option("--force", is_flag=True, help="Overwrite FILE; with --all, files that hold such a ladder only.")
@options.max_wait
@options.shared
@click.pass_obj
def import_(
    session: Session, /, vendor: Vendor, at: tuple[tuple[str, str], ...], is_all: bool, program: str | None,
    out: Path | None, force: bool, max_wait: float, **parts: str | None,
) -> Exit:  # fmt: skip
    """Write program files from what is live; a plan of them is empty.

    One ladder goes to stdout or --out, --all of a vendor's go into a file each. What a file targets already is kept.
    Sends GET requests only.
    """
    place = _place(vendor, places.named(at, parts), is_all=is_all)
    if is_all and (program or out):
        raise click.UsageError("--all names keys and files by itself: no --program and no --out with it")
    chosen, console = session.chosen, session.console
    environment = pipeline.read_environment(chosen.directories, chosen.environment)
    today = chosen.today
    with session.connections([vendor.name], environment.urls, max_wait, is_read_only=True) as connections:
        wanted = Wanted(place, program, out, force)
        output = run(wanted, chosen.directories, environment, connections[vendor.name], today, console.progress)
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
    """With what every program is written. `filed` are the programs that there are already."""

    connection: Connection
    directory: Path
    environment: Environment
    today: date
    filed: Sequence[Filed]

    def program(self, place: Mapping[str, str], live: Live, key: str, path: Path | None) -> importing.Imported:
        """The text of the file `path`; for stdout it is as if it were to lie beside the others."""
        return importing.program_text(
            self.connection.vendor,
            place,
            live,
            key=key,
            today=self.today,
            names=_names(self.environment),
            schema=scaffold.schema_for(path or self.directory / "stdout", self.directory),
        )

    def own_key(self, live: Live, taken: Collection[str]) -> str:
        """A key that is not taken; where another vendor's ladder has the name, with this vendor's in it."""
        name, id_ = live.identity.name, live.identity.id
        key, plain = importing.key_for(name, taken, id_), importing.key_for(name, (), id_)
        if key != plain and any(program.key == plain and not program.homes for program in self.filed):
            return importing.key_for(f"{plain}-{self.connection.vendor.name}", taken)
        return key


def run(
    wanted: Wanted,
    directories: Sequence[Path],
    environment: Environment,
    connection: Connection,
    today: date,
    tell: Tell,
) -> Output:
    """Read what is live and write the files: one ladder's where it is wanted, else all into the first folder.

    `tell` hears of the progress. Raises `TieropsError` where the one ladder cannot be had, and `UsageError`, with
    nothing written, for a file that is there already.
    """
    filed = ladders.filed(directories, connection.vendor, environment)
    terms = _Terms(connection, directories[0], environment, today, filed)
    if wanted.place is None:
        return _all(wanted, terms, tell)
    return _one(wanted, wanted.place, terms, tell)


def _one(wanted: Wanted, named: Mapping[str, str], terms: _Terms, tell: Tell) -> Output:
    others = [program for program in terms.filed if not wanted.out or not _same(program.path, wanted.out)]
    if wanted.out and not wanted.is_forced:
        _refuse_existing(wanted.out, [program for program in terms.filed if program not in others])
    block = _located(terms.connection, named)
    place = terms.connection.vendor.place(block)
    live = terms.connection.fetch(place)
    # What goes to stdout may well be compared with the program that is there already: it keeps that one's key.
    taken = {program.key for program in others} if wanted.out else ()
    made = terms.program(block, live, wanted.key or terms.own_key(live, taken), wanted.out)
    if wanted.out is None:
        return Output(made.text, made.notes)
    disk.make_folder(wanted.out.parent)
    disk.save(wanted.out, made.text, disk.ORDINARY)
    tell(f"wrote {wanted.out}")
    notes = [
        f"{program.path} targets {place.noun} {place.name!r}, too: keep one of the two"
        for program in ladders.owners(others, place.home, live)
    ]
    return Output("", (*made.notes, *notes, *_unread(wanted.out, terms.directory), *_samples(others, {wanted.out})))


def _located(connection: Connection, named: Mapping[str, str]) -> Mapping[str, str]:
    """The whole place. Raises `TieropsError` where anything but its name is otherwise than said."""
    homes = {part.name for part in connection.vendor.parts if part.is_home}
    place = connection.locate({name: value for name, value in named.items() if name in homes})
    for name in named.keys() - homes:
        if place[name] != named[name]:
            raise TieropsError(f"{name} is {place[name]!r} there, not {named[name]!r}")
    return place


def _all(wanted: Wanted, terms: _Terms, tell: Tell) -> Output:
    taken = {program.key for program in terms.filed} | ladders.stems(terms.directory)
    files_made: dict[Path, tuple[str, str]] = {}
    notes: list[str] = []
    failures: list[str] = []
    has_ladders = False
    for ladder in ladders.every(terms.connection, tell):
        has_ladders = True
        try:
            live = ladder.read()
            what = f"{live.identity.kind} {ladder.name!r}"
            if not live.tiers:
                notes.append(f"{what} has no tiers: no file for it")
                continue
            owners = ladders.owners(terms.filed, ladder.home, live)
            if kept := [program for program in owners if not _is_replaced(program, wanted)]:
                tell(f"kept {kept[0].path}: {what} is a target of {kept[0].key}")
                continue
            key = owners[0].key if owners else terms.own_key(live, taken)
            path = owners[0].path if owners else terms.directory / files.name_for(key)
            made = terms.program(ladder.place, live, key, path)
        except TieropsError as error:
            failures.append(f"{ladder.name!r}: {error}")
            continue
        taken.add(key)
        files_made[path] = made.text, what
        notes += made.notes
    for path, (text, what) in files_made.items():
        disk.make_folder(path.parent)
        disk.save(path, text, disk.ORDINARY)
        tell(f"wrote {path}: {what}")
    if not has_ladders:
        notes.append(f"nothing to import from {terms.connection.vendor.title}")
    return Output("", (*notes, *_samples(terms.filed, set(files_made))), tuple(failures))


def _is_replaced(program: Filed, wanted: Wanted) -> bool:
    """Whether a file may be written anew: nobody has written in it yet, or that is what was asked for."""
    return program.is_sample or (wanted.is_forced and program.is_alone)


def _samples(programs: Sequence[Filed], written: Collection[Path]) -> Iterator[str]:
    for program in programs:
        if program.is_sample and program.path not in written:
            yield f"{program.path} is still what init wrote, with made-up tiers: remove it, or put yours in it"


def _unread(path: Path, directory: Path) -> Iterator[str]:
    """A sentence where a file among the programs is none that a command reads."""
    if directory.resolve() not in path.resolve().parents:
        return
    with suppress(TieropsError):  # there is no program at all
        if any(program.samefile(path) for program in files.programs(directory)):
            return
    which = f"end in .yaml or .yml, lie outside of {files.ENVIRONMENTS}, and are not called {files.POLICY}"
    yield f"{path} is not read as a program: those {which}"


def _names(environment: Environment) -> dict[str, str]:
    """Text → name of the first value that is that text."""
    names: dict[str, str] = {}
    for name, value in environment.values.items():
        if isinstance(value, str):
            names.setdefault(value, name)
    return names


def _same(one: Path, other: Path) -> bool:
    return one.absolute() == other.absolute()


def _refuse_existing(path: Path, programs: Sequence[Filed]) -> None:
    """Raise `UsageError` for a file that is there, unless it is what init wrote. `programs` are those in it."""
    if os.path.lexists(path) and not any(program.is_sample for program in programs):
        held = f" (it holds {', '.join(program.key for program in programs)})" if programs else ""
        raise UsageError(f"already there: {path}{held}; --force overwrites, nothing was written")
