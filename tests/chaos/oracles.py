"""What must hold after every step, told from what left the runs and what the vendors hold, not by what tierops thinks.

A broken promise is a sentence. Duplicates are judged apart, for some worlds allow one, but never a silent one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from chaos.places import Place, Shape, twice
from chaos.world import SETTLE, Asked, Run, World

from tierops.errors import Exit
from tierops.model import State

_CODES = {Exit.DONE, Exit.FAILED, Exit.REMAINING, Exit.REFUSED, Exit.PARTIAL, Exit.UNKNOWN}


class Look(NamedTuple):
    """One read of a whole list, over as many requests as it took. `rows` is its tiers as id and name."""

    asked: tuple[Asked, ...]
    rows: frozenset[tuple[str, str]]
    is_complete: bool

    @property
    def names(self) -> list[str]:
        return sorted(name for _, name in self.rows)

    def is_true(self, place: Place) -> bool:
        """Did the place hold just this at some moment of the look?"""
        return any(sorted(shape[0] for shape in one.truth[place]) == self.names for one in self.asked)


class Judge:
    """Watches one world. `broken` are the promises that were not kept, each with the number of its run."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.broken: list[str] = []
        self.false_successes = 0
        self.silent = 0
        self.reported = 0
        self.after = 0
        self.has_reason_to_refuse = False
        self._campaigns = {
            place: world.emulator.voucherify.campaign(place.name)["id"]
            for place in world.places
            if place.vendor == "voucherify"
        }
        self._known: set[tuple[Place, str]] = set()

    def step(self, *runs: Run) -> None:
        """Judge runs that went on at the same time and have ended."""
        duplicates = self._found()
        for run in runs:
            self._methods(run)
            for place in self.world.places:
                self._writes(run, place)
            self._code(run, runs)
        self._duplicates(runs, duplicates)
        self._known = duplicates

    def between(self) -> None:
        """Judge what has landed while no run was under way. The next run must report it."""
        new = self._found() - self._known
        self.after += len(new)
        self._known |= new
        if new and not self.world.writes_late:
            self.broken.append(f"{sorted(name for _, name in new)} landed late and exist twice")

    def _found(self) -> set[tuple[Place, str]]:
        return {(place, name) for place, held in self.world.stored().items() for name in twice(held)}

    def _break(self, run: Run, sentence: str) -> None:
        self.broken.append(f"run {self.world.runs.index(run) + 1}: {sentence}")

    def _methods(self, run: Run) -> None:
        for one in run.asked:
            is_create = one.method == "POST" and one.path.endswith("tiers")
            if one.method != "GET" and not is_create:
                self._break(run, f"sent {one.method} {one.path}")

    # What comes before a write.

    def _writes(self, run: Run, place: Place) -> None:
        """Each write follows a complete look, and after a lost answer two equal ones with a quiet period between."""
        confirmed: set[str] = set()
        before: Asked | None = None
        for write in self._posts(run, place):
            names, fate = _names_sent(write), "" if before is None else fate_of(before)
            looks = self._looks(run, place, write, before.end if fate == "lost" and before else 0.0)
            if confirmed & names:
                self._break(run, f"sent {sorted(confirmed & names)} again after they were confirmed")
            if fate == "refused":
                self._break(run, "sent again what the vendor had refused")
            if fate in {"", "lost"} and not (looks and looks[-1].is_complete):
                self._break(run, f"wrote to {place.name} after an incomplete look")
            elif fate in {"", "lost"} and self.world.is_consistent and not looks[-1].is_true(place):
                self._break(run, f"wrote to {place.name} after a look that showed {looks[-1].names}")
            if fate == "lost" and not _are_settled(looks):
                self._break(run, f"sent again to {place.name} before the list had settled")
            if fate_of(write) == "confirmed":
                confirmed |= names
            before = write

    def _posts(self, run: Run, place: Place) -> Iterator[Asked]:
        for one in run.asked:
            if one.method == "POST" and one.path.startswith(f"/{place.vendor}/"):
                is_here = (
                    self._campaigns[place] in one.path
                    if place.vendor == "voucherify"
                    else one.sent["groupName"] == place.name
                )
                if is_here:
                    yield one

    def _looks(self, run: Run, place: Place, write: Asked | None = None, since: float = 0.0) -> list[Look]:
        """The looks at a place; up to a write, if there is one."""
        asked = run.asked[: run.asked.index(write)] if write else run.asked
        mine = [one for one in asked if one.method == "GET" and one.start >= since]
        if place.vendor == "voucherify":
            return list(_voucherify_looks(mine, place, self._campaigns[place]))
        return list(_fanfare_looks([one for one in mine if one.address == place.target.address], place))

    # How a run ended.

    def _code(self, run: Run, runs: Sequence[Run]) -> None:
        if run.is_dead or run.is_plan:
            return
        if run.code not in _CODES:
            self._break(run, f"ended with {run.code!r}: {run.error}")
            return
        seen = {place: self._last(run, place) for place in self.world.places}
        moments = {
            place: [_is_as_wanted(place, one.truth) for one in look.asked] for place, look in seen.items() if look
        }
        equal = len(moments) == len(seen) and all(map(any, moments.values()))
        posts = [one for one in run.asked if one.method == "POST"]
        if run.code is Exit.DONE and not equal and not self._is_excused(run, runs):
            self.false_successes += 1
            self._break(run, "reported success, but live was not as wanted")
        if run.code is Exit.REMAINING and equal and all(map(all, moments.values())):
            self._break(run, "reported differences where there were none")
        if run.code in {Exit.FAILED, Exit.REFUSED} and any(one.made for one in posts):
            self._break(run, f"ended with {run.code} after it had written")
        if run.code is Exit.FAILED and any(one.status is None and not one.was_refused for one in posts):
            self._break(run, "said that nothing was written, though an answer was lost")
        if run.code is Exit.REFUSED and (posts or not (run.used_file and self._may_refuse())):
            self._break(run, f"refused its plan for no reason: {run.error}")
        for place, look in seen.items():
            for name in twice_named(look) if look else ():
                if not _is_loud(run, place, name):
                    self._break(run, f"saw {name} twice in {place.name} and ended with {run.code}")

    def _last(self, run: Run, place: Place) -> Look | None:
        """The last look at a place. The first list of Fanfare's audiences is shared by all its groups."""
        looks = self._looks(run, place)
        if not looks and place.vendor == "fanfare":
            addresses = dict.fromkeys(one.address for one in run.asked if one.path == "/fanfare/audiences")
            theirs = [[one for one in run.asked if one.address == address] for address in addresses]
            whole = [[look for look in _fanfare_looks(asked, place) if look.is_complete] for asked in theirs]
            looks = sorted((look for found in whole for look in found), key=lambda look: look.asked[-1].end)[:1]
        return looks[-1] if looks else None

    def _may_refuse(self) -> bool:
        """A list that lags may lack what the plan was made from."""
        return (
            self.has_reason_to_refuse
            or not self.world.is_consistent
            or bool(self._known)
            or any(map(twice, self.world.stored().values()))
        )

    def _is_excused(self, run: Run, runs: Sequence[Run]) -> bool:
        """Only duplicates that no list could show to this run are in its way, and they are no news or not its own.

        See `_is_hidden`.
        """
        found = self._found()
        others = [other for other in runs if other is not run]
        return bool(found) and all(self._is_hidden(run, place, name, others) for place, name in found)

    def _is_hidden(self, run: Run, place: Place, name: str, others: Sequence[Run]) -> bool:
        """A duplicate that a run need not report where lists lag.

        It was reported before; the run that met this one reports it, or was killed before it could; a write landed late
        besides; or the only answer that could name the run's own tier was lost, so that it took another one for it.
        """
        if self.world.is_consistent:
            return False
        is_told = any(other.is_dead or _is_loud(other, place, name) for other in others)
        fates = {fate_of(write) for write in self._posts(run, place)}
        has_no_id = "lost" in fates and "confirmed" not in fates
        return is_told or has_no_id or self.world.writes_late or (place, name) in self._known

    def _duplicates(self, runs: Sequence[Run], found: set[tuple[Place, str]]) -> None:
        ended = [run for run in runs if not run.is_dead and not run.is_plan]
        for place, name in sorted(found, key=repr):
            looked = [run for run in ended if self._was_there(run, place, name)]
            quiet = [run for run in looked if not _is_loud(run, place, name)]
            # Where lists lag, it is the one who wrote last that sees both.
            if any(not self._is_hidden(run, place, name, [o for o in runs if o is not run]) for run in quiet):
                self.silent += 1
                self._break(quiet[-1], f"{name} exists twice in {place.name}, and it does not say so")
            loud = [run for run in ended if _is_loud(run, place, name)]
            self.reported += bool(loud)
            if (place, name) in self._known:
                continue
            if not self.world.may_duplicate:
                self.broken.append(f"{name} exists twice in {place.name}")
            elif not loud and len(ended) == len(runs):
                self.after += 1
                if not looked and not self.world.writes_late:
                    self.broken.append(f"{name} was created twice in {place.name}, and nobody looked afterwards")

    def _was_there(self, run: Run, place: Place, name: str) -> bool:
        look = self._last(run, place)
        return look is not None and name in twice(look.asked[0].truth[place])


def fate_of(write: Asked) -> str:
    """What the answer to a create told: `confirmed`, `refused`, `free` to be sent again, or `lost`."""
    if write.was_refused or write.status == 429:
        return "free"
    if write.status is None or write.status >= 500:
        return "lost"
    if write.status >= 300:
        return "refused"
    rows = write.answer.get("audiences") if isinstance(write.answer, Mapping) else write.answer
    shown = {row["name"] for row in rows} if isinstance(rows, list) else set()
    return "confirmed" if shown == _names_sent(write) else "lost"


def twice_named(look: Look) -> list[str]:
    """The names that a list showed under two ids."""
    return sorted({name for name in look.names if look.names.count(name) > 1})


def _is_loud(run: Run, place: Place, name: str) -> bool:
    """Does it report this duplicate, or stop before anything could come of it?"""
    if run.code in {Exit.FAILED, Exit.REFUSED}:
        return True
    results = [result for result in run.results if result.target.program == place.name]
    unknown = {o.name for result in results for o in result.outcomes if o.state is State.UNKNOWN}
    is_told = any(repr(name) in result.trouble for result in results)
    return run.code is not Exit.DONE and (is_told or name in unknown)


def _is_as_wanted(place: Place, truth: Mapping[Place, Sequence[Shape]]) -> bool:
    return sorted(truth[place], key=repr) == sorted(place.wanted, key=repr)


def _are_settled(looks: Sequence[Look]) -> bool:
    """Fanfare's last look before a write goes the other way round; it comes on top."""
    usual = [look for look in looks if look.is_complete and look.asked[0].query.get("sortDir") != "asc"]
    if len(usual) < 2:
        return False
    first, second = usual[-2:]
    quiet = second.asked[0].start - first.asked[-1].end
    return first.rows == second.rows and quiet >= SETTLE - 1e-6


def _names_sent(write: Asked) -> set[str]:
    rows = write.sent["tiers"] if isinstance(write.sent, Mapping) else write.sent
    return {row["name"] for row in rows}


def _voucherify_looks(asked: Iterable[Asked], place: Place, campaign: str) -> Iterator[Look]:
    """A look begins by asking for the campaign, and may take lists in several orders."""
    lists: list[Asked] = []
    for one in asked:
        if one.path == f"/voucherify/v1/loyalties/{place.name}":
            if lists:
                yield _voucherify_look(lists)
            lists = []
        elif one.path == f"/voucherify/v1/loyalties/{campaign}/tiers":
            lists.append(one)
    if lists:
        yield _voucherify_look(lists)


def _voucherify_look(lists: Sequence[Asked]) -> Look:
    good = [one for one in lists if one.status == 200 and isinstance(one.answer, Mapping)]
    rows = frozenset((row["id"], row["name"]) for one in good for row in one.answer["data"])
    return Look(tuple(lists), rows, bool(good) and {one.answer["total"] for one in good} == {len(rows)})


def _fanfare_looks(asked: Iterable[Asked], place: Place) -> Iterator[Look]:
    """A look begins with the first page."""
    pages: list[Asked] = []
    for one in asked:
        if one.path == "/fanfare/audiences":
            if "after" not in one.query and pages:
                yield _fanfare_look(pages, place)
                pages = []
            pages.append(one)
    if pages:
        yield _fanfare_look(pages, place)


def _fanfare_look(pages: Sequence[Asked], place: Place) -> Look:
    good: list[Any] = [one.answer for one in pages if one.status == 200 and isinstance(one.answer, Mapping)]
    listed = [row for page in good for row in page["data"]]
    rows = frozenset((row["id"], row["name"]) for row in listed if row.get("groupName") == place.name)
    is_ended = bool(good) and (good[-1]["pageInfo"]["endCursor"] is None or not good[-1]["data"])
    return Look(tuple(pages), rows, is_ended and len({row["id"] for row in listed}) == len(listed))
