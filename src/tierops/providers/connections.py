"""The vendors that a run talks to: each connected once, and all closed at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tierops import providers
from tierops.model import TargetPlan, Usage

if TYPE_CHECKING:
    from tierops.providers.base import Provider
    from tierops.providers.http import Client, Witness
    from tierops.providers.limits import Waiting


@dataclass(frozen=True)
class Connections(Mapping[str, "Provider"]):
    """The connected providers by name, and the clients that they send with. Use it as a context manager."""

    providers: Mapping[str, Provider]
    clients: Mapping[str, Client] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Provider:
        return self.providers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.providers)

    def __len__(self) -> int:
        return len(self.providers)

    def __enter__(self) -> Connections:
        return self

    def __exit__(self, *_: object) -> None:
        for client in self.clients.values():
            client.close()

    @property
    def writes(self) -> int:
        """How many requests that may write have left so far."""
        return sum(client.writes for client in self.clients.values())

    def usage(self, targets: Sequence[TargetPlan] = ()) -> tuple[Usage, ...]:
        """The requests so far to each vendor, and those that the plans still want to send."""
        to_come = {name: sum(len(t.requests) for t in targets if t.provider == name) for name in self.clients}
        return tuple(
            Usage(name, client.reads, client.writes, to_come[name], client.limits.left)
            for name, client in self.clients.items()
        )


def connect(
    names: Iterable[str],
    environ: Mapping[str, str],
    urls: Mapping[str, str],
    waiting: Waiting | None = None,
    *,
    is_read_only: bool = False,
    witness: Callable[[str], Witness] | None = None,
) -> Connections:
    """Connect to the vendors of these names. Sends nothing.

    Keys and addresses are those of `environ`; `urls` (by name) holds addresses for where it has none. `witness` makes
    the one who records the writes to a vendor. Raises `TieropsError` for missing keys or an address that is no good.
    """
    from tierops.providers.http import Client  # httpx takes longer to import than all of tierops

    connected: dict[str, Provider] = {}
    clients: dict[str, Client] = {}
    with ExitStack() as half_open:  # closed if a later vendor's keys are missing
        for name in dict.fromkeys(names):
            kind = providers.find(name)
            headers, account = kind.credentials(environ)
            clients[name] = Client(
                kind.TITLE,
                environ.get(kind.URL_VARIABLE, "").strip() or urls.get(name) or kind.DEFAULT_URL,
                headers,
                kind.explain,
                open_headers=kind.HEADERS,
                waiting=waiting,
                is_read_only=is_read_only,
                witness=witness and witness(name),
            )
            half_open.callback(clients[name].close)
            connected[name] = kind(clients[name], account)
        half_open.pop_all()
    return Connections(connected, clients)
