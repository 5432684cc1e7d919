"""Members to count: those of CDNOW, and whatever a test writes down."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import pytest
from balances import write

Write = Callable[..., Path]


@pytest.fixture
def csv(tmp_path: Path) -> Write:
    """Writes rows to a CSV file in the folder of the test: `csv("value", "10", "20")`."""

    def write_lines(*lines: str, name: str = "members.csv") -> Path:
        path = tmp_path / name
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    return write_lines


@pytest.fixture(scope="session")
def cdnow_cents() -> dict[str, int]:
    """What each of CDNOW's customers spent in 18 months, in cents, from the data of a package that is not imported."""
    try:
        listed = files("lifetimes") or []
    except PackageNotFoundError:
        pytest.skip("CDNOW is not here: `make test` installs it (lifetimes==0.11.3)")
    path = next(Path(str(file.locate())) for file in listed if file.name == "CDNOW_master.txt")
    cents: Counter[str] = Counter()
    for line in path.read_text().splitlines()[1:]:
        if cells := line.split():
            dollars = Decimal(cells[3])
            assert dollars * 100 == int(dollars * 100)
            cents[cells[0]] += int(dollars * 100)
    return dict(cents)


@pytest.fixture(scope="session")
def cdnow(cdnow_cents: dict[str, int], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CDNOW's customers with their dollars."""
    path = tmp_path_factory.mktemp("cdnow") / "cdnow.csv"
    return write(path, {customer: Decimal(cents) / 100 for customer, cents in cdnow_cents.items()})


@pytest.fixture(scope="session")
def spark() -> Iterator[None]:
    """A Spark on this machine, for the tests of one process. Skips where there is none to be had."""
    pytest.importorskip("pyspark", reason="Spark is not here: pip install 'tierops[spark]'")
    if shutil.which("java") is None:
        pytest.skip("Spark needs a Java runtime: apt install default-jre-headless")
    from pyspark.sql import SparkSession

    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.ui.showConsoleProgress": "false",
    }
    session = SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield
    session.stop()


@pytest.fixture(params=["duckdb", "spark"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    name: str = request.param
    if name == "spark":
        request.getfixturevalue("spark")
    return name
