"""Names of cases: safe, unique and the same in every run."""

import re

from hypothesis import given
from hypothesis import strategies as st
from VertebralFracturesLib.cli.cohort.cases import Case, safe_name, unique_cases

part = st.text(st.characters(exclude_characters="/\0", exclude_categories=("Cs",)), min_size=1, max_size=150)
plain = st.text("ab_-.A 1", min_size=1, max_size=6)
paths = st.lists(st.one_of(part, plain), min_size=1, max_size=4)


def test_a_path_of_plain_names_is_its_name() -> None:
    assert safe_name(["A", "sub-01", "ct"]) == "A__sub-01__ct"


@given(paths)
def test_names_are_safe_on_every_file_system(parts: list[str]) -> None:
    name = safe_name(parts)
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", name)
    assert len(name) <= 120


@given(st.lists(plain, min_size=1, max_size=3), st.lists(plain, min_size=1, max_size=3))
def test_different_paths_have_different_names(one: list[str], other: list[str]) -> None:
    assert (safe_name(one) == safe_name(other)) == (one == other)


def test_names_that_differ_in_capitals_only_are_told_apart() -> None:
    cases = unique_cases([Case("ct", "/a/ct.nii"), Case("CT", "/b/ct.nii"), Case("other", "/c/x.nii")])
    assert len({case.name.casefold() for case in cases}) == 3
    assert cases[2].name == "other"
    assert cases == unique_cases(cases[::-1])[::-1]


def test_a_case_that_is_named_twice_is_one() -> None:
    assert len(unique_cases([Case("a", "/a.nii"), Case("a", "/a.nii")])) == 1
    assert len(unique_cases([Case("a", "/a", "1.2"), Case("a", "/a", "1.3")])) == 2


def test_an_id_of_the_user_stays() -> None:
    first, second = unique_cases([Case("a", "/a.nii", case_id="P1"), Case("a", "/b.nii")])
    assert first.case_id == "P1"
    assert second.case_id == second.name != "a"
