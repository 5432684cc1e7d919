"""The vendors that a run talks to: each connected once, and all closed at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, NamedTuple

from tierops import providers
from tierops.errors import TieropsError
from tierops.model import Place, TargetPlan

if TYPE_CHECKING:
    from tierops.providers.connection import Connection
    from tierops.providers.http import Witness
    from tierops.providers.limits import Waiting


class Usage(NamedTuple):
    """The requests of a run to one vendor. `left` is what the vendor said is left before its limit, where it did."""

    provider: str
    reads: int
    writes: int
    writes_to_come: int
    left: int | None


class Connections(Mapping[str, "Connection"]):
    """A connection to each vendor, by name. Use it as a context manager."""

    def __init__(self, connected: Mapping[str, Connection]) -> None:
        self.connected = connected

    def __getitem__(self, name: str) -> Connection:
        return self.connected[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.connected)

    def __len__(self) -> int:
        return len(self.connected)

    def __enter__(self) -> Connections:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self.connected.values():
            connection.client.close()

    def survey(
        self,
        places: Iterable[Place],
        spread: Callable[[Callable[[str], None], Sequence[str]], object],
    ) -> None:
        """Each vendor looks at all its places at once, before they are fetched one by one: it saves requests.

        `spread` calls a function with each name, as the caller likes.
        """
        by_vendor: dict[str, list[Place]] = {}
        for place in places:
            by_vendor.setdefault(place.provider, []).append(place)
        spread(lambda name: self[name].survey(by_vendor[name]), tuple(by_vendor))

    @property
    def writes(self) -> int:
        """How many requests that may write have left so far."""
        return sum(connection.client.writes for connection in self.connected.values())

    def usage(self, targets: Sequence[TargetPlan] = ()) -> tuple[Usage, ...]:
        """The requests so far to each vendor, and those that the plans still want to send."""
        to_come = {name: sum(len(t.requests) for t in targets if t.target.provider == name) for name in self.connected}
        clients = {name: connection.client for name, connection in self.connected.items()}
        return tuple(
            Usage(name, client.reads, client.writes, to_come[name], client.limits.left)
            for name, client in clients.items()
        )


def connect(
    names: Iterable[str],
    environ: Mapping[str, str],
    urls: Mapping[str, str],
    waiting: Waiting | None = None,
    *,
    is_read_only: bool = False,
    witness: Callable[[str], Witness] | None = None,
    keep_secret: Callable[[Iterable[str]], None] = lambda _: None,
) -> Connections:
    """Connect to the vendors of these names. Sends nothing.

    Keys and addresses are those of `environ`; `urls` (by name) holds addresses for where it has none. `witness` makes
    the one who records the writes to a vendor, `keep_secret` hears of tokens. Raises `TieropsError` for missing keys or
    addresses that are no good, of all vendors at once.
    """
    from tierops.providers.connection import open_connection  # and with it httpx, which takes longer than all else

    connected: dict[str, Connection] = {}
    problems: list[str] = []
    with ExitStack() as half_open:  # closed if the keys of any vendor are missing
        for name in dict.fromkeys(names):
            try:
                connected[name] = open_connection(
                    providers.find(name),
                    environ,
                    urls.get(name, ""),
                    waiting=waiting,
                    is_read_only=is_read_only,
                    witness=witness and witness(name),
                    keep_secret=keep_secret,
                )
            except TieropsError as error:
                problems.append(str(error))
            else:
                half_open.callback(connected[name].client.close)
        if problems:
            raise TieropsError("; ".join(problems))
        half_open.pop_all()
    return Connections(connected)
