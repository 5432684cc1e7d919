"""What a vendor must be able to do. A third vendor is one file beside this one, named after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol
from urllib.parse import quote

from tierops.errors import TieropsError, VendorError

if TYPE_CHECKING:
    from tierops.model import Capabilities, Identity, Live, LiveTier, Request, Tier, Value
    from tierops.providers.http import Client


class Provider(Protocol):
    """One vendor's account, seen through its documented API. Each module in this package has one class `Provider`.

    Beside it the module has two pure functions that are each other's inverse: `decode`, from the vendor's JSON of a
    tier to a `LiveTier`, and `encode`, from a `Tier` to the JSON that creates it.
    """

    NAME: ClassVar[str]
    TITLE: ClassVar[str]
    DEFAULT_URL: ClassVar[str]
    URL_VARIABLE: ClassVar[str]
    HEADERS: ClassVar[Mapping[str, str]]
    """What every request carries beside the credentials; none of it is secret."""

    def __init__(self, client: Client, account: str | None) -> None:
        """`account` is the fingerprint that `credentials` gave."""
        ...

    @staticmethod
    def capabilities(place: Mapping[str, str]) -> Capabilities:
        """What the vendor's API takes at this place. Reads nothing."""
        ...

    @staticmethod
    def credentials(environ: Mapping[str, str]) -> tuple[dict[str, str], str | None]:
        """`HEADERS` and those that authenticate, and a fingerprint of the account id, if it is known.

        Raises `TieropsError` that names the variables to set.
        """
        ...

    @staticmethod
    def explain(body: Value) -> str:
        """One sentence from the JSON of an error, in any shape that the vendor documents."""
        ...

    def fetch(self, place: Mapping[str, str]) -> Live:
        """Every live tier of the place (see `Target.place`).

        Raises `IncompleteRead` where nothing proves that the list is whole, and `VendorError` for any other failure.
        """
        ...

    def discover(self) -> tuple[Mapping[str, str], ...]:
        """The place of every ladder of the account. Raises as `fetch` does."""
        ...

    def locate(self, place: Mapping[str, str]) -> Mapping[str, str]:
        """The full place of what a person named by one word, `{"campaign": …}` or `{"group": …}`.

        Raises `VendorError` where there is no such place.
        """
        ...

    def requests(self, identity: Identity, tiers: Sequence[Tier]) -> tuple[Request, ...]:
        """The fewest requests that create these tiers. Pure."""
        ...

    def afford(self, lives: Sequence[Live]) -> None:
        """Raise `VendorError` if the vendor's limits do not allow a create at each of these places and its read-back.

        Sends nothing: it goes by what the answers so far said of the limits, and by the longest wait that is allowed.
        """
        ...

    def create(self, identity: Identity, tiers: Sequence[Tier]) -> tuple[LiveTier, ...]:
        """Send those requests; give the tiers that they made, if the answer shows each as wanted.

        Raises `NotSent` where nothing left, `AnswerLost` where the answer does not say what happened, `VendorError`
        where the vendor refused.
        """
        ...


def credential(environ: Mapping[str, str], name: str) -> str:
    """The value of a variable, empty where it is not set.

    Raises `TieropsError`, without the value in it, where no header could hold it.
    """
    value = environ.get(name, "").strip()
    if not value.isascii() or not value.isprintable():
        raise TieropsError(f"{name} holds characters that no key has; copy it again")
    return value


def segment(text: str) -> str:
    """An id or a name as one part of a URL's path. Raises `VendorError` for what would lead elsewhere or nowhere."""
    if text in {"", ".", ".."} or any("\ud800" <= character <= "\udfff" for character in text):
        raise VendorError(f"{text!r} cannot be the name or id of anything that a URL leads to")
    return quote(text, safe="")
