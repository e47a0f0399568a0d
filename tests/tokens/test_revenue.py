"""Revenue against arithmetic done by hand, and its files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import Economy, Scenario, run
from simulator.datafiles import DataFile
from simulator.errors import ScenarioError
from simulator.running import resume, verify
from simulator.tokens import AccuracyLinked, ConstantRevenue, CsvRevenue, StochasticRevenue


def series(rule, periods, accuracy=1.0, seed=1):
    """Revenue of periods 1 to `periods` at the same accuracy, above a majority share of .1."""
    memory, draws, result = rule.initial(), np.random.default_rng(seed), []
    for period in range(1, periods + 1):
        amount, memory = rule.amount(memory, period, accuracy, 0.1, draws)
        result.append(amount)
    return np.array(result)


@pytest.mark.parametrize(
    ("settings", "accuracy", "expected"),
    [
        ({}, 1.0, 200.0),
        ({}, 0.1, 0.0),  # the majority class alone is worth nothing
        ({}, 0.05, 0.0),  # and less than that is not worth less
        ({}, 0.55, 100.0),  # half way from .1 to 1
        ({"exponent": 2.0}, 0.55, 50.0),
        ({"floor": 0.5}, 0.75, 100.0),
        ({"maximum": 0.0}, 1.0, 0.0),
    ],
)
def test_revenue_is_linked_to_accuracy(settings, accuracy, expected):
    for rule in (AccuracyLinked(**settings), StochasticRevenue(sigma=0.0, **settings)):
        assert series(rule, 2, accuracy) == pytest.approx([expected] * 2)


def test_a_task_with_one_class_earns_nothing():
    assert AccuracyLinked().price(1.0, majority_share=1.0) == 0.0


def test_constant_revenue_does_not_look_at_the_model():
    for accuracy in (0.0, 0.3, 1.0):
        assert series(ConstantRevenue(value=70), 3, accuracy).tolist() == [70, 70, 70]


@given(st.floats(0, 0.99), st.floats(0, 2), st.floats(0, 1))
def test_stochastic_revenue_is_the_linked_one_times_a_lognormal_walk(persistence, sigma, accuracy):
    """The same draws by the formula: z = rho z + sigma e, from the stationary deviation."""
    rule = StochasticRevenue(persistence=persistence, sigma=sigma)
    normal = np.random.default_rng(5).standard_normal(4)
    variance = sigma**2 / (1 - persistence**2)
    demand = [np.sqrt(variance) * normal[0]]
    for shock in normal[1:]:
        demand.append(persistence * demand[-1] + sigma * shock)
    linked = 200 * max(0.0, (accuracy - 0.1) / 0.9)
    expected = linked * np.exp(np.array(demand) - variance / 2)
    assert series(rule, 4, accuracy, seed=5) == pytest.approx(expected, rel=1e-12)


def test_demand_is_stationary_from_the_first_period_on_with_a_factor_of_mean_one():
    """Over 20,000 runs: mean 1 and variance exp(var) - 1 of the factor, autocorrelation of log z.

    persistence .8 and sigma .3: var = .09/.36 = .25.
    """
    rule = StochasticRevenue(maximum=1.0, persistence=0.8, sigma=0.3)
    draws = np.random.default_rng(3)
    result = np.empty((20_000, 6))
    for factors in result:
        memory = rule.initial()
        for period in range(1, 7):
            factors[period - 1], memory = rule.amount(memory, period, 1.0, 0.1, draws)
    log = np.log(result)
    error = np.sqrt(np.expm1(0.25) / len(result))
    for period in (0, 2, 5):
        assert result[:, period].mean() == pytest.approx(1.0, abs=4 * error)
        assert log[:, period].mean() == pytest.approx(-0.125, abs=4 * 0.5 / np.sqrt(len(result)))
        assert log[:, period].std() == pytest.approx(0.5, rel=4 / np.sqrt(2 * len(result)))
    assert np.corrcoef(log[:, 3], log[:, 4])[0, 1] == pytest.approx(0.8, abs=0.015)
    assert np.corrcoef(log[:, 3], log[:, 5])[0, 1] == pytest.approx(0.64, abs=0.02)


def a_file(folder, text, column="revenue"):
    path = folder / "demand.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return CsvRevenue(file=DataFile(path=str(path)), column=column)


def test_a_file_has_a_row_for_each_period_and_its_last_value_stays(tmp_path):
    rule = a_file(tmp_path, "\ufeffday,revenue,note\r\nMon,10,\r\n\r\nTue,2e1,x\r\nWed,0,\r\n\r\n")
    assert series(rule, 5).tolist() == [10, 20, 0, 0, 0]
    assert series(a_file(tmp_path, 'sales\n"1"\n 2 \n', "sales"), 3).tolist() == [1, 2, 2]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "line 1: no column 'revenue'"),
        ("1\n2\n", "line 1: no column 'revenue'"),
        ("revenu\n1\n", "line 1: no column 'revenue'; did you mean 'revenu'"),
        ("revenue,revenue\n1,2\n", "line 1: several columns 'revenue'"),
        ("revenue\n", "has no row"),
        ("revenue\n1\n\n\nx\n", "line 5: revenue must be a number from 0 to 1e+12, not 'x'"),
        ("revenue\n-1\n", "line 2: revenue must be a number from 0 to 1e+12, not '-1'"),
        ("revenue\n1\nnan\n", "line 3: revenue must be"),
        ("revenue\n1\ninf\n", "line 3: revenue must be"),
        ("day,revenue\n1,2\n2\n", "line 3: revenue must be a number from 0 to 1e+12, not ''"),
        ("day,revenue\n1,2\n2,\n", "line 3: revenue must be"),
        ("day,revenue\n1,1,000\n", "line 2: more values than the header has names"),
        ('revenue\n1\n"2\n3\n', "line 4: unexpected end of data"),
        (b"revenue\n1\xff\n", "cannot be read: 'utf-8' codec"),
    ],
)
def test_what_is_no_revenue_is_refused_with_its_line(tmp_path, text, reason):
    with pytest.raises(ScenarioError) as caught:
        a_file(tmp_path, text).initial()
    message = str(caught.value)
    setting = "column" if "column" in reason else "file"
    assert message.startswith(f"{setting}: revenue csv: {tmp_path / 'demand.csv'}: {reason}")
    assert "\n" not in message


SCENARIO = """\
name: replay
periods: 5
federation: {contribution: {kind: equal}}
clients: [{count: 3}]
liquidity_providers: [{deposit: 300}]
investors: [{count: 4}]
tokens: {revenue: %s}
"""


def test_a_run_replays_a_file_and_goes_on_with_its_own_copy(tmp_path):
    (tmp_path / "demand.csv").write_text("day,sold\n1,10\n2,0\n3,30.5\n")
    file = tmp_path / "replay.yaml"
    file.write_text(SCENARIO % "{kind: csv, file: demand.csv, column: sold}")
    stopped = iter(range(3))

    def stop(_):
        if next(stopped) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(Scenario.load(file), tmp_path / "out", progress=stop)
    (folder,) = (tmp_path / "out" / "replay").iterdir()
    (tmp_path / "demand.csv").unlink()
    assert resume(folder)
    assert set(verify(folder).values()) == {"identical"}
    from simulator.analysis import load_run

    assert load_run(folder).periods["revenue"].tolist() == [0, 10, 0, 30.5, 30.5, 30.5]


def test_a_wrong_file_ends_a_run_before_it_begins(call, tmp_path):
    (tmp_path / "demand.csv").write_text("revenue\n1\nmuch\n")
    (tmp_path / "replay.yaml").write_text(SCENARIO % "{kind: csv, file: demand.csv}")
    for command in (["run", "--out", tmp_path / "out"], ["validate"]):
        answer = call(*command, tmp_path / "replay.yaml")
        assert answer.code == 2
        (error,) = (line for line in answer.err.splitlines() if not line.startswith("warning"))
        assert error.startswith("error: ") and "demand.csv: line 3: revenue must be" in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["accuracy_linked", "constant", "stochastic"])
def test_revenue_disturbs_no_other_draw(kind):
    settings = {
        "federation": {"contribution": {"kind": "equal"}},
        "clients": [{"count": 3, "training_cost": 0}],
        "liquidity_providers": [{"deposit": 300}],
        "investors": [{"count": 4}],
        "tokens": {"revenue": {"kind": kind}},
    }
    economy = Economy(Scenario.model_validate(settings))
    linked = Economy(Scenario.model_validate(settings | {"tokens": {}}))
    for _ in range(4):
        economy.step()
        linked.step()
    saved = economy.save()
    drawn = {name for name in saved if name.startswith("stream/")} - {"stream/revenue"}
    assert drawn and all(saved[name] == linked.save()[name] for name in drawn)
    changed = saved["stream/revenue"] != linked.save()["stream/revenue"]
    assert changed == (kind == "stochastic")
    assert economy.history[0]["revenue"] == 0
