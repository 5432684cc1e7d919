"""The flow holds: nothing imports from its right, and each effect and each heavy library has its one place."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import tierops
from tierops import cli

ROOT = Path(tierops.__file__).parent

# What each part may import of tierops, at any time. A part is a module, or a package with all that is in it.
FLOW = {
    "errors": {"model"},
    "model": set(),
    "text": {"model"},
    "host": {"errors"},
    "config": {"model", "errors", "host", "text", "providers"},
    "rules": {"model", "text"},
    "diff": {"model", "text"},
    "providers": {"", "model", "errors", "text", "emulator"},
    "plan": {"model", "errors", "diff", "rules", "text"},
    "promises": {"model", "rules", "providers"},
    "plan_file": {"", "model", "errors", "text", "host", "plan", "providers"},
    "apply": {"model", "errors", "diff", "plan"},
    "output": {"", "model", "errors", "text", "plan", "plan_file", "providers", "journal", "rules"},
    "emulator": {"model", "errors", "config"},
    "importing": {"model", "errors", "text", "config", "rules", "providers"},
    "comparing": {"model", "text"},
    "adopting": {"model", "errors", "text", "config", "providers"},
    "pipeline": {"", "model", "errors", "config", "providers", "rules", "diff", "plan", "plan_file", "apply"}
    | {"host", "promises"},
    "members": {"model", "errors", "text", "host"},
    "journal": {"", "model", "errors", "text", "plan_file", "host"},
    "commands": {"", "model", "errors", "config", "providers", "importing", "host", "text", "journal", "emulator"}
    | {"pipeline", "apply", "output", "adopting", "comparing", "diff", "plan", "promises", "members"},
    "cli": {"", "errors", "commands", "host"},
    "__main__": {"cli"},
    # Tests for the packages of vendors, which no other part imports.
    "contract": {"", "model", "errors", "config", "plan", "plan_file", "apply", "providers", "emulator", "importing"},
    "": set(),
}

# The only part that may import a library.
ONE_IMPORTER = {
    "deepdiff": {"diff.py"},
    "jsonschema": {"config/explain.py", "providers/contract/reading.py"},
    "jsonschema_rs": {"config/check.py"},
    "ruamel": {"config/roundtrip.py"},
    "yaml": {"config/syntax.py", "config/yamltext.py"},
    "httpx": {
        f"providers/{name}.py"
        for name in ("address", "answer", "http", "token", "connection", "contract/setup", "wire", "exchange")
    }
    | {"providers/direct.py", "providers/proxied.py"},
    "httpcore": {"providers/proxied.py"},
    "certifi": {"providers/trust.py"},
    "cryptography": {"plan_file/signing.py"},
    "jinja2": {"output/jinja.py", "output/notice.py", "commands/scaffold.py"},
    "markupsafe": {"output/jinja.py"},
    "pydantic": {"plan_file/document.py", "plan_file/impact_document.py", "plan_file/reading.py", "journal/document.py"}
    | {"members/terms.py", "members/run.py"},
    "duckdb": {"members/embedded.py"},
    "narwhals": {f"members/{name}.py" for name in ("census", "embedded", "expression", "spark")},
    "pyspark": {"members/spark.py"},
    "pytest": {f"providers/contract/{name}.py" for name in ("__init__", "reading", "writing")},
}

MODULES = sorted(ROOT.rglob("*.py"))


def part(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    if parts[:2] == ("providers", "contract"):
        return "contract"
    name = parts[0].removesuffix(".py")
    return "" if name == "__init__" else name


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_imports_from_its_right(path: Path) -> None:
    own = part(path)
    for name in imports(path):
        package, _, rest = name.partition(".")
        if package == "tierops":
            module = rest.partition(".")[0]
            other = module if module in FLOW else ""
            assert own == "contract" or not rest.startswith("providers.contract"), f"{path}: tests are imported"
            assert other == own or other in FLOW[own], f"{own or 'tierops'} may not import {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_library_has_its_importers(path: Path) -> None:
    for name in imports(path):
        allowed = ONE_IMPORTER.get(name.partition(".")[0])
        assert allowed is None or path.relative_to(ROOT).as_posix() in allowed, f"{path} imports {name}"


# What may be used in one place only. The demonstration passes its environment on to the processes that it starts.
ONE_USER = {
    "click.echo": {"commands/console.py"},
    "click.prompt": {"commands/console.py"},
    "click.confirm": set(),
    "click.secho": set(),
    "os.environ": {"commands/session.py", "commands/demo.py"},
    "os.getenv": set(),
    "os._exit": {"commands/session.py"},
    "sys.exit": {"cli.py"},
}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_console_prints_and_only_the_session_reads_the_environment(path: Path) -> None:
    own = path.relative_to(ROOT).as_posix()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Name):
            assert node.id not in {"print", "input"}
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used = f"{node.value.id}.{node.attr}"
            assert own in ONE_USER.get(used, {own}), f"{path}:{node.lineno}: {used}"


def test_no_command_imports_another_one() -> None:
    modules = {entry.place.partition(":")[0] for entry in cli.COMMANDS.values()}
    for path in (ROOT / "commands").glob("*.py"):
        names = {name.removeprefix("tierops.commands.").partition(".")[0] for name in imports(path)}
        assert not names & modules - {path.stem}, path


# Where a vendor has no other way to create than to send a whole list: a test of its own holds that such a list names
# nothing that is live, and goes only where nothing is that it could delete.
SENDS_LISTS = {"openloyalty/tiers.py": {"PUT"}}


def test_no_provider_can_change_or_delete() -> None:
    for path in [*(ROOT / "providers").glob("*.py"), *(ROOT / "providers").glob("*/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant):
                allowed = SENDS_LISTS.get("/".join(path.parts[-2:]), set())
                assert node.value not in {"PUT", "PATCH", "DELETE"} - allowed
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"put", "patch", "delete"}


def test_modules_stay_small() -> None:
    long = {path.name: n for path in MODULES if (n := len(path.read_text().splitlines())) > 300}
    assert long == {}


def test_no_modules_import_each_other_in_a_circle() -> None:
    """What is imported where a module begins; types alone, and what a function imports late, close no circle."""
    names = {
        ".".join(("tierops", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__"): path
        for path in MODULES
    }
    graph = {
        name: {
            other if other in names else other.rpartition(".")[0]
            for node in ast.parse(path.read_text()).body
            for other in (
                {f"{node.module}.{alias.name}" for alias in node.names}
                if isinstance(node, ast.ImportFrom)
                else {alias.name for alias in node.names}
                if isinstance(node, ast.Import)
                else ()
            )
            if other in names or other.rpartition(".")[0] in names
        }
        - {name}
        for name, path in names.items()
    }
    # A package is whole only once what it names is; so each module reaches itself only through a circle.
    for start in graph:
        seen: set[str] = set()
        ahead = list(graph[start])
        while ahead:
            name = ahead.pop()
            assert name != start, f"{start} imports itself by way of {sorted(seen)}"
            if name not in seen:
                seen.add(name)
                ahead += graph[name]
