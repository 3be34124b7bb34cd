"""Commands are loaded when they are asked for; inputs give their names to results."""

import sys
from pathlib import Path

import pytest
from VertebralFracturesLib.cli.arguments import CommandParser, add_commands, default_output, input_name, say
from VertebralFracturesLib.cli.main import main
from VertebralFracturesLib.errors import UnusableInput


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandParser:
    """A program with the commands "first", whose module exists, and "absent", whose module does not."""
    package = tmp_path / "some_commands"
    package.mkdir()
    text = (
        "def add_arguments(parser):\n    parser.add_argument('--count', type=int)\n"
        "def run(args):\n    return args.count\n"
    )
    (package / "the_first.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    parser = CommandParser(prog="program")
    add_commands(parser, "some_commands", {"the-first": "counts", "absent": "is not installed"})
    return parser


def test_a_command_is_loaded_when_it_is_asked_for(commands: CommandParser, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        commands.parse_args(["--help"])
    assert "counts" in capsys.readouterr().out
    assert "some_commands.the_first" not in sys.modules
    args = commands.parse_args(["the-first", "--count", "3"])
    assert args.command(args) == 3
    assert commands.parse_args(["the-first", "--count", "4"]).count == 4


def test_a_command_that_is_not_installed_says_so(commands: CommandParser) -> None:
    with pytest.raises(UnusableInput, match="program absent is not part of this installation"):
        commands.parse_args(["absent"])


def test_research_that_is_not_installed_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in 3D Slicer, where its modules are missing."""
    for name in [name for name in sys.modules if name.startswith("VertebralFracturesLib.cli.research")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Without("VertebralFracturesLib.cli.research"), *sys.meta_path])
    assert main(["research", "evaluate"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "vertebral-fractures research is not part of this installation" in lines[0]


class _Without:
    """Finds no module of one name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == self.name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("data/chest.nii.gz", "chest"),
        ("chest.NII.GZ", "chest"),
        ("chest.nrrd", "chest"),
        ("series.1/", "series"),
        ("/", "volume"),
    ],
)
def test_inputs_give_their_names_without_suffixes(path: str, name: str) -> None:
    assert input_name(Path(path)) == name


def test_what_is_said_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    say("two\n  lines")
    assert capsys.readouterr().err == "vertebral-fractures: two lines\n"


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("data/chest.nii.gz", "chest"),
        ("CASE-7/ct.nii.gz", "CASE-7"),
        ("CASE-7/CT_01.nrrd", "CASE-7"),
        ("CASE-7/scans/image.nii", "scans"),
        ("CASE-7/series 3/DICOM", "CASE-7"),
        ("CASE-7/octet.nii", "octet"),
        ("CASE-7/results/scene.mrb", "results"),
        ("/ct.nii.gz", "ct"),
    ],
)
def test_results_of_different_cases_go_to_different_folders(path: str, folder: str) -> None:
    assert default_output(Path(path), "vertebral-fractures") == Path(f"{folder}-vertebral-fractures")


def test_a_common_name_takes_that_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "CASE-8").mkdir()
    monkeypatch.chdir(tmp_path / "CASE-8")
    assert default_output(Path("ct.nii.gz"), "pictures") == Path("CASE-8-pictures")


def test_a_folder_has_no_longer_a_name_than_file_systems_take() -> None:
    name = str(default_output(Path("ö" * 200 + ".nii"), "vertebral-fractures"))
    assert len(name.encode()) <= 255
    assert name.endswith("ö-vertebral-fractures")


@pytest.mark.parametrize("command", ["analyze", "radiograph"])
def test_the_help_states_the_rule_of_the_default_folder(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    with pytest.raises(SystemExit):
        main([command, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "NAME-vertebral-fractures in the current folder" in text
    assert "--case-id ID" in text
    assert "--identify" in text
