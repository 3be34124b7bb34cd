"""Whatever happens in a process, one line tells it, nothing surrounds that line, and a log holds the rest."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.command import COMMAND, assert_one_error_line, run_process
from helpers.repository import MODULE
from VertebralFracturesLib.cli.process import is_out_of_memory

FAILING = """
import os, sys, warnings
from VertebralFracturesLib.cli import main
from VertebralFracturesLib.io import ct
def read(*_):
    os.write(1, b"chatter of a library\\n")
    os.write(2, b"chatter of a library\\n")
    warnings.warn("chatter of Python")
    import logging
    logging.getLogger("pydicom").warning("chatter of pydicom")
    raise {error}
ct._read = read
sys.exit(main.main())
"""


def run_failing(error: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return run_process(
        "analyze", "ct.nii.gz", code=FAILING.format(error=error), cwd=folder, environment={"TMPDIR": str(folder)}
    )


@pytest.mark.parametrize(
    "error", ["RecursionError('too deep\\nsecond line')", "OverflowError('\\x1b[2J')", "StopIteration()", "KeyError(1)"]
)
def test_an_unexpected_error_is_one_line_and_a_log(tmp_path: Path, error: str) -> None:
    failed = run_failing(error, tmp_path)
    assert failed.returncode == 2
    assert failed.stdout == ""
    assert_one_error_line(failed.stderr, "nothing was written")
    assert [line for line in failed.stderr.splitlines() if line != "reading"][1:] == []
    assert "\x1b" not in failed.stderr
    named = re.search(r"the log file (\S+\.log)", failed.stderr)
    assert named is not None
    log = Path(named[1]).read_text()
    for expected in (
        "Traceback",
        error.split("(")[0],
        "chatter of a library",
        "chatter of Python",
        "chatter of pydicom",
    ):
        assert expected in log
    assert log.count("chatter of a library") == 2
    assert list(tmp_path.iterdir()) == [Path(named[1])]


@pytest.mark.parametrize("error", ["MemoryError()", "RuntimeError('DefaultCPUAllocator: can\\'t allocate memory')"])
def test_too_little_memory_is_one_line_without_a_log(tmp_path: Path, error: str) -> None:
    failed = run_failing(error, tmp_path)
    assert failed.returncode == 2
    assert_one_error_line(failed.stderr, "not enough memory")
    assert list(tmp_path.iterdir()) == []


def test_errors_of_too_little_memory_are_told_from_others() -> None:
    assert is_out_of_memory(OSError(12, "Cannot allocate memory"))
    assert not is_out_of_memory(OSError(28, "No space left on device"))
    assert not is_out_of_memory(ValueError("memory of an elephant"))


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("redirection", "code"),
    [("| true", 0), ("2>&1 | true", 0), (">&-", 0), ("2>&-", 0), ("<&- >&- 2>&-", 0), ("> /dev/full", 2)],
)
def test_streams_that_nobody_reads_change_no_result(tmp_path: Path, redirection: str, code: int) -> None:
    if "/dev/full" in redirection and not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    many = "import sys; from VertebralFracturesLib.cli import main, demo\n" + (
        "from VertebralFracturesLib.files import output_folder\n"
        "def run(args):\n"
        "    with output_folder(args.output) as folder: (folder / 'a.txt').write_text('a')\n"
        "    for _ in range(20000): print('a line of a table')\n"
        "demo.run = run\n"
        "sys.exit(main.main(['demo', '-o', 'out']))"
    )
    script = f'"{sys.executable}" -c "$CODE" {redirection}; echo ${{PIPESTATUS[0]}} >&3'
    ended = subprocess.run(
        ["bash", "-c", f"exec 3>&1; ({script})"], cwd=tmp_path, text=True, capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": str(MODULE), "CODE": many, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert ended.stdout.splitlines()[-1] == str(code)
    assert (tmp_path / "out" / "a.txt").read_text() == "a"
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr
    if code:
        assert_one_error_line(ended.stderr, "was written before and is complete")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_a_run_that_ignores_the_end_of_its_terminal_goes_on(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from VertebralFracturesLib.cli import main, demo\n"
        "demo.run = lambda args: (os.kill(os.getpid(), signal.SIGHUP), print('went on'))\n"
        "sys.exit(main.main(['demo']))"
    )
    assert run_process(code=code, cwd=tmp_path).stdout == "went on\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_a_signal_after_results_were_published_does_not_deny_them(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "from VertebralFracturesLib.cli import main, demo\n"
        "from VertebralFracturesLib.files import output_folder\n"
        "def run(args):\n"
        "    with output_folder(args.output): pass\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "demo.run = run\n"
        "sys.exit(main.main(['demo', '-o', 'out']))"
    )
    ended = run_process(code=code, cwd=tmp_path)
    assert ended.returncode == 130
    assert_one_error_line(ended.stderr, "was written before and is complete")


@pytest.mark.skipif(os.name == "nt", reason="Windows has other names")
@pytest.mark.parametrize("name", [b"caf\xe9.nii.gz", b"x" * 300, b"red\x1b[31m.nii", b"new\nline.nii"])
def test_a_name_of_any_kind_is_told_in_one_line(tmp_path: Path, name: bytes) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", COMMAND, "analyze", name],
        cwd=tmp_path, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": str(MODULE)},
    )  # fmt: skip
    stderr = ended.stderr.decode()
    assert ended.returncode == 2
    assert_one_error_line(stderr, "is not valid UTF-8: rename the file" if b"\xe9" in name else "")
    assert "\x1b" not in stderr
    assert list(tmp_path.iterdir()) == []


def test_a_negative_seed_is_refused_in_one_line(tmp_path: Path) -> None:
    for arguments in (("demo",), ("research", "evaluate-radiographs", str(tmp_path))):
        failed = run_process(*arguments, "--seed", "-1", cwd=tmp_path)
        assert failed.returncode == 2
        assert_one_error_line(failed.stderr, "has to be 0 or more")
