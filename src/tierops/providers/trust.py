"""Whose certificates are believed: those of the system's store, and those that SSL_CERT_FILE and SSL_CERT_DIR add."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tierops.errors import TieropsError

_FILE, _FOLDER = "SSL_CERT_FILE", "SSL_CERT_DIR"
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")  # as `openssl rehash` names what it finds in a folder


def context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """The one TLS context of all clients, for reading the certificates takes time.

    Raises `TieropsError` for what a variable names and cannot be read.
    """
    return _context(environ.get(_FILE, ""), environ.get(_FOLDER, ""))


@cache
def _context(file: str, folder: str) -> ssl.SSLContext:
    try:
        made = ssl.create_default_context()
    except OSError as error:  # certificates that are not there raise nothing here
        raise TieropsError(f"SSLKEYLOGFILE cannot be written: {error.strerror or error}") from None
    made.set_alpn_protocols(["http/1.1"])
    if own := _the_systems():
        # OpenSSL takes the two variables in place of the system's store, and passes over what it cannot read.
        if file or folder:
            made.load_verify_locations(*own)
    else:  # Windows has a store of another kind, with what was needed there before
        import certifi

        made.load_verify_locations(certifi.where())
    _add(made, _FILE, file, file=file or None)
    for part in filter(None, folder.split(os.pathsep)):
        _add(made, _FOLDER, part, folder=part)
    return made


def _the_systems() -> tuple[Path | None, Path | None] | None:
    """The file and the folder of the system's store, None where it has neither.

    A folder is looked into once a certificate is asked about; a file of all of them is read at once, in 20 ms.
    """
    paths = ssl.get_default_verify_paths()
    file, folder = Path(paths.openssl_cafile), Path(paths.openssl_capath)
    has_file, has_folder = file.is_file(), _is_hashed(folder)
    if has_file or has_folder:
        return (file if has_file else None, folder if has_folder else None)
    return None


def _is_hashed(folder: Path) -> bool:
    """A container may have the folder and nothing in it."""
    try:
        with os.scandir(folder) as entries:
            return any(_HASHED.fullmatch(entry.name) for entry in entries)
    except OSError:
        return False


def _add(made: ssl.SSLContext, variable: str, path: str, *, file: str | None = None, folder: str | None = None) -> None:
    if not path:
        return
    try:
        if folder is not None:
            os.scandir(folder).close()
        made.load_verify_locations(file, folder)
    except OSError as error:  # ssl.SSLError is one
        raise TieropsError(
            f"the certificates that {variable} names cannot be read: {error.strerror or error}"
        ) from None
