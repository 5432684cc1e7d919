"""How long ten thousand programs take under each vendor's published limits: reckoned, not run.

Requests by the vendor's calls, and time by its limit. tests/test_costs.py counts the first on the emulator, and lets a
clock run over the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import ceil
from typing import NamedTuple

from tierops.host.threads import MOST as THREADS
from tierops.providers.limits import MOST_UNTOLD as UNTOLD

LATENCY = 0.05  # seconds of an answer


class Limit(NamedTuple):
    """So many calls in each window of `seconds`, for a whole account; `is_paced` spreads them over the window.

    `pause` are the seconds lost once the window is used up, where no header tells when it ends and a refusal must.
    `at_once` are the requests under way at a time: fewer where no answer says how many calls are left.
    """

    name: str
    calls: int
    seconds: float
    is_paced: bool = False
    pause: float | None = None
    at_once: int = THREADS


class Cost(NamedTuple):
    """The requests that n targets of ten tiers take: `plan` (and `drift`) where all is there, `apply` where nothing is.

    `plan_some` is told how many targets are read, and how many the account has. `plan_empty` is the read that `apply`
    begins with; the rest is a second read before the create, the creates, and the read that proves them. None where a
    vendor has no API to create.
    """

    title: str
    plan_some: Callable[[int, int], int]
    plan_empty: Callable[[int], int]
    creates: Callable[[int], int] | None
    limits: Sequence[Limit]

    def plan(self, targets: int) -> int:
        """All requests of `plan` or `drift` of everything that the account has."""
        return self.plan_some(targets, targets)

    def apply(self, targets: int) -> int | None:
        """All requests of `apply`, without a plan file."""
        return None if self.creates is None else self.plan_empty(targets) + self.creates(targets)


def _campaigns(targets: int, there: int) -> int:
    """A hundred in each request of the list, which is not read on where it has more pages than there are targets."""
    pages = ceil(there / 100)
    return targets + pages if pages <= targets else 1 + 2 * targets


def _structures(targets: int, there: int) -> int:
    """A hundred in each request of a list that does not say how long it is, and so is given up before it costs much."""
    pages, most = ceil(there / 100), 1 + targets // 10
    return 3 * targets + pages if pages <= most else most + 4 * targets


def _groups(targets: int, there: int) -> int:
    """The sign-in, the org, its fields; all programmes, groups and tiers, 2,000 in each request; their number."""
    return 4 + 2 * ceil(there / 2000) + ceil(10 * there / 2000) if there <= 100 * targets else 4 + 4 * targets


def _pages(targets: int) -> int:
    """Pages of Fanfare's list of all audiences: a hundred a page, one at the least."""
    return max(1, ceil(10 * targets / 100))


def _fanfare_creates(targets: int) -> int:
    """Once something is written, every read of a group is one of the whole list: that grows with the square."""
    return sum(_pages(number) + 1 + _pages(number + 1) + 1 for number in range(targets))


_VOUCHERIFY = (Limit("Business", 100, 60), Limit("Organization", 2000, 60), Limit("sandbox", 100, 3600))

COSTS = {
    "voucherify": Cost("Voucherify v1", _campaigns, lambda n: _campaigns(n, n), lambda n: 5 * n, _VOUCHERIFY),
    "voucherify-v2": Cost("Voucherify v2", _structures, lambda n: _structures(n, n), lambda n: 18 * n, _VOUCHERIFY),
    "fanfare": Cost(
        "Fanfare", lambda n, there: _pages(there) + n, lambda _: 1, _fanfare_creates,
        (Limit("the lowest one documented", 100, 60), Limit("Admin API", 1000, 60)),
    ),
    "salesforce": Cost(
        "Salesforce", _groups, lambda n: _groups(n, n), lambda n: 9 * n,
        (Limit("Enterprise, no licence counted", 100_000, 86_400),),
    ),
    "openloyalty": Cost(
        "Open Loyalty", lambda n, there: 2 * n + ceil(there / 50), lambda n: 2 * n + ceil(n / 50), lambda n: 9 * n,
        (Limit("staging", 50, 1, pause=3, at_once=UNTOLD), Limit("production", 1200, 1, at_once=UNTOLD)),
    ),
    "talonone": Cost(
        "Talon.One", lambda n, _: n + 1, lambda n: n + 1, None,
        (Limit("each endpoint", 3, 1, is_paced=True, at_once=UNTOLD),),
    ),
}  # fmt: skip


def seconds(requests: int, limit: Limit, latency: float = LATENCY) -> float:
    """How long so many requests take: as fast as answers come until a window is used up, and then for its end."""
    fastest = limit.at_once / latency
    if limit.is_paced:
        return requests / min(fastest, limit.calls / limit.seconds)
    if fastest * limit.seconds <= limit.calls:
        return requests / fastest
    full_windows = max(requests - 1, 0) // limit.calls
    window = limit.calls / fastest + limit.pause if limit.pause else limit.seconds
    return full_windows * window + (requests - full_windows * limit.calls) / fastest


def lines(programs: int) -> Iterator[tuple[str, ...]]:
    """For each vendor and limit: `plan` or `drift`, and `apply` of so many programs with a target each."""
    for cost in COSTS.values():
        read, written = cost.plan(programs), cost.apply(programs)
        for limit in cost.limits:
            cells = ("", "no API") if written is None else (f"{written:,}", _told(seconds(written, limit)))
            window = {1: "a second", 60: "a minute", 3600: "an hour", 86_400: "a day"}[int(limit.seconds)]
            allowed = f"{limit.name}: {limit.calls:,} {window}"
            yield cost.title, allowed, f"{read:,}", _told(seconds(read, limit)), *cells


def parts(programs: int, some: int, accounts: int) -> Iterator[tuple[str, ...]]:
    """`plan` or `drift` of everything, of `some` programs alone, and of the accounts in jobs side by side."""
    for cost in COSTS.values():
        limit = max(cost.limits, key=lambda limit: limit.calls / limit.seconds)
        share = programs // accounts
        reads = (cost.plan(programs), cost.plan_some(some, programs), cost.plan(share))
        yield cost.title, limit.name, *(f"{read:,}, {_told(seconds(read, limit))}" for read in reads)


def _told(value: float) -> str:
    """`12 s`, `40 min`, `8 h`, `9 days`."""
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if value >= 1.95 * size:
            return f"{value / size:,.0f} {unit}"
    return f"{max(value, 0.1):,.{0 if value >= 1.95 else 1}f} s"


def sections() -> Mapping[str, str]:
    """The parts of docs/performance.md between its markers, by their name."""
    heads = ("vendor", "limit", "requests of plan or drift", "time", "requests of apply", "time")
    whole = _table(heads, lines(10_000))
    ways = ("vendor", "limit", "all 10,000", "20 that changed, `--program`", "10 accounts of 1,000 in a matrix")
    return {"scale": whole, "scale-parts": _table(ways, parts(10_000, 20, 10))}


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))
