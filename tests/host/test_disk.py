"""Files are written whole or not at all, over files only, and plans for nobody else to read."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from harness import Run

from tierops.emulator import Emulator
from tierops.errors import BadFile, Exit
from tierops.host import disk


@pytest.fixture
def saved(emulator: Emulator, tierops: Run, sample: Path) -> Path:
    """Where `plan --out` is to write; what is beside it must stay as it is."""
    emulator.voucherify.load_examples()
    Path("out").mkdir()
    return Path("out/plan.json")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_plan_is_readable_by_its_owner_alone(umask: int, saved: Path, tierops: Run) -> None:
    before = os.umask(umask)
    try:
        assert tierops("plan", "--out", str(saved)).code == Exit.DONE
    finally:
        os.umask(before)
    assert mode(saved) == 0o600


def test_a_plan_over_a_file_that_all_could_read_is_private(saved: Path, tierops: Run) -> None:
    saved.write_text("older")
    saved.chmod(0o666)
    with saved.open() as reader:
        assert tierops("plan", "--out", str(saved)).code == Exit.DONE
        assert reader.read() == "older"  # who had it open does not see the new one
    assert (mode(saved), saved.read_text()[0]) == (0o600, "{")


def test_another_name_of_the_file_keeps_what_it_had(saved: Path, tierops: Run) -> None:
    other = Path("other.json")
    other.write_text("precious")
    os.link(other, saved)
    assert tierops("plan", "--out", str(saved)).code == Exit.DONE
    assert other.read_text() == "precious"


@pytest.mark.parametrize("there", ["a file", "nothing", "a folder", "itself"])
def test_a_link_is_neither_followed_nor_replaced(there: str, saved: Path, tierops: Run) -> None:
    target = Path("precious").absolute()
    if there == "a file":
        target.write_text("precious")
    elif there == "a folder":
        target.mkdir()
    saved.symlink_to(saved.absolute() if there == "itself" else target)
    ended = tierops("plan", "--out", str(saved))
    assert ended.code == Exit.FAILED
    assert "it is a symbolic link, which tierops does not" in ended.err
    assert saved.is_symlink()
    assert [path.name for path in Path("out").iterdir()] == ["plan.json"]
    assert target.exists() == (there in {"a file", "a folder"})
    assert there != "a file" or target.read_text() == "precious"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere/plan.json", "cannot write nowhere/plan.json: No such file or directory"),
        ("tiers/loyalty-campaign.yaml/plan.json", "Not a directory"),
        ("out", "Is a directory"),
        ("out/..", "Is a directory"),
        ("out/new/", "'out/new/' is a folder, not a file"),
        ("pipe", "cannot write pipe: it is not a regular file"),
        ("/dev/null", "cannot write /dev/null: it is not a regular file"),
        ("/dev/stdout", "cannot write /dev/stdout: it is"),
        ("/proc/plan.json", "cannot write /proc/plan.json: "),
        ("x" * 256, "File name too long"),
        ("plan\0.json", "cannot be the name of a file"),
        ("", "cannot be the name of a file"),
        ("-", "'-' is not taken for stdin or stdout; for a file of that name, write ./-"),
    ],
)
def test_what_cannot_be_written_is_one_sentence_and_leaves_nothing(
    name: str, reason: str, saved: Path, tierops: Run
) -> None:
    os.mkfifo("pipe")
    before = sorted(Path().rglob("*"))
    ended = tierops("plan", "--out", name)
    is_a_name = "the name of a file" not in reason and "folder" not in reason and "stdin" not in reason
    assert ended.code == (Exit.FAILED if is_a_name else Exit.USAGE)
    assert reason in " ".join(ended.err.split())
    assert sorted(Path().rglob("*")) == before


def test_a_system_without_some_of_the_flags_will_do(tmp_path: Path) -> None:
    code = (
        "import os, sys; del os.O_NONBLOCK\n"
        "from pathlib import Path\n"
        "from tierops.host import disk\n"
        "from tierops.config import files\n"
        "path = Path(sys.argv[1], 'x.yaml')\n"
        "disk.save(path, 'a: 1', disk.PRIVATE)\n"
        "print(disk.read(path, 9), files.read(path)[0][0].data)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "b'a: 1' {'a': 1}\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_folder_that_is_read_only_is_one_sentence(saved: Path, tierops: Run) -> None:
    saved.parent.chmod(0o500)
    ended = tierops("plan", "--out", str(saved))
    saved.parent.chmod(0o700)
    assert ended.code == Exit.FAILED
    assert "cannot write out/plan.json: Permission denied" in ended.err


def test_a_dash_and_a_long_name_can_be_files(saved: Path, tierops: Run) -> None:
    for name in ("./-", "x" * 255):
        assert tierops("plan", "--out", name).code == Exit.DONE
        assert tierops("apply", name).code == Exit.DONE


_STOPPED = """
import os, signal, sys
from pathlib import Path
from tierops.host import disk
def stop(*_): os.kill(os.getpid(), signal.SIG{signal})
{where} = stop
disk.save(Path("plan.json"), "new" * 100_000, disk.PRIVATE)
"""


@pytest.mark.parametrize("where", ["os.fsync", "Path.replace"])
@pytest.mark.parametrize("signal_", ["KILL", "INT"])
def test_a_process_stopped_before_the_end_leaves_the_file_as_it_was(where: str, signal_: str, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("old")
    program = _STOPPED.format(signal=signal_, where=where)
    ended = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, check=False)
    assert ended.returncode == -signal.Signals[f"SIG{signal_}"]
    assert (tmp_path / "plan.json").read_text() == "old"
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left[-1] == "plan.json"
    assert len(left) == (2 if signal_ == "KILL" else 1)  # nobody can tidy up after kill -9
    assert all(path.name == "plan.json" or mode(path) == 0o600 for path in tmp_path.iterdir())


def test_a_full_disk_leaves_the_file_as_it_was(saved: Path, tierops: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    saved.write_text("old")
    monkeypatch.setattr("os.fsync", full)
    ended = tierops("plan", "--out", str(saved))
    assert ended.code == Exit.FAILED
    assert "cannot write out/plan.json: No space left on device" in ended.err
    assert [path.name for path in saved.parent.iterdir()] == ["plan.json"]
    assert saved.read_text() == "old"


def test_content_is_on_the_disk_before_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    path = tmp_path / "plan.json"

    def fsync(descriptor: int) -> None:
        assert not path.exists()
        synced.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr("os.fsync", fsync)
    disk.save(path, "content", disk.PRIVATE)
    assert synced == [len("content")]
    assert path.read_text() == "content"


def test_a_file_that_is_read_is_cut_off_where_asked(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"123456")
    assert (disk.read(path, 4), disk.read(path, 6), disk.read(path, 100)) == (b"1234", b"123456", b"123456")


def test_who_may_read_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    for bits, private in {0o600: True, 0o400: True, 0o640: False, 0o604: False}.items():
        path.chmod(bits)
        assert disk.is_private(path) == private
    with pytest.raises(BadFile, match=r"cannot read .*nowhere"):
        disk.is_private(tmp_path / "nowhere")
