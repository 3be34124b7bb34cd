import pytest
from VertebralFracturesLib.files import write_text


def test_a_file_is_replaced_whole(tmp_path):
    target = tmp_path / "table.csv"
    target.write_text("old")
    write_text(target, "a,b\r\n", "utf-8-sig")
    assert target.read_bytes() == b"\xef\xbb\xbfa,b\r\n"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path):
    target = tmp_path / "table.csv"
    target.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_text(target, "é", "ascii")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]
