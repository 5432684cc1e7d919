"""Which addresses may be called, and the one way in which each is written."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

import httpx

from tierops.errors import TieropsError

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_LONGEST_NAME = 253


class Address(NamedTuple):
    """Where an API begins. `url` is without a slash at its end; `is_plain` is http, which never leaves this machine."""

    url: str
    path: str
    host: str
    port: int
    is_plain: bool


def checked(title: str, text: str, prefixes: tuple[str, ...] = ()) -> Address:
    """The address of the vendor of this title; equal ones are written alike, whatever was typed.

    `prefixes` begin the paths of requests, and are no part of the address. Raises `TieropsError` for an address that
    must not be called.
    """
    shown = "" if set("@?#") & set(text) else f": {text!r}"  # what stands there may be a password
    try:
        url = httpx.URL(text)
        is_sound = _is_host(url) and (url.port is None or 0 < url.port < 2**16)
    except (httpx.InvalidURL, ValueError):  # UnicodeError is one, for a name that IDNA does not have
        is_sound = False
    if not is_sound:
        raise TieropsError(f"the address of {title} is not a URL{shown}")
    if url.scheme not in {"http", "https"} or not url.host:
        raise TieropsError(f"the address of {title} must start with https:// and name a host{shown}")
    if url.userinfo or url.query or url.fragment:
        raise TieropsError(f"the address of {title} must hold no user, query or fragment")
    if url.scheme == "http" and not _names_this_machine(url.host):
        host = f"[{url.host}]" if ":" in url.host else url.host
        raise TieropsError(
            f"the address of {title} is plain http, which would send the keys unencrypted: use https://{host}"
            " (http is accepted for loopback addresses only)"
        )
    is_plain = url.scheme == "http"
    usual = 80 if is_plain else 443
    path = url.raw_path.decode("ascii").rstrip("/")
    path = next((path.removesuffix(one) for one in prefixes if path.endswith(one)), path).rstrip("/")
    port = None if url.port == usual else url.port
    normal = str(url.copy_with(port=port, raw_path=path.encode() or b"/")).rstrip("/")
    return Address(normal, path, url.raw_host.decode("ascii"), url.port or usual, is_plain)


def _is_host(url: httpx.URL) -> bool:
    """Whether a name could be one, or is an address. No host at all is another fault."""
    host = url.raw_host.decode("ascii")
    if ":" in host or not url.host:  # httpx takes a colon within the brackets of a good IPv6 address only
        return True
    labels = host.lower().removesuffix(".").split(".")
    return len(host) <= _LONGEST_NAME and all(map(_LABEL.fullmatch, labels))


def _names_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
