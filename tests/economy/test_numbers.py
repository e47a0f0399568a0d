"""No number moves unawares: runs are what they were when `numbers.json` was written.

Where numbers are to move, `python -m tests.economy.numbers` writes it anew, and CHANGELOG says
which ones moved, and why.
"""

import json

import pytest

from tests.economy.numbers import CASES, RECORDED, SHIPPED, fingerprint, machine

RECORD = json.loads(RECORDED.read_text("utf-8"))


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=[pytest.mark.slow] if case in SHIPPED else []) for case in CASES],
)
def test_a_run_is_what_it_was(case: str) -> None:
    """To the last bit on a machine that computes as the one did where they were written."""
    result, expected = fingerprint(case), RECORD["cases"][case]
    assert result["names"] == expected["names"]
    assert result["last"] == pytest.approx(expected["last"], rel=1e-6, nan_ok=True)
    if machine() == RECORD["machine"]:
        assert result["tables"] == expected["tables"]


def test_what_was_recorded_is_what_is_run() -> None:
    assert RECORD["cases"].keys() == CASES.keys()
