"""The ladders that an account has, read side by side, and the programs of the files that target them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tierops.commands import scaffold
from tierops.config import Environment, files, values
from tierops.errors import TieropsError
from tierops.host import threads
from tierops.model import Live

if TYPE_CHECKING:
    from tierops.providers.connection import Connection
    from tierops.providers.vendor import Vendor

Home = tuple[str, ...]


class Filed(NamedTuple):
    """A program in a file, whatever state that is in otherwise.

    `homes` are those of its targets at one vendor. `is_alone` says that it is all that its file holds, and has one
    target only; `is_sample`, that nobody has changed the tiers that init wrote.
    """

    key: str
    path: Path
    homes: tuple[Home, ...]
    is_alone: bool
    is_sample: bool


def filed(directories: Sequence[Path], vendor: Vendor, environment: Environment) -> tuple[Filed, ...]:
    """The programs below the folders, as far as they can be read; their values are those of the environment."""
    paths: list[Path] = []
    for directory in directories:
        with suppress(TieropsError):  # no folder, or nothing in it
            paths += files.programs(directory)
    return tuple(program for path in paths for program in _programs(path, vendor, environment))


def _programs(path: Path, vendor: Vendor, environment: Environment) -> Iterator[Filed]:
    documents, problems = files.read(path)
    text = "" if problems else path.read_text(encoding="utf-8")
    for document in documents:
        data = values.fill(document, environment.values, environment.name)[0].data
        if isinstance(data, dict) and isinstance(key := data.get("program"), str):
            targets = data.get("targets")
            blocks = [target for target in targets if isinstance(target, dict)] if isinstance(targets, list) else []
            homes = tuple(home for block in blocks if (home := _home(block.get(vendor.name), vendor)))
            is_alone = len(documents) == len(blocks) == 1 and not problems
            yield Filed(key, path, homes, is_alone, scaffold.is_sample(text))


def _home(block: Any, vendor: Vendor) -> Home:
    """What names the ladder in a target's block; empty where it does not say."""
    names = [part.name for part in vendor.parts if part.is_home]
    if not isinstance(block, dict) or not all(isinstance(block.get(name), str) for name in names):
        return ()
    return tuple(block[name] for name in names)


class Ladder(NamedTuple):
    """A live ladder: its block as a target has it, what names it, and how to have it read; a read may raise."""

    place: Mapping[str, str]
    home: Home
    read: Callable[[], Live]

    @property
    def name(self) -> str:
        """The ladder, as a file would name it."""
        return " / ".join(self.home)


def every(connection: Connection, tell: Callable[[str], None]) -> Iterator[Ladder]:
    """Every ladder of the account, in order; they are read side by side. `tell` hears of the progress."""
    blocks = connection.discover()
    places = [connection.vendor.place(block) for block in blocks]
    connection.survey(places)
    pool = ThreadPoolExecutor(threads.MOST)
    try:
        reads = [pool.submit(connection.fetch, place) for place in places]
        for number, (block, place, read) in enumerate(zip(blocks, places, reads, strict=True), start=1):
            tell(f"reading {number} of {len(places)}: {place.name}")
            yield Ladder(block, place.home, read.result)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # after an interrupt nobody waits for them


def owners(programs: Sequence[Filed], home: Home, live: Live) -> tuple[Filed, ...]:
    """The programs that target this ladder. Where one word names it, that may be its id or its name."""
    names = {home} | ({(live.identity.id,), (live.identity.name,)} if len(home) == 1 else set())
    return targeting(programs, names)


def targeting(programs: Sequence[Filed], homes: AbstractSet[Home]) -> tuple[Filed, ...]:
    """The programs with a target at one of these."""
    return tuple(program for program in programs if not homes.isdisjoint(program.homes))


def targeted(path: Path) -> Iterator[str]:
    """The keys of the targets in a program file, in whatever state it is otherwise; those of vendors are among them."""
    for document in files.read(path)[0]:
        targets = document.data.get("targets") if isinstance(document.data, dict) else None
        for target in targets if isinstance(targets, list) else ():
            yield from target if isinstance(target, dict) else ()


def stems(directory: Path) -> set[str]:
    """The names of what lies in the folder, without their endings, in lower case; some disks know no other."""
    with suppress(OSError):
        return {path.stem.lower() for path in directory.iterdir()}
    return set()
