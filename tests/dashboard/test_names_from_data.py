"""Clients that data name: the page has their names where it has numbers of others."""

import pytest

from simulator.dashboard import federation, wealth
from simulator.dashboard.charts import Chart, axis_names
from simulator.dashboard.choosing import Choice
from simulator.dashboard.federation import MEASURE
from simulator.dashboard.showing import Live
from simulator.dashboard.steering import event_text
from simulator.dashboard.wealth import SPAN
from simulator.scenario import BehaviourEvent, Scenario

SITES = ("hosp2", "hosp10", "Saint Mary of the Lake, ward 2", "Saint Mary of the Lake, ward 11")


@pytest.fixture(scope="module")
def show(tmp_path_factory):
    folder = tmp_path_factory.mktemp("named")
    rows = [f'{n % 7},{"ab"[n % 2]},"{site}"\n' for n in range(40) for site in SITES]
    (folder / "own.csv").write_text("x,y,site\n" + "".join(rows))
    (folder / "own.yaml").write_text("""\
periods: 3
federation:
  task: {kind: csv, file: own.csv, target: y, client: site}
  partition: {kind: natural}
  contribution: {kind: leave_one_out}
clients: [{count: 4}]
liquidity_providers: [{deposit: 200}]
investors: [{count: 3}]
""")
    choice = Choice.of(lambda changes: Scenario.load(folder / "own.yaml", changes), {})
    live = Live(lambda _: choice, "")
    live.step()
    return live


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["client_0", "client_1"], ["0", "1"]),
        (["token_07", "token_10"], ["07", "10"]),
        (["client_3"], ["3"]),
        (["token"], ["token"]),
        (["site_-1", "site_20"], ["site -1", "site 20"]),
        (["hosp_1", "ward_1"], ["hosp 1", "ward 1"]),
        (["token_hosp_1", "token_ward_1"], ["hosp 1", "ward 1"]),
        (["Mary_A", "Mary_B"], ["Mary A", "Mary B"]),
        (["Mary_A"], ["Mary A"]),
        (["Saint Mary of Rome", "Saint Mary of Oslo"], ["Saint M…f Rome", "Saint M…f Oslo"]),
        ([], []),
    ],
)
def test_an_axis_has_numbers_where_they_say_enough_and_else_names(names, shown):
    assert axis_names(names) == shown


def test_axes_and_tables_have_the_names(show):
    shown = federation.drawings(show, {MEASURE.label: "share"})
    contributions, _, participation, coalitions = [each.option for each in shown[:4]]
    short = axis_names(SITES)
    assert len(set(short)) == 4 and max(map(len, short)) <= 14
    for axis in (contributions["xAxis"], participation["yAxis"], coalitions["xAxis"]):
        assert axis["data"] == short
    assert [row[0] for row in shown[4].rows] == list(SITES)
    assert participation["grid"]["left"] > 6 * 14
    holders = next(
        each.option
        for each in wealth.drawings(show, {SPAN.label: "so far"})
        if isinstance(each, Chart) and "Who holds" in each.option["title"]["text"]
    )
    assert holders["xAxis"]["data"] == short


def test_an_event_names_its_client(show):
    event = BehaviourEvent(period=2, clients=(1, 2))
    text = "hosp10, Saint Mary of the Lake, ward 2 turn free rider"
    assert event_text(event, show.cast) == text
