"""The codes of a structured report."""

import pytest
from pydicom.sr.codedict import codes as dictionary
from pydicom.sr.coding import Code
from VertebralFracturesLib.core.levels import ALL_LEVEL_NAMES, LEVEL_NAMES
from VertebralFracturesLib.pacs import codes


def all_codes() -> list[Code]:
    found: list[Code] = []
    for value in vars(codes).values():
        if isinstance(value, Code):
            found.append(value)
        elif isinstance(value, dict | tuple):
            found += [one for one in (value.values() if isinstance(value, dict) else value) if isinstance(one, Code)]
    return found


@pytest.mark.parametrize("name", LEVEL_NAMES)
def test_every_level_has_the_code_that_dicom_lists(name: str) -> None:
    assert codes.LEVELS[name] == getattr(dictionary.SCT, f"{name}Vertebra")


def test_every_level_has_a_code_of_its_own() -> None:
    assert set(codes.LEVELS) == set(ALL_LEVEL_NAMES)
    assert len({code.value for code in codes.LEVELS.values()}) == len(ALL_LEVEL_NAMES)


def test_codes_that_are_not_our_own_are_in_the_dictionary_of_pydicom() -> None:
    unknown = [code for code in all_codes() if code.scheme_designator in ("SCT", "DCM") and not is_known(code)]
    assert unknown == []


def is_known(code: Code) -> bool:
    scheme = getattr(dictionary, code.scheme_designator)
    return any(getattr(scheme, name).value == code.value for name in scheme.dir())


def test_our_own_codes_are_unique_and_short_enough() -> None:
    own = [code for code in all_codes() if code.scheme_designator == codes.SCHEME]
    assert len(own) > 20
    assert len({code.value for code in own}) == len(set(own))
    assert all(len(code.value) <= 16 and len(code.meaning) <= 64 for code in own)
    with pytest.raises(ValueError, match="longer than a DICOM code can be"):
        codes.own("A-VERY-LONG-CODE-", "meaning")


def test_an_item_of_a_sequence_says_what_the_code_says() -> None:
    item = codes.dataset_of(codes.MILLIMETRE)
    assert (item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning) == ("mm", "UCUM", "mm")
    assert (codes.yes_or_no(True).meaning, codes.yes_or_no(False).meaning) == ("Yes", "No")
