"""Prices outside: geometric Brownian motion and files."""

import numpy as np
import pytest

from simulator.datafiles import DataFile
from simulator.errors import ScenarioError
from simulator.market import CsvPrice, GeometricBrownianMotion, NoOutsidePrice

TOKENS = ("token_0", "token_1")


def prices(rule, periods, tokens=TOKENS, seed=1):
    draws, memory = np.random.default_rng(seed), rule.initial(tokens, 2.0)
    result = [memory["price"]]
    for period in range(1, periods + 1):
        memory = rule.move(memory, period, draws)
        result.append(memory["price"])
    return np.array(result)


def test_gbm_has_the_moments_it_states():
    rule = GeometricBrownianMotion(sigma=0.1, drift=0.02)
    names = tuple(f"token_{k}" for k in range(20_000))
    path = prices(rule, 5, names)
    assert (path[0] == 2).all()
    steps = np.diff(np.log(path), axis=0)
    assert steps.mean() == pytest.approx(0.02 - 0.005, abs=4 * 0.1 / np.sqrt(steps.size))
    assert steps.std() == pytest.approx(0.1, rel=0.02)
    assert path[5].mean() == pytest.approx(2 * np.exp(0.1), rel=0.01)
    assert abs(np.corrcoef(steps[0], steps[1])[0, 1]) < 0.03


def test_gbm_without_volatility_grows_by_its_drift():
    path = prices(GeometricBrownianMotion(sigma=0.0, drift=0.1), 3)
    assert path[:, 1] == pytest.approx(2 * np.exp(0.1 * np.arange(4)), rel=1e-14)


def a_file(folder, text):
    path = folder / "prices.csv"
    path.write_text(text)
    return CsvPrice(file=DataFile(path=str(path)))


def test_a_file_has_a_column_for_each_token_or_one_for_all(tmp_path):
    rule = a_file(tmp_path, "token_1,day,token_0\n10,Mon,1\n\n20,Tue,2\n30,,3\n\n")
    assert prices(rule, 4).tolist() == [[1, 10], [2, 20], [3, 30], [3, 30], [3, 30]]
    rule = a_file(tmp_path, "\ufeffprice\n1.5\n2.5\n")
    assert prices(rule, 2).tolist() == [[1.5, 1.5], [2.5, 2.5], [2.5, 2.5]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("token_0,other\n1,2\n", "no column for token_1"),
        ("token_0\n1\n", "no column for token_1"),
        ("price\n1\n0\n", "column 'price' has no positive price for period 1"),
        ("price\n1\n\n\nx\n", "column 'price' has no positive price for period 1"),
        ("price\n1\n-2\n", "for period 1"),
        ("price\n1\nnan\n", "for period 1"),
        ("price\n1\ntrue\n", "for period 1"),
        ("price\ninf\n", "for period 0"),
        ("token_0,token_1\n1,2\n3\n", "column 'token_1' has no positive price for period 1"),
        ("price\n1,5\n2,5\n", "more values in its rows than names"),
        ("1.0\n2.0\n3.0\n", "has no header: its first line is 1.0"),
        ("price;day\n1;1\n", "column 'price;day' has no positive price for period 0"),
        ("a,b\n1\n1,2,3\n", "cannot be read"),
        ('"price\n1\n', "cannot be read"),
        ("price\n", "has no row"),
        ("", "cannot be read"),
    ],
)
def test_a_file_that_says_no_prices_is_refused_in_a_line(tmp_path, text, message):
    with pytest.raises(ScenarioError, match=message) as error:
        a_file(tmp_path, text).initial(TOKENS, 1.0)
    assert "\n" not in str(error.value)


def test_there_may_be_no_market_outside():
    rule = NoOutsidePrice()
    assert rule.move(rule.initial(TOKENS, 1.0), 1, np.random.default_rng(1)) == {}
