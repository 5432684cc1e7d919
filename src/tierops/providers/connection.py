"""A vendor's account, with what apply asks of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar, runtime_checkable

from tierops import providers
from tierops.errors import UNAUTHORIZED, IncompleteRead, TieropsError, VendorError
from tierops.model import Edit, History, Live, LiveTier, Place, Request
from tierops.providers.accounts import Account, Credentials
from tierops.providers.http import Client, Witness
from tierops.providers.limits import Waiting
from tierops.providers.vendor import Vendor

if TYPE_CHECKING:
    import httpx


_PAUSES = (0.5, 1.0)  # seconds before a list that was not whole is read again
_KEY_REFUSED = frozenset({UNAUTHORIZED, 403})

_Read = TypeVar("_Read")


@runtime_checkable
class Chronicle(Protocol):
    """An account of a vendor that keeps a log, which `drift` asks who it was."""

    def edits(self, live: Live) -> Sequence[Edit]:
        """The latest edits of the ladder's tiers, the newest first. Raises `VendorError` where they are not shown."""
        ...


@runtime_checkable
class Overview(Protocol):
    """An account of a vendor whose lists show many places in fewer requests than one by one."""

    def survey(self, places: Sequence[Place]) -> None:
        """Look at all places that are about to be fetched.

        The next fetch of each may begin with what was seen here of it, and no later one, for that is asked for to see
        the place afresh. What is not seen, or not for sure, is fetched as ever. Raises `VendorError`.
        """
        ...


class Connection(NamedTuple):
    """A vendor, an account of it, and the HTTP client between the two.

    `key` is a fingerprint of the key, `check` what to look at where the vendor does not accept it.
    """

    vendor: Vendor
    account: Account
    client: Client
    key: str | None = None
    check: str = ""
    sleep: Callable[[float], None] = time.sleep

    def survey(self, places: Sequence[Place]) -> None:
        """See `Overview.survey`. What fails here is told by the fetches, each of which then asks for itself."""
        if len(places) > 1 and isinstance(self.account, Overview):
            with suppress(VendorError):
                self.account.survey(places)

    def fetch(self, place: Place) -> Live:
        """See `Account.fetch`."""
        live = self._whole(lambda: self.account.fetch(place))
        return live._replace(identity=live.identity._replace(key=self.key))

    def send(self, request: Request) -> Sequence[LiveTier]:
        """See `Account.send`."""
        with self._advice():
            return self.account.send(request)

    def discover(self) -> tuple[Mapping[str, str], ...]:
        """See `Account.discover`."""
        return self._whole(self.account.discover)

    def locate(self, named: Mapping[str, str]) -> Mapping[str, str]:
        """See `Account.locate`."""
        return self._whole(lambda: self.account.locate(named))

    def _whole(self, read: Callable[[], _Read]) -> _Read:
        """A read; again where it is not whole, for a list that changes while it is read is in order a moment later."""
        with self._advice():
            for pause in _PAUSES:
                try:
                    return read()
                except IncompleteRead:
                    self.sleep(pause)
            return read()

    @contextmanager
    def _advice(self) -> Iterator[None]:
        """Within it errors hold no key, and those about the key say where to look."""
        with self.client.discretion.about_errors():
            try:
                yield
            except VendorError as error:
                if self.check and error.status in _KEY_REFUSED:
                    error.args = (f"{str(error).removesuffix('.')}. {self.check}",)
                raise

    def history(self, live: Live) -> History | None:
        """Who edited the ladder of late; None where the vendor keeps no log. See `Chronicle.edits`."""
        if not isinstance(self.account, Chronicle):
            return None
        try:
            with self.client.discretion.about_errors():
                return History(tuple(self.account.edits(live)))
        except VendorError as error:
            return History(trouble=str(error))

    def read_calls(self, live: Live, more: int) -> int:
        """See `Account.read_calls`."""
        return self.account.read_calls(live, more)

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
    return Connection(
        vendor,
        kind(client, credentials.fingerprint),
        client,
        _fingerprint(vendor, credentials),
        vendor.check(environ),
        (waiting or Waiting()).sleep,
    )


def _fingerprint(vendor: Vendor, credentials: Credentials) -> str:
    """What stands for the key and tells nothing of it."""
    form = credentials.sign_in.form if credentials.sign_in else {}
    values = sorted([*credentials.headers.values(), *form.values()])
    return sha256("\n".join([vendor.name, *values]).encode()).hexdigest()[:16]
