"""The proxy on the way to a vendor, as the environment names it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from tierops.errors import TieropsError

_VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")  # the first that is set is the one
_PORTS = {"http": 80, "https": 443}


class Proxy(NamedTuple):
    """`variable` named it. `user` are name and password, where it wants some; `shown` tells nothing of them."""

    variable: str
    scheme: str
    host: str
    port: int
    user: tuple[str, str] | None = None

    @property
    def shown(self) -> str:
        """Its address."""
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def on_the_way(title: str, host: str, port: int, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy for https to this host, None where none is to be used.

    Raises `TieropsError`, without a password in it, for a variable that holds no address of a proxy.
    """
    variable = next((name for name in _VARIABLES if environ.get(name, "").strip()), None)
    without = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if variable is None or any(
        _covers(entry, host.lower().rstrip("."), port) for entry in re.split(r"[,\s]+", without)
    ):
        return None
    try:
        return _read(variable, environ[variable])
    except ValueError:
        raise TieropsError(
            f"no way to {title}: {variable} holds no address that can be used; a proxy is http://host:port or"
            " https://host:port"
        ) from None


def passwords(environ: Mapping[str, str]) -> Iterator[str]:
    """The passwords of all proxies that the environment names, as they stand there and as they are sent."""
    for variable in _VARIABLES:
        _, _, login = environ.get(variable, "").rpartition("@")[0].rpartition("/")
        if password := login.partition(":")[2]:
            yield from {password, unquote(password)}


def _read(variable: str, text: str) -> Proxy:
    text = text.strip()
    parts = urlsplit(text if "://" in text else f"http://{text}")
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(parts.scheme)
    user = None if parts.username is None else (unquote(parts.username), unquote(parts.password or ""))
    return Proxy(variable, parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme], user)


def _covers(entry: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY is about a host: it may be a name with all below it, an address or a network, each
    with a port or without. An entry that is none of these is about no host.
    """
    if entry == "*":
        return True
    entry = entry.lower().rpartition("://")[2]
    bracketed = re.fullmatch(r"\[([^]]*)\](/\d+)?(?::(\d+))?", entry)
    if bracketed:
        name, its_port = bracketed[1] + (bracketed[2] or ""), bracketed[3]
    elif entry.count(":") == 1:
        name, _, its_port = entry.partition(":")
    else:
        name, its_port = entry, None
    if its_port and its_port != str(port):
        return False
    own, network = _network(host), _network(name)
    if own is not None or network is not None:
        return own is not None and network is not None and own.network_address in network
    name = name.removeprefix("*").strip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """The network that is written so; an address is one of its own."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
