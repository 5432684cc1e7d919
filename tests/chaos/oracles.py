"""What must hold after every step, told from what left the runs and what the vendors hold, not by what tierops thinks.

A broken promise is a sentence. Duplicates are judged apart, for some worlds allow one, but never a silent one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chaos.places import Place, twice
from chaos.words import ITSELF, Look, Shape
from chaos.world import SETTLE, Asked, Run, World

from tierops.errors import Exit
from tierops.model import Fate, Outcome, Result

_CODES = {Exit.DONE, Exit.FAILED, Exit.REMAINING, Exit.REFUSED, Exit.PARTIAL, Exit.UNKNOWN}


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
        self._homes: dict[Place, str] = {}
        self._known: set[tuple[Place, str]] = set()

    def step(self, *runs: Run) -> None:
        """Judge runs that went on at the same time and have ended."""
        duplicates = self._found()
        self._homes = {place: place.words.home(self.world.emulator, place.name) for place in self.world.places}
        for run in runs:
            self._methods(run)
            for place in self.world.places:
                self._writes(run, place)
                self._outcomes(run, place, runs)
            self._code(run, runs)
        self._duplicates(runs, duplicates)
        self._known = duplicates
        for place in self.world.places:
            if not self.world.may_duplicate and place.words.is_split(self.world.emulator, place.name):
                self.broken.append(f"{place.name} exists twice")

    def between(self) -> None:
        """Judge what has landed while no run was under way. The next run must report it."""
        new = self._found() - self._known
        self.after += len(new)
        self._known |= new
        if new and not self.world.writes_late and not self.world.may_duplicate:
            self.broken.append(f"{sorted(name for _, name in new)} landed late and exist twice")

    def _found(self) -> set[tuple[Place, str]]:
        return {(place, name) for place, held in self.world.stored().items() for name in twice(held)}

    def _break(self, run: Run, sentence: str) -> None:
        self.broken.append(f"run {self.world.runs.index(run) + 1}: {sentence}")

    def _methods(self, run: Run) -> None:
        creates = {id(one) for place in self.world.places for one in self._creates(run, place)}
        for one in run.asked:
            is_sign_in = one.method == "POST" and one.path.endswith(("/oauth/token", "/oauth2/token"))
            if one.method != "GET" and not is_sign_in and (run.is_plan or id(one) not in creates):
                self._break(run, f"sent {one.method} {one.path}")

    # What comes before a write.

    def _writes(self, run: Run, place: Place) -> None:
        """The first write, and each after a lost answer, follows a settled absence; nothing confirmed is sent again.

        Where the vendor itself refuses a second tier of a name, one whole look is enough after a lost answer.
        """
        confirmed: set[str] = set()
        never_again: set[str] = set()
        before: Asked | None = None
        for write in self._creates(run, place):
            names, fate = self._names(write, place), "" if before is None else self._fate(before, place)
            looks = self._looks(run, place, write, before.end if before else 0.0)
            if confirmed & names:
                self._break(run, f"sent {sorted(confirmed & names)} again after they were confirmed")
            if never_again & names:
                self._break(run, f"sent {sorted(never_again & names)} again, which the vendor had refused or taken")
            settled = _settled(looks, place.target.address)
            if fate == "" and settled is None:
                self._break(run, f"wrote to {place.name} before its absence had settled")
            if fate in {"lost", "taken", "refused"} and settled is None:
                is_quick = place.words.is_guarded and fate != "taken" and looks and looks[-1].is_complete
                settled = looks[-1] if is_quick else None
                if settled is None:
                    self._break(run, f"wrote to {place.name} again before the list had settled")
            if fate not in {"free", "confirmed"} and self.world.is_consistent and settled:
                shown = set(settled.names)
                if not self._is_true(settled, place) or (shown & names):
                    self._break(run, f"wrote {sorted(names)} to {place.name} after a look that showed {sorted(shown)}")
            own = self._fate(write, place)
            confirmed |= names if own == "confirmed" else set()
            never_again |= names if own in {"refused", "taken"} else set()
            before = write

    def _creates(self, run: Run, place: Place) -> Iterator[Asked]:
        return (one for one in run.asked if self._names(one, place))

    def _names(self, one: Asked, place: Place) -> frozenset[str]:
        return place.words.sent(one, self._homes[place])

    def _fate(self, write: Asked, place: Place) -> str:
        """What the answer to a create told: `confirmed`, `refused`, `free` to be sent again, `taken`, or `lost`."""
        if write.was_refused or write.status == 429:
            return "free"
        if write.status is None or write.status >= 500 or write.status in {408, 425, 499}:
            return "lost"
        if write.status >= 400 and write.status != 409:
            return "refused"
        is_shown = write.status in {200, 201} and place.words.confirmed(write) == self._names(write, place)
        return "confirmed" if is_shown else "taken"

    def _looks(self, run: Run, place: Place, write: Asked | None = None, since: float = 0.0) -> list[Look]:
        """The looks at a place; up to a write, if there is one. Before the first, those of others may serve as well."""
        asked = run.asked[: run.asked.index(write)] if write else run.asked
        mine = [one for one in asked if one.start >= since and one.address == place.target.address]
        looks = list(place.words.looks(mine, place.name, self._homes[place]))
        if place.words.is_shared and not since:
            looks += self._looks_of_others(asked, place)
        return sorted(looks, key=lambda look: look.asked[-1].end)

    def _looks_of_others(self, asked: Sequence[Asked], place: Place) -> Iterator[Look]:
        for address in dict.fromkeys(one.address for one in asked):
            if address != place.target.address:
                theirs = [one for one in asked if one.address == address]
                yield from place.words.looks(theirs, place.name, self._homes[place])

    def _is_true(self, look: Look, place: Place) -> bool:
        """Did the place hold just what the look showed, at some moment of it?"""
        return any(sorted(shape[0] for shape in one.truth[place]) == look.names for one in look.asked)

    # What it tells of each create.

    def _outcomes(self, run: Run, place: Place, runs: Sequence[Run]) -> None:
        """Each create is told as what became of it, and of no other."""
        results = [result for result in run.results if result.target.target.program == place.name]
        sent = {name: self._fate(one, place) for one in self._creates(run, place) for name in self._names(one, place)}
        truths = [{shape[0] for shape in one.truth[place]} for one in run.asked]
        is_alone = len(runs) == 1 and not run.events and self.world.is_consistent and not self.world.writes_late
        for outcome in (outcome for result in results for outcome in _outcomes(result)):
            name, fate = outcome.name, outcome.fate
            if fate in {Fate.DONE, Fate.ALREADY} and not any(name in names for names in truths):
                self._break(run, f"said that {name} of {place.name} is there ({fate}), and it never was")
            if fate is Fate.DONE and name not in sent:
                self._break(run, f"said that it created {name} in {place.name}, and never sent it")
            if fate is Fate.UNKNOWN and name not in sent and name not in self._twice(run, place):
                self._break(run, f"said that nobody knows of {name} in {place.name}, and never sent it")
            if fate is Fate.NOT_DONE and is_alone and name in truths[-1]:
                self._break(run, f"said that {name} of {place.name} is not there, and it is")
            if fate is Fate.NOT_DONE and sent.get(name) == "confirmed":
                self._break(run, f"said that {name} of {place.name} is not there after it was confirmed")

    def _twice(self, run: Run, place: Place) -> set[str]:
        return {name for one in run.asked for name in twice(one.truth[place])}

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
        posts = [one for place in self.world.places for one in self._creates(run, place)]
        if run.code is Exit.DONE and not equal and not self._is_excused(run, runs):
            self.false_successes += 1
            self._break(run, "reported success, but live was not as wanted")
        if run.code is Exit.REMAINING and equal and all(map(all, moments.values())):
            self._break(run, "reported differences where there were none")
        if run.code in {Exit.FAILED, Exit.REFUSED} and any(one.made for one in posts):
            self._break(run, f"ended with {run.code} after it had written")
        if run.code is Exit.FAILED and any(one.status is None and not one.was_refused for one in posts):
            self._break(run, "said that nothing was written, though an answer was lost")
        has_sent = any(not one.was_refused and one.status != 429 for one in posts)
        may_refuse = self._may_refuse() if run.used_file else self._has_changed(run)
        if run.code is Exit.REFUSED and (has_sent or not (may_refuse or self._was_blinded(run))):
            self._break(run, f"refused its plan for no reason: {run.error}")
        for place, look in seen.items():
            for name in twice_named(look) if look else ():
                if not _is_loud(run, place, name):
                    self._break(run, f"saw {name} twice in {place.name} and ended with {run.code}")

    def _last(self, run: Run, place: Place) -> Look | None:
        """The last look at a place, with all that others saw of it afterwards in a list that several may use."""
        mine = [one for one in run.asked if one.address == place.target.address]
        looks = list(place.words.looks(mine, place.name, self._homes[place]))[-1:]
        if place.words.is_shared:
            since = looks[0].asked[-1].end if looks else 0.0
            others = self._looks_of_others(run.asked, place)
            looks += [look for look in others if look.is_complete and look.asked[-1].end > since]
        if not looks:
            return None
        return looks[0]._replace(asked=tuple(one for look in looks for one in look.asked))

    def _may_refuse(self) -> bool:
        """A list that lags may lack what the plan was made from, and nobody can finish half of what is made whole.

        What a late list puts in the place of what was there has other ids.
        """
        stored = self.world.stored()
        return (
            self.has_reason_to_refuse
            or not self.world.is_consistent
            or bool(self._known)
            or any(map(twice, stored.values()))
            or (self.world.writes_late and any(place.words.is_replacing for place in stored))
            or any(place.is_stuck(held) and len(held) < place.size for place, held in stored.items())
        )

    def _has_changed(self, run: Run) -> bool:
        """Did others change a place between two of its looks, or did a list that lags make it seem so?"""
        truths = [one.truth for one in run.asked]
        return not self.world.is_consistent or any(truth != truths[0] for truth in truths)

    def _was_blinded(self, run: Run) -> bool:
        """Did a list hide all tiers of a ladder, so that nothing told it from an empty one?"""
        for place in self.world.places:
            looks = place.words.looks(run.asked, place.name, self._homes[place]) if place.words.is_blind else ()
            for look in looks:
                if look.is_complete and not {*look.names} - {ITSELF[0]} and not self._is_true(look, place):
                    return True
        return False

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
        fates = {self._fate(write, place) for write in self._creates(run, place) if name in self._names(write, place)}
        has_no_id = bool(fates & {"lost", "taken"}) and "confirmed" not in fates
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


def twice_named(look: Look) -> list[str]:
    """The names that a list showed under two ids."""
    return sorted({name for name in look.names if look.names.count(name) > 1})


def _is_loud(run: Run, place: Place, name: str) -> bool:
    """Does it report this duplicate, or stop before anything could come of it?"""
    if run.code in {Exit.FAILED, Exit.REFUSED}:
        return True
    results = [result for result in run.results if result.target.target.program == place.name]
    unknown = {o.name for result in results for o in _outcomes(result) if o.fate is Fate.UNKNOWN}
    # Of a place that is there twice, nobody says more than that: it is not looked at any closer.
    is_told = any(repr(name) in result.trouble or f"named {place.name!r}" in result.trouble for result in results)
    return run.code is not Exit.DONE and (is_told or name in unknown)


def _outcomes(result: Result) -> Iterator[Outcome]:
    """What is told of each create, of the ladder's own as well."""
    yield from result.outcomes
    if result.place:
        yield result.place._replace(name=ITSELF[0])


def _is_as_wanted(place: Place, truth: Mapping[Place, Sequence[Shape]]) -> bool:
    return sorted(truth[place], key=repr) == sorted(place.wanted, key=repr)


def _settled(looks: Sequence[Look], address: str) -> Look | None:
    """The last whole look of one's own, if it equals one before it, a quiet period earlier.

    Else the first one like this that others took after it, in a list that several may use.
    """
    whole = [look for look in looks if look.is_complete]
    own = [number for number, look in enumerate(whole) if look.asked[0].address == address]
    for number, last in enumerate(whole[own[-1] if own else 0 :], own[-1] if own else 0):
        equal = [look for look in whole[:number] if look.rows == last.rows]
        if any(last.asked[0].start - look.asked[-1].end >= SETTLE - 1e-6 for look in equal):
            return last
    return None
