"""An emulated vendor confirms nothing that the account beside it believes: neither knows of the other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import tierops
from tierops.emulator.vendors import own

ROOT = Path(tierops.__file__).parent
SHARED = sorted((ROOT / "emulator").glob("*.py"))
VENDORS = sorted((ROOT / "providers").glob("*/emulator/*.py"))
ACCOUNTS = sorted(path for path in (ROOT / "providers").glob("*/*.py") if path.parent.name != "contract")
# The file of faults is read as every other file of a user's.
ALSO = {"fault_file.py": ("tierops.config", "tierops.errors", "tierops.model")}


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(path: Path) -> Iterator[str]:
    """What a module of tierops imports of tierops, at any time."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (name for name in names if name.partition(".")[0] == "tierops")


def is_below(name: str, *packages: str) -> bool:
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("path", SHARED, ids=shown)
def test_what_emulators_share_imports_nothing_else_of_tierops(path: Path) -> None:
    allowed = ("tierops.emulator", *ALSO.get(path.name, ()))
    assert [name for name in imported(path) if not is_below(name, *allowed)] == []


@pytest.mark.parametrize("path", VENDORS, ids=shown)
def test_an_emulated_vendor_imports_its_own_and_what_is_shared(path: Path) -> None:
    """Two APIs of one vendor may share what is alike in both, of their emulators."""
    emulators = [f"tierops.providers.{one.parents[1].name}.emulator" for one in VENDORS]
    assert [name for name in imported(path) if not is_below(name, "tierops.emulator", *emulators)] == []


@pytest.mark.parametrize("path", ACCOUNTS, ids=shown)
def test_an_account_imports_no_emulator(path: Path) -> None:
    assert [name for name in imported(path) if "emulator" in name.split(".")] == []


@pytest.mark.parametrize("path", SHARED, ids=shown)
def test_what_emulators_share_names_no_vendor(path: Path) -> None:
    text = path.read_text().lower()
    assert [kind.name for kind in own() if kind.name in text] == []


def test_each_vendor_is_found_by_the_name_of_its_package() -> None:
    packages = [path.parents[1].name for path in VENDORS if path.name == "__init__.py"]
    assert [kind.name for kind in own()] == [package.replace("_", "-") for package in packages] != []
