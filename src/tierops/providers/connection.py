"""A vendor's account, with what apply asks of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from tierops import providers
from tierops.errors import TieropsError
from tierops.model import Live, LiveTier, Place, Request
from tierops.providers.http import Client, Witness
from tierops.providers.vendor import Account, Credentials, Vendor

if TYPE_CHECKING:
    import httpx

    from tierops.providers.limits import Waiting


class Connection(NamedTuple):
    """A vendor, an account of it, and the HTTP client between the two. `key` is a fingerprint of the key."""

    vendor: Vendor
    account: Account
    client: Client
    key: str | None = None

    def fetch(self, place: Place) -> Live:
        """See `Account.fetch`."""
        with self.client.discretion.about_errors():
            live = self.account.fetch(place)
        return live._replace(identity=live.identity._replace(key=self.key))

    def send(self, request: Request) -> Sequence[LiveTier]:
        """See `Account.send`."""
        with self.client.discretion.about_errors():
            return self.account.send(request)

    def discover(self) -> tuple[Mapping[str, str], ...]:
        """See `Account.discover`."""
        with self.client.discretion.about_errors():
            return self.account.discover()

    def locate(self, named: Mapping[str, str]) -> Mapping[str, str]:
        """See `Account.locate`."""
        with self.client.discretion.about_errors():
            return self.account.locate(named)

    def afford(self, calls: int) -> None:
        """Raise `NotSent` if the vendor's limits do not allow so many calls, as far as its answers said."""
        self.client.limits.afford(calls)


def open_connection(
    vendor: Vendor,
    environ: Mapping[str, str],
    file_url: str = "",
    *,
    waiting: Waiting | None = None,
    transport: httpx.BaseTransport | None = None,
    is_read_only: bool = False,
    witness: Witness | None = None,
    keep_secret: Callable[[Iterable[str]], None] = lambda _: None,
) -> Connection:
    """Connect with the keys of the environment, to its address, or else the file's, or else the vendor's own.

    Sends nothing. Raises `TieropsError` for keys that are missing or an address that is no good.
    """
    kind = providers.account(vendor)
    url = environ.get(vendor.url_variable, "").strip() or file_url or vendor.default_url
    if not url:
        raise TieropsError(f"no address for {vendor.title}, where each customer has its own: set {vendor.url_variable}")
    credentials = kind.credentials(environ)
    client = Client(
        vendor,
        url,
        credentials,
        kind.dialect,
        environ=environ,
        waiting=waiting,
        transport=transport,
        is_read_only=is_read_only,
        witness=witness,
        keep_secret=keep_secret,
    )
    return Connection(vendor, kind(client, credentials.fingerprint), client, _fingerprint(vendor, credentials))


def _fingerprint(vendor: Vendor, credentials: Credentials) -> str:
    """What stands for the key and tells nothing of it."""
    form = credentials.sign_in.form if credentials.sign_in else {}
    values = sorted([*credentials.headers.values(), *form.values()])
    return sha256("\n".join([vendor.name, *values]).encode()).hexdigest()[:16]
