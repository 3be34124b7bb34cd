"""Every command for research is there and says what it takes, without loading a network."""

import importlib.util

import pytest
from helpers.command import assert_one_error_line, run_process
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.cli.research import COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["research", command, "--help"])
    assert ended.value.code == 0
    assert f"usage: vertebral-fractures research {command}" in capsys.readouterr().out


def test_the_commands_are_listed() -> None:
    shown = run_process("research", "--help")
    assert shown.returncode == 0
    for command, text in COMMANDS.items():
        assert f"    {command} " in shown.stdout or f"    {command}\n" in shown.stdout
        assert text in " ".join(shown.stdout.split())


def test_a_missing_extra_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *_: None if name == "matplotlib" else find(name))
    assert main(["research"]) == 2
    assert_one_error_line(capsys.readouterr().err, 'needs the extra research: pip install ".[research]"')


def test_the_help_of_a_command_loads_no_network() -> None:
    code = (
        "import sys; from VertebralFracturesLib.cli.main import main, COMMANDS; "
        "from VertebralFracturesLib.cli import research\n"
        "for words in [[name] for name in COMMANDS] + [['research', name] for name in research.COMMANDS]:\n"
        "    try: main([*words, '--help'])\n"
        "    except SystemExit: pass\n"
        "print(sorted({'torch', 'vtk', 'slicer', 'matplotlib'} & set(sys.modules)), file=sys.stderr)"
    )
    assert run_process(code=code).stderr == "[]\n"
