"""What of the keys gets where: into no error, and into nothing that is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from tierops.errors import VendorError
from tierops.model import Value
from tierops.providers.accounts import Credentials, secrets_of
from tierops.text import jsontext
from tierops.text.redaction import Redaction
from tierops.text.visible import short

_LONGEST_MESSAGE = 3000  # characters


class Discretion:
    """Knows the keys of an account. `others` are secrets that no answer can hold; `tell` hears of what comes later."""

    def __init__(
        self, credentials: Credentials, others: Iterable[str], tell: Callable[[Iterable[str]], object]
    ) -> None:
        secret = {name: value for name, value in credentials.headers.items() if name not in credentials.open_headers}
        # What is read gets into plans and reports, so no key may be in it. The id of an account may well be there.
        no_ids = {name: value for name, value in secret.items() if name not in credentials.id_headers}
        self._all = Redaction([*secrets_of(secret), *others])
        self._keys = Redaction(secrets_of(no_ids))
        self._tell = tell

    def keep(self, secrets: Iterable[str]) -> None:
        """Show these nowhere from now on, and believe no answer that holds one."""
        secrets = tuple(secrets)
        self._all.add(secrets)
        self._keys.add(secrets)
        self._tell(secrets)

    def cleaned(self, text: str) -> str:
        """The text without keys, and not too long."""
        return self._all.every(short(text, _LONGEST_MESSAGE))

    def holds_key(self, value: Value) -> bool:
        """Whether a key stands in what was read, decoded, and in whatever writing the texts of it have."""
        return self._keys.is_in("\n".join(jsontext.texts(value)))

    @contextmanager
    def about_errors(self) -> Iterator[None]:
        """Within it errors hold no key: neither in what the vendor said nor in the errors that led to them."""
        try:
            yield
        except VendorError as error:
            error.args = (self.cleaned(str(error)),)
            error.__cause__ = error.__context__ = None  # of httpx or of the JSON parser, with a part of the answer
            raise
