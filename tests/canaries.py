"""Keys that would be noticed anywhere, in whatever writing."""

from __future__ import annotations

import json
import re
import traceback
from base64 import b64encode
from collections.abc import Callable
from html import escape, unescape
from urllib.parse import quote, quote_plus, unquote

PLAIN = {
    "VOUCHERIFY_APP_ID": "c4n4ry0a-91fe-4b5d-8c1e-appidappid01",
    "VOUCHERIFY_APP_TOKEN": "c4n4ry1b-77aa-4c0d-9e2f-tokentoken02",
    "FANFARE_SECRET_KEY": "sk_live_C4n4ry2cQ9zVxW8yT3rB6mK1",
}
ODD = {
    "VOUCHERIFY_APP_ID": "kQ+/=%&Zx9'\"\\Jw2~Lm*(id)",
    "VOUCHERIFY_APP_TOKEN": "pT%2F+&<b>=/\\'\"yU7 oI5{to}",
    "FANFARE_SECRET_KEY": "sk_test_$w/9+==%25&&\"'\\Vb4N",
}
OAUTH = {
    "VOUCHERIFY_OAUTH_TOKEN": "oA+th/T0k3n==C4n4ry%7E~eyJhbGciOi",
    "FANFARE_SECRET_KEY": PLAIN["FANFARE_SECRET_KEY"],
}

# How a vendor may say back what it was asked with.
ECHOES: dict[str, Callable[[str], str]] = {
    "message": lambda key: json.dumps({"message": f"no project with {key}", "error": key, "details": key}),
    "details": lambda key: json.dumps({"message": "x", "details": [{"message": key[:20], "path": key[4:]}]}),
    "percent": lambda key: json.dumps({"message": quote(key, safe=""), "error": quote_plus(key)}),
    "base64": lambda key: json.dumps({"message": b64encode(key.encode()).decode()}),
    "html": lambda key: f"<h1>{escape(key)}</h1>",
    "text": lambda key: key,
    "unknown": lambda key: json.dumps({"strange": key}),
    "a repeated key": lambda key: json.dumps({"a": 1})[:-1] + "".join(f", {json.dumps(key)}: 1" for _ in "ab") + "}",
    "escapes": lambda key: json.dumps({"message": "KEY", "name": "KEY", "id": "KEY"}).replace("KEY", _escaped(key)),
    "one escape": lambda key: json.dumps({"message": key, "data": key}).replace("+", "\\u002b").replace("/", "\\/"),
    "escapes in a text": lambda key: json.dumps({"message": _escaped(key), "error": json.dumps(json.dumps(key))}),
    "entities": lambda key: json.dumps({"message": "".join(f"&#{ord(c)};" for c in key), "name": escape(key)}),
    "hexadecimal entities": lambda key: "".join(f"&#x{ord(c):x};" for c in key),
    "percent signs": lambda key: json.dumps({"message": "".join(f"%{ord(c):02x}" for c in key), "x": key}),
    "a wide text": lambda key: key.encode("utf-16-le").decode("latin-1"),
    "a name": lambda key: json.dumps({"id": "x", "name": key, "data": [{"id": key}], "pageInfo": {}}),
}


def _escaped(key: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in key)


def _undone(text: str) -> str:
    """The text without the escapes that anybody can undo."""
    for _ in range(3):
        text = re.sub(r"\\(?:u00|x)([0-9a-fA-F]{2})", lambda found: chr(int(found[1], 16)), unquote(unescape(text)))
    return text.replace("\\/", "/").replace("\0", "")


def written(secret: str) -> list[str]:
    """The ways in which a secret could stand in an output."""
    forms = [
        secret,
        repr(secret)[1:-1],
        json.dumps(secret)[1:-1],
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        escape(secret, quote=False),
        quote(quote(secret, safe=""), safe=""),
        b64encode(secret.encode()).decode().rstrip("="),
        b64encode(f"id:{secret}".encode()).decode().rstrip("=")[4:-1],
    ]
    return [form for form in forms if len(form) >= 8]


def assert_absent(text: str, *secrets: str) -> None:
    """No key, in any writing, and no 8 characters in a row of one; what is public of a key's form is not counted."""
    text = f"{text}\n{_undone(text)}"
    for secret in secrets:
        for form in written(secret):
            for start in range(len(form) - 7):
                piece = form[start : start + 8]
                assert piece in {"sk_live_", "sk_test_"} or piece not in text, (piece, text)


def everything_about(error: BaseException) -> str:
    """All that an error holds, with the errors that led to it."""
    text = "".join(traceback.format_exception(error))
    link: BaseException | None = error
    while link is not None:
        text += f"{link!r} {link} {vars(link)}"
        link = link.__cause__ or link.__context__
    return text
