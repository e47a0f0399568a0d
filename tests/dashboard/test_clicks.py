"""The page without a browser: what clicks do, and what they must not do, whenever they come."""

import threading
import time
import warnings
from contextlib import contextmanager

import pytest

from simulator.dashboard.showing import Live, Show
from simulator.dashboard.stage import Stage
from simulator.scenario import Scenario

solara = pytest.importorskip("solara", reason="the extra viz is not installed")
with warnings.catch_warnings():  # of Mesa's page, which is not as Solara would have it
    warnings.simplefilter("ignore")
    from simulator.dashboard import pace, page

v = pytest.importorskip("ipyvuetify")

SCENARIO = """\
name: small
periods: 4
federation: {contribution: {kind: leave_one_out}}
clients: [{count: 3}]
liquidity_providers: [{count: 1, deposit: 300}]
investors: [{count: 4}]
"""


class PageWithoutBrowser:
    """A page drawn without a browser, which raises its errors."""

    def __init__(self, element):
        @solara.component
        def whole():
            with solara.AppLayout():
                element()

        self.box, self.context = solara.render(whole(), handle_error=False)

    @contextmanager
    def undrawn(self):
        """Postpone drawing until the end, as while another thread draws."""
        with self.context.thread_lock:
            yield
        self.context.render()
        with self.context.thread_lock:  # wait if another thread has begun to draw
            pass

    def button(self, name):
        (button,) = [each for each in self.widgets(v.Btn) if name in each.children]
        return button

    def press(self, name):
        self.button(name).click()

    def select(self, label):
        return self.labelled(v.Select, label)

    def type(self, label, text):
        self.labelled(v.TextField, label).v_model = text

    def slider(self, name):
        """The slider of a setting."""
        (slider,) = [
            parts[-1]
            for each in self.widgets(v.Sheet)
            if "setting" in each.class_ and (parts := [*within(each)])
            if isinstance(parts[-1], v.Slider) and parts[1].children[0].startswith(f"{name}: ")
        ]
        return slider

    def labelled(self, kind, label):
        (widget,) = [each for each in self.widgets(kind) if each.label == label]
        return widget

    def alerts(self):
        return [each.children[0] for each in self.widgets(v.Alert)]

    def texts(self):
        return [
            text for each in self.widgets(v.Html) for text in each.children if isinstance(text, str)
        ]

    def widgets(self, kind):
        return [each for each in within(self.box) if isinstance(each, kind)]


def within(widget):
    """A widget and all widgets inside it."""
    yield widget
    slots = [slot["children"] for slot in getattr(widget, "v_slots", ())]
    for child in [*getattr(widget, "children", ()), *slots]:
        for each in child if isinstance(child, list) else [child]:
            if not isinstance(each, str):
                yield from within(each)


@pytest.fixture
def closed(monkeypatch):
    """The shows that have been closed, in this order."""
    shows, close = [], Live.close
    monkeypatch.setattr(Live, "close", lambda show: (shows.append(show), close(show)))
    return shows


@pytest.fixture
def clicked(tmp_path, closed):
    file = tmp_path / "small.yaml"
    file.write_text(SCENARIO)
    stage = Stage(Scenario, str(file), {}, out=tmp_path / "out")
    drawn_page = PageWithoutBrowser(lambda: page.LiveRun(stage))
    yield drawn_page
    drawn_page.context.close()


@pytest.fixture
def ledger(clicked):
    """The page at the tab Ledger, after one period."""
    clicked.press("Step")
    (tabs,) = clicked.widgets(v.Tabs)
    tabs.v_model = 4
    return clicked


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


def test_what_cannot_be_saved_is_told_on_the_page(clicked, caplog):
    clicked.press("Save run")
    wait_until(clicked.alerts)
    assert clicked.alerts() == ["error: there is nothing to save yet: step or play first"]
    assert not caplog.records  # the server would tell them
    clicked.press("Step")
    clicked.press("Save run")
    wait_until(lambda: any("saved" in text for text in clicked.texts()))
    assert clicked.alerts() == []


def test_a_client_of_a_scenario_that_was_open_before_is_not_chosen(clicked):
    select = clicked.select("client")
    assert select.items == ["client 0", "client 1", "client 2"]
    select.v_model = "client 1"
    clicked.select("client").v_model = "client 17"
    clicked.press("Let it happen")
    assert "period 1: client 1 turns free rider" in clicked.texts()


def test_a_click_counts_what_was_chosen_just_before(clicked):
    with clicked.undrawn():
        clicked.select("client").v_model = "client 1"
        clicked.select("behaviour").v_model = "label_flip"
        clicked.press("Let it happen")
    assert "period 1: client 1 turns label flip" in clicked.texts()


def test_nobody_is_asked_when_a_chosen_event_begins(clicked):
    def count_inputs():
        return sum("setting" in each.class_ for each in clicked.widgets(v.Sheet))

    before = count_inputs()
    clicked.select("behaviour").v_model = "sybil"
    assert count_inputs() == before  # not for the period in which it poses as several
    clicked.select("behaviour").v_model = "sign_flip"
    assert count_inputs() == before + 1  # for its factor


def test_the_button_stays_where_other_controls_come_above_it(clicked):
    """A browser loses a click on a button that is being replaced."""
    before = clicked.button("Let it happen")
    clicked.select("What happens").v_model = "clearing changes"
    assert clicked.button("Let it happen") is before


def test_an_event_happens_to_the_run_that_has_just_begun(clicked):
    clicked.press("Step")
    with clicked.undrawn():
        clicked.press("Reset")
        clicked.press("Let it happen")
    assert "period 1: client 0 turns free rider" in clicked.texts()


def test_a_control_that_is_just_going_changes_nothing(clicked):
    clicked.select("behaviour").v_model = "sign_flip"
    with clicked.undrawn():
        clicked.select("behaviour").v_model = "inflate_size"
        clicked.slider("factor").v_model = 0.5  # which that cannot have
    assert clicked.slider("factor").v_model == 10.0
    with clicked.undrawn():
        clicked.select("What happens").v_model = "revenue is shocked"
        clicked.select("client").v_model = "client 2"
        clicked.press("Let it happen")
    assert "period 1: revenue x 0.5 for 10 periods" in clicked.texts()


def test_a_slider_can_be_moved_back_at_once(clicked):
    (sections,) = clicked.widgets(v.ExpansionPanels)
    sections.v_model = 4
    fee = clicked.slider("fee")
    with clicked.undrawn():
        fee.v_model = 0.05
        fee.v_model = 0.01
    assert "fee: 0.01" in clicked.texts()


def test_the_file_that_was_just_typed_is_opened(clicked, tmp_path):
    clicked.type("or a scenario file", "lacking.yaml")
    clicked.press("Open file")
    (alert,) = clicked.alerts()
    assert "lacking.yaml" in alert
    with clicked.undrawn():
        clicked.type("or a scenario file", str(tmp_path / "small.yaml"))
        clicked.press("Open file")
    assert clicked.alerts() == []


def test_what_is_being_typed_is_still_there_when_the_page_is_drawn_again(clicked):
    labels = ["Periods", "or a scenario file"]
    for label in labels:
        clicked.type(label, "12")
    clicked.press("Step")
    assert [clicked.labelled(v.TextField, label).v_model for label in labels] == ["12", "12"]


def test_all_that_is_picked_counts(ledger):
    with ledger.undrawn():
        ledger.select("Flows").v_model = "so far"
        ledger.select("Assets of flows").v_model = "numeraire"
    assert "Flows, periods 0 to 1" in ledger.texts()
    assert {item["1"] for item in ledger.widgets(v.DataTable)[-1].items} == {"numeraire"}


def test_a_table_is_searched_and_sorted(ledger):
    flows = ledger.widgets(v.DataTable)[-1]
    sort = {"page": 1, "itemsPerPage": 15, "sortBy": ["4"], "sortDesc": [True]}
    with ledger.undrawn():
        ledger.type("Filter", "numeraire client")
        flows.fire_event("update:options", sort)
    amounts = [float(item["4"]) for item in flows.items]
    assert len(amounts) > 2 and amounts == sorted(amounts, reverse=True)
    for item in flows.items:
        assert item["1"] == "numeraire" and "client" in (item["2"], item["3"])


def test_each_show_is_closed_when_another_one_takes_its_place(clicked, closed):
    for _ in range(3):
        clicked.press("Reset")
        clicked.press("Step")
    assert len(closed) == len(set(closed)) == 3
    clicked.context.close()
    assert len(closed) == len(set(closed)) == 4


def test_the_first_step_and_what_is_told_make_no_tabs_anew(clicked):
    """A browser loses a click on tabs that are being replaced."""
    (tabs,) = clicked.widgets(v.Tabs)
    clicked.press("Step")
    assert len([each for each in clicked.widgets(v.Slider) if each.max == 1]) == 1
    for _ in range(3):
        clicked.press("Step")
    assert clicked.alerts() == ["The last period of the scenario is reached; Reset starts again."]
    assert clicked.widgets(v.Tabs) == [tabs]


def test_running_ends_with_the_last_period(clicked):
    clicked.type("Periods", "999999999")
    clicked.press("Run 999999999")
    wait_until(lambda: any(text.startswith("Period 4 of 4") for text in clicked.texts()))
    wait_until(lambda: not clicked.button("Run 999999999").disabled)


def test_as_many_periods_are_run_as_were_just_typed(clicked):
    with clicked.undrawn():
        clicked.type("Periods", "2")
        clicked.press("Run 10")
    wait_until(lambda: not clicked.button("Run 2").disabled)
    wait_until(lambda: any(text.startswith("Period 2 of 4") for text in clicked.texts()))


class FastShow(Show):
    """Steps much faster than it is drawn."""

    def step(self):
        time.sleep(0.002)
        self.now += 1


def test_who_clicks_while_it_plays_does_not_draw_until_it_ends():
    """Regression: it drew a hundred times in a row, and then Solara gave up."""
    show = FastShow(Scenario(periods=2000))
    show.all_frames = [None] * 2001

    def play():
        while not show.ended:
            show.step()
            pace.redraw()

    periods_drawn, playing = [], threading.Thread(target=play)

    @solara.component
    def slow():
        pace.redraw_on_change(show)
        periods_drawn.append(show.now)
        if len(periods_drawn) == 2:  # it begins to play while a click is drawn
            playing.start()
        time.sleep(0.02)

    @solara.component
    def both():
        with solara.Div():
            pace.Pace(show)
            slow()

    _, context = solara.render(both(), handle_error=False)
    try:
        pace.redraw()
        assert len(periods_drawn) < 10
    finally:
        show.failure = "stopped"
        playing.join()
        context.close()


def test_a_step_waits_for_drawing_but_not_for_ever(monkeypatch):
    monkeypatch.setattr("simulator.dashboard.showing.SECONDS_TO_DRAW", 0.2)
    show = FastShow(Scenario(periods=5))
    with show.drawing:
        start = time.monotonic()
        show.step()
        assert show.now == 1 and time.monotonic() - start > 0.2
        monkeypatch.setattr("simulator.dashboard.showing.SECONDS_TO_DRAW", 90.0)
        stepping = threading.Thread(target=show.step)
        stepping.start()
        time.sleep(0.05)
        assert show.now == 1
    stepping.join(60.0)
    assert show.now == 2
