"""Files as git has them in some revision."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tierops.errors import TieropsError, UsageError

_LONGEST = 60  # seconds


@contextmanager
def checked_out(folder: Path, revision: str) -> Iterator[Path]:
    """The folder as it was in a revision, in a place that is gone at the end of the block.

    Raises `UsageError` for a revision that there is not, or that has no such folder; `TieropsError` where git fails.
    """
    if not revision or revision.startswith("-"):
        raise UsageError(f"{revision!r} is no revision")
    command = ["git", "-C", str(folder), "archive", "--format=tar", revision]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_LONGEST)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TieropsError(f"git does not give the files of {revision}: {error}") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it gives no reason"]
        raise UsageError(f"git has no revision {revision!r} of {folder}: {said[-1].removeprefix('fatal: ')}")
    with tempfile.TemporaryDirectory(prefix="tierops-revision-") as place:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(place, filter="data")
        yield Path(place)
