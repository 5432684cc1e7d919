"""Which addresses may be called, and the way to them: TLS, certificates, proxies."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

import httpx

from tierops.errors import TieropsError

if TYPE_CHECKING:
    import ssl


def connect(
    title: str,
    url: str,
    headers: Mapping[str, str],
    *,
    transport: httpx.BaseTransport | None = None,
    before_each: Sequence[Callable[[httpx.Request], object]] = (),
) -> httpx.Client:
    """httpx's client for an address of the vendor of this title; it follows no redirect.

    `before_each` sees every request before it leaves, and may raise. Raises `TieropsError` for an address that must not
    be called, and for a proxy of the environment that cannot be used.
    """
    is_local = is_loopback(title, url)
    try:
        return httpx.Client(
            headers=headers,
            transport=transport,
            event_hooks={"request": list(before_each)},
            # A TLS context reads the whole CA bundle; plain http on loopback has no use for one, nor for a proxy.
            verify=_no_tls() if is_local else tls(),
            trust_env=not is_local,
        )
    except (ValueError, ImportError, httpx.InvalidURL):
        raise TieropsError(
            f"no way to {title}: HTTPS_PROXY, ALL_PROXY or NO_PROXY holds no address that can be used; a proxy is"
            " http://host:port or https://host:port"
        ) from None


def is_loopback(title: str, url: str) -> bool:
    """True for plain http on this machine, False for https. Raises `TieropsError` for what must not be called."""
    shown = "" if set("@?#") & set(url) else f": {url!r}"  # what stands there may be a password
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise TieropsError(f"the address of {title} is not a URL{shown}") from None
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise TieropsError(f"the address of {title} must start with https:// and name a host{shown}")
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise TieropsError(f"the address of {title} must hold no user, query or fragment")
    if parsed.scheme == "https":
        return False
    if not _names_this_machine(parsed.host):
        raise TieropsError(
            f"the address of {title} is plain http, which would send the keys unencrypted: use https://{parsed.host}"
            " (http is accepted for loopback addresses only)"
        )
    return True


def _names_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@cache
def tls() -> ssl.SSLContext:
    """The one context of all clients, for reading the certificates takes time. Raises `TieropsError`."""
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one
        raise TieropsError(
            f"the certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read: {error.strerror or error}"
        ) from None


@cache
def _no_tls() -> ssl.SSLContext:
    import ssl

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody: https through it fails
