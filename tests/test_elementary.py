"""Exponential, logarithm and logistic function: against exact decimals, and how they compile."""

import hashlib
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from decimal import Context, Decimal
from functools import partial
from itertools import product
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import elementary, elementary_kernels
from simulator.components import Floats
from simulator.federation import (
    UTILITIES,
    BetaShapley,
    LinearGame,
    PermutationShapley,
    SgdClassifier,
    Shapley,
)

EXACT = Context(prec=60, Emin=-10_000, Emax=10_000)
CLOSE = 3.4e-16  # relative to the exact value
NAMED_NAN = np.array([0x7FF80000000007A2]).view(np.float64)[0]  # with bits of its own, as R's NA
ODD = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 5e-324, 1e-310, 2.0**-1022, 1e300, -1e300]
EDGES = [709.78, 709.79, 708.4, -708.4, -708.5, -745.13, -745.14, -1e4, 36.04, -36.8]


def error(result: Floats, exact: Decimal) -> float:
    """Relative error of a float."""
    return float(abs(EXACT.divide(EXACT.subtract(Decimal(float(result)), exact), exact)))


@given(st.floats(-708, 709))
def test_exp_is_exact_to_the_last_bit_or_so(x: float) -> None:
    assert error(elementary.exp(x), EXACT.exp(Decimal(x))) < CLOSE


@given(st.floats(2.0**-1022, 1e308) | st.floats(0.5, 2))
def test_log_is_exact_to_the_last_bit_or_so(x: float) -> None:
    result, exact = elementary.log(x), EXACT.ln(Decimal(x))
    assert result == 0 if x == 1 else error(result, exact) < CLOSE


@given(st.floats(-700, 700))
def test_the_logistic_function_is_exact_to_the_last_bit_or_so(x: float) -> None:
    exact = EXACT.divide(Decimal(1), EXACT.add(Decimal(1), EXACT.exp(-Decimal(x))))
    assert error(elementary.logistic(x), exact) < 2 * CLOSE


@pytest.mark.parametrize("name", ["exp", "log"])
def test_odd_numbers_are_treated_as_by_numpy(name: str) -> None:
    values = np.array(ODD + EDGES)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(values)
    result = getattr(elementary, name)(values)
    np.testing.assert_allclose(result, expected, rtol=4.5e-16, atol=5e-324)
    assert elementary.logistic(ODD[:5]).tolist()[1:] == [1, 0, 0.5, 0.5]
    assert np.isnan(elementary.logistic(np.nan))


@given(st.floats(-745.1, -708.5))
def test_subnormal_results_are_rounded_once(x: float) -> None:
    assert abs(elementary.exp(x) - float(EXACT.exp(Decimal(x)))) <= 5e-324


def test_results_have_any_shape_and_go_where_they_are_wanted() -> None:
    values = np.linspace(-3, 3, 24).reshape(2, 3, 4)
    expected = elementary.exp(values)
    assert np.allclose(expected, np.exp(values), rtol=1e-15, atol=0)
    for view in (values.T, values[:, ::2], values[0, 0, 0]):
        np.testing.assert_array_equal(elementary.exp(view), elementary.exp(np.array(view)))
    into, part = np.empty_like(values), np.ones((2, 6, 4))
    assert elementary.exp(values, out=into) is into
    elementary.exp(values, out=part[:, ::2])
    np.testing.assert_array_equal(part[:, ::2], expected)
    assert (part[:, 1::2] == 1).all() and values[0, 0, 0] == -3
    assert elementary.exp(values, out=values) is values
    np.testing.assert_array_equal(values, expected)
    np.testing.assert_array_equal(into, expected)
    assert elementary.exp([0, 0]).tolist() == [1, 1]


def test_a_likelihood_that_is_no_number_stays_none() -> None:
    labels = np.zeros(40, dtype=np.int64)
    for weights in (None, np.ones(40)):
        odds, shares = np.zeros((3, 40)), np.ones((3, 2, 40))
        odds[1, 7] = shares[1, 0, 7] = NAMED_NAN
        for result in (
            elementary.log_likelihood_of_odds(odds, labels, weights),
            elementary.log_likelihood(shares, labels, weights),
        ):
            assert result[[0, 2]] == pytest.approx(-np.log(2), rel=1e-15)
            assert np.isnan(result[1])


def test_other_shapes_are_refused() -> None:
    labels = np.array([0, 1, 2])
    with pytest.raises(ValueError, match="classes from 0 to 1"):
        elementary.log_likelihood(np.ones((1, 2, 3)), labels)
    with pytest.raises(ValueError, match=re.escape("(1, 3, 4), not (1, 3, 3)")):
        elementary.log_likelihood(np.ones((1, 3, 4)), labels)
    with pytest.raises(ValueError, match=re.escape("(2, 2), not (2, 3)")):
        elementary.log_likelihood_of_odds(np.ones((2, 2)), labels)
    for wrong in (labels, labels - 1, labels[:0]):
        with pytest.raises(ValueError, match="classes from 0 to 1"):
            elementary.log_likelihood_of_odds(np.ones((2, wrong.size)), wrong)
        with pytest.raises(ValueError, match="classes from 0 to 1"):
            elementary.log_likelihood(np.ones((1, 2, wrong.size)), wrong)
    with pytest.raises(ValueError, match=re.escape("weights are of shape (2,), not (3,)")):
        elementary.log_likelihood(np.ones((1, 3, 3)), labels, np.ones(2))


def test_results_go_into_floats_that_can_be_written() -> None:
    whole, fixed = np.arange(3), np.arange(3.0)
    fixed.flags.writeable = False
    with pytest.raises(TypeError, match="float64, not int64"):
        elementary.exp(whole, out=whole)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="read-only"):
        elementary.exp(fixed, out=fixed)
    assert elementary.exp(whole) == pytest.approx(np.exp(fixed), rel=1e-15)


def some_results() -> list[Floats]:
    """Results of everything, for numbers small and large."""
    draws = np.random.default_rng(0)
    values = np.concatenate([draws.normal(0, scale, 200) for scale in (1e-3, 1, 30, 300)])
    labels, weights = draws.integers(0, 3, 101), draws.lognormal(size=101)
    scores = draws.normal(0, 4, (5, 3, 101))
    shares = elementary.logistic(scores)
    return [
        *(function(values) for function in (elementary.exp, elementary.logistic)),
        elementary.log(np.abs(values)),
        *(elementary.log_likelihood(shares, labels, each) for each in (None, weights)),
        *(
            elementary.log_likelihood_of_odds(scores[:, 0], labels % 2, each)
            for each in (None, weights)
        ),
    ]


def some_contributions() -> list[Floats]:
    """Exact and sampled contributions by every utility, from the scores of six clients."""
    draws = np.random.default_rng(0)
    results = []
    for outputs, utility, by_weight in product((1, 4), UTILITIES, (False, True)):
        start, parts = draws.normal(size=(outputs, 57)), draws.normal(size=(6, outputs, 57))
        start[:, 20:], parts[:, :, 20:] = start[:, :1], parts[:, :, :1]  # rows that are tied
        labels, weights = draws.integers(0, max(2, outputs), 57), draws.lognormal(size=57)
        worth = partial(
            utility().value, SgdClassifier(), labels=labels, weights=weights if by_weight else None
        )
        game = LinearGame(start, parts, draws.integers(1, 9, 6).astype(float), False, worth)
        orders = np.random.default_rng(1)
        results += [
            Shapley().contributions(game),
            BetaShapley().contributions(game),
            *(
                PermutationShapley(permutations=count).contributions(game, orders)
                for count in (4, 40)
            ),
        ]
    return results


def digest() -> str:
    results = some_results() + some_contributions()
    return hashlib.sha256(b"".join(result.tobytes() for result in results)).hexdigest()


NEWER = np.show_config(mode="dicts")["SIMD Extensions"].get("found", ())
ANY_PROCESSOR = {
    "NUMBA_CPU_NAME": "generic",
    "NUMBA_CPU_FEATURES": "",
    "NPY_DISABLE_CPU_FEATURES": " ".join(NEWER),
}


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"NUMBA_DISABLE_JIT": "1"}, id="plain Python"),
        pytest.param(ANY_PROCESSOR, id="any processor"),
    ],
)
def test_contributions_have_the_same_bits_whatever_the_processor_can(
    settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    code = "from tests.test_elementary import digest; print(digest())"
    folder = {"NUMBA_CACHE_DIR": str(tmp_path_factory.mktemp("cache"))}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | folder | settings,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == digest()


def assembly_of(function: Callable[..., None], signatures: Iterable[Any]) -> str:
    """Assembly of a function compiled anew."""
    fresh = numba.njit(error_model="numpy")(function)
    for signature in signatures:
        fresh.compile(signature)
    return "".join(fresh.inspect_asm().values())


CALLS = r"\b(exp|log)\b"
FUSED = r"\bvfn?m(add|sub)"


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="reads x86 assembly")
@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
@pytest.mark.parametrize(
    ("name", "instructions"),
    [
        ("exp_each", ["mulpd", "addpd"]),
        ("log_each", ["mulpd", "divpd"]),
        ("logistic_each", ["mulpd", "divpd"]),
        ("mean_log_odds", ["mulpd", "divpd", "psllq"]),
        ("mean_log_shares", ["addpd", "divpd"]),
    ],
)
def test_loops_are_compiled_to_vectors_without_fused_products(
    name: str, instructions: list[str]
) -> None:
    some_results()
    kernel = getattr(elementary_kernels, name)
    assembly = assembly_of(kernel.py_func, kernel.signatures)
    assert all(re.search(rf"\bv?{each}\b", assembly) for each in instructions)
    assert not re.search(FUSED, assembly)
    assert not re.search(CALLS, assembly)


def exp_of_numpy(values: Floats) -> None:
    for i in range(values.size):
        values[i] = np.exp(values[i])


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")
def test_a_call_of_the_library_would_be_seen() -> None:
    some_results()
    assert re.search(CALLS, assembly_of(exp_of_numpy, elementary_kernels.exp_each.signatures))
