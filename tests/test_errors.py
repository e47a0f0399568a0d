"""Suggestions for names that are nearly right."""

import pytest

from simulator.errors import suggestion

METHODS = ["shapley", "permutation_shapley", "leave_one_out", "gtg_shapley", "data_size"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("GTG-Shapley", "gtg_shapley"),
        ("GTG", "gtg_shapley"),
        ("gtgshapley", "gtg_shapley"),
        ("LOO", "leave_one_out"),
        ("Leave One Out", "leave_one_out"),
        ("PS", "permutation_shapley"),
        ("Shaply", "shapley"),
        ("SHAPLEY", "shapley"),
        ("size", "data_size"),
    ],
)
def test_case_marks_initials_and_words_count(name: str, meant: str) -> None:
    assert suggestion(name, METHODS) == f"; did you mean '{meant}'?"


@pytest.mark.parametrize("name", ["", "-", "xyz", "lo"])
def test_nothing_is_suggested_without_a_reason(name: str) -> None:
    assert suggestion(name, METHODS) == ""


def test_letters_of_all_alphabets_count() -> None:
    assert suggestion("ÉTAT", ["état", "age"]) == "; did you mean 'état'?"
