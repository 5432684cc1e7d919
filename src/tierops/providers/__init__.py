"""The vendors. Each is a package, here or in a distribution with an entry point in the group `tierops.providers`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tierops.errors import TieropsError

if TYPE_CHECKING:
    from tierops.emulator import Api
    from tierops.providers.accounts import Account
    from tierops.providers.vendor import Vendor

ENTRY_POINTS = "tierops.providers"

_loaded: dict[str, Vendor] = {}


@cache
def own() -> tuple[Vendor, ...]:
    """The vendors that tierops brings along, by rank."""
    folders = (path.name for path in Path(__file__).parent.iterdir() if (path / "account.py").is_file())
    vendors = (import_module(f"{__name__}.{folder}").VENDOR for folder in folders)
    return tuple(sorted(vendors, key=lambda vendor: (vendor.rank, vendor.name)))


def known(name: str) -> Vendor | None:
    """The vendor of a name, None where there is none.

    Other distributions are looked through for a name that is not one of tierops' own, for that takes time. Raises
    `TieropsError` for one whose package cannot be imported.
    """
    for vendor in own():
        if vendor.name == name:
            return vendor
    if name not in _loaded:
        from importlib.metadata import entry_points

        for entry in entry_points(group=ENTRY_POINTS, name=name):
            try:
                _loaded[name] = entry.load()
            except Exception as error:
                raise TieropsError(f"the vendor {name} ({entry.value}) cannot be used: {error}") from error
    return _loaded.get(name)


def find(name: str) -> Vendor:
    """The vendor of a name. Raises `TieropsError` where there is none."""
    vendor = known(name)
    if vendor is None:
        raise TieropsError(f"there is no vendor {name!r}; there are: {', '.join(names())}")
    return vendor


def loaded() -> tuple[Vendor, ...]:
    """Every vendor that this run knows so far: tierops' own, and those that were asked for by name."""
    return (*own(), *_loaded.values())


def secrets(environ: Mapping[str, str]) -> Iterator[str]:
    """The values that must not leave tierops: passwords of proxies, and every variable of a vendor but the open ones.

    A key is among them as it stands there, and as it is sent.
    """
    from tierops.providers import proxies
    from tierops.providers.accounts import bare

    yield from proxies.passwords(environ)
    for vendor in loaded():
        prefix = vendor.url_variable.removesuffix("URL")
        is_open = {vendor.url_variable, *(variable.name for variable in vendor.variables if not variable.is_secret)}
        for name, value in environ.items():
            if name.startswith(prefix) and name not in is_open:
                yield from {value.strip(), bare(value)}


def names() -> tuple[str, ...]:
    """The names of all vendors that are installed."""
    from importlib.metadata import entry_points

    others = (entry.name for entry in entry_points(group=ENTRY_POINTS))
    return tuple(dict.fromkeys([*(vendor.name for vendor in own()), *others]))


def emulators(tell: Callable[[str], object] = lambda _: None) -> tuple[type[Api[Any]], ...]:
    """What emulates the vendors that are installed, by name; one that brings no emulator along is left out.

    So is one that cannot be imported, of which `tell` hears.
    """
    emulated: list[type[Api[Any]]] = []
    for name in sorted(names()):
        try:
            package = f"{find(name).package}.emulator"
            if find_spec(package):
                emulated.append(import_module(package).Api)
        except TieropsError as error:
            tell(str(error))
        except Exception as error:  # noqa: BLE001 (others may bring anything along, and are not needed)
            tell(f"{name} is not emulated: {type(error).__name__}: {error}")
    return tuple(emulated)


def account(vendor: Vendor) -> type[Account]:
    """The class that talks to the vendor's API. Imports the HTTP client with it."""
    return cast("type[Account]", import_module(f"{vendor.package}.account").Account)
