"""What ways of paying clients come to, against arithmetic of its own on real runs."""

import numpy as np
import pytest

from simulator.analysis import client_rewards, mechanism_results, proceeds_by_channel
from simulator.analysis.reports import REPORTS, save_report
from simulator.analysis.sweeps import Sweep
from tests.analysis.by_hand import swept

STUDY = """\
name: paid
base: quickstart
report: mechanisms
periods: 8
seeds: 2
settings:
  federation.task: {kind: wine}
  clients: [{count: 3, cash: 40}, {cash: 40, behaviour: {kind: label_flip}}]
  liquidity_providers: [{count: 1, deposit: 300}]
  investors: [{count: 6}]
cases:
  cash: {tokens.mechanism.kind: cash}
  shared_token: {tokens.mechanism.kind: shared_token}
  client_tokens: {tokens.mechanism.kind: client_tokens}
"""


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    return swept(tmp_path_factory.mktemp("mechanisms"), STUDY)


def test_who_is_paid_in_cash_has_it_at_the_end(sweep: Sweep) -> None:
    """Rewards are what is there beyond the 40 of the beginning; nobody else gains or loses."""
    run = sweep.load(next(sweep.complete[sweep.complete["case"] == "cash"].itertuples()))
    results, last = mechanism_results(run), run.clients[run.clients["period"] == 8]
    paid = last["numeraire"].to_numpy() - 40
    earned = run.clients.groupby("client", observed=True)["contribution"].sum().to_numpy()
    parts = [np.maximum(each, 0) / np.maximum(each, 0).sum() for each in (paid, earned)]
    assert results["reward"] == pytest.approx(paid.mean())
    assert results["distance"] == pytest.approx(np.abs(parts[0] - parts[1]).sum() / 2)
    assert results["correlation"] == pytest.approx(np.corrcoef(*parts)[0, 1])
    assert results["others_percent"] == pytest.approx(100 * paid[3] / paid.mean())
    assert results["accuracy"] == run.periods["accuracy"].iloc[-1]
    assert results["participation"] == 100
    assert results["inequality"] > 0.1
    nothing = results[["from_third_parties", "liquidity_providers", "investors"]]
    assert nothing.tolist() == [0, 0, 0]


def test_clients_with_one_token_sell_into_one_pool(sweep: Sweep) -> None:
    """A quote for all that they hold is divided by what each holds; cash is not a reward."""
    run = sweep.load(next(sweep.complete[sweep.complete["case"] == "shared_token"].itertuples()))
    rewards, pool = client_rewards(run), run.pools.iloc[-1]
    sold = 0.99 * rewards["tokens"].sum()
    together = pool["reserve_numeraire"] * sold / (pool["reserve_token"] + sold)
    assert rewards["at_quote"].sum() == pytest.approx(together)
    price = rewards["at_quote"] / rewards["tokens"]
    assert price.to_numpy() == pytest.approx(price.iloc[0])
    numeraire = run.clients[run.clients["period"] == 8]["numeraire"].to_numpy()
    assert (rewards["total"] - rewards["at_quote"]).to_numpy() == pytest.approx(numeraire - 40)
    flows = run.flows[(run.flows["asset"] == "numeraire") & (run.flows["payee"] == "client")]
    got = flows[flows["flow"].isin(["genesis_sale", "swap"])]["amount"].sum()
    spent = rewards["purchases"].sum()
    assert mechanism_results(run)["from_third_parties"] == pytest.approx(got - spent)


def test_the_report_takes_differences_seed_by_seed(sweep: Sweep) -> None:
    table = REPORTS["mechanisms"](sweep)[0].set_index(["case", "measure"])["mean"]
    names = ["cash", "shared_token", "client_tokens"]
    assert set(table.index.unique("case")) == {*names, *(f"{name} - cash" for name in names[1:])}
    for name in names[1:]:
        assert table[f"{name} - cash", "accuracy"] == 0
        assert table[f"{name} - cash", "participation"] == 0
        difference = table[name, "reward"] - table["cash", "reward"]
        assert table[f"{name} - cash", "reward"] == pytest.approx(difference)
        assert table[name, "from_third_parties"] > 0
    assert table["shared_token", "distance"] > table["client_tokens", "distance"]
    csv, png = save_report(sweep, "mechanisms")
    assert csv.stat().st_size and png.stat().st_size > 10_000


def test_the_report_of_proceeds_is_of_means_over_seeds(sweep: Sweep) -> None:
    table, figure = REPORTS["proceeds"](sweep)
    means = table.set_index(["case", "measure"])["mean"]
    runs = [sweep.load(row) for row in sweep.complete.query("case == 'shared_token'").itertuples()]
    expected = sum(map(proceeds_by_channel, runs)) / len(runs)
    assert means["shared_token"].to_dict() == pytest.approx(expected.to_dict())
    differences = means["shared_token"] - means["cash"]
    assert means["shared_token - cash"].to_dict() == pytest.approx(differences.to_dict())
    assert means["cash", "endowment"] == 160 and means["cash", "sales"] == 0
    axes = figure.axes[0]
    drawn = {bar.get_label(): [patch.get_width() for patch in bar] for bar in axes.containers[:4]}
    assert list(drawn) == ["genesis sale", "sales", "direct", "dividends"]
    total = [sum(widths) for widths in zip(*drawn.values(), strict=True)]
    names = ["cash", "shared_token", "client_tokens"]
    assert total == pytest.approx([means[name, "total"] for name in names])
    csv, png = save_report(sweep, "proceeds")
    assert csv.stat().st_size and png.stat().st_size > 5_000
