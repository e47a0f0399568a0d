"""The page in a real browser: what it shows is what the model says, and nothing leaves the machine.

Needs Chromium on PATH and Playwright's Python package, and is skipped without.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from simulator.analysis import load_run
from simulator.dashboard.choosing import Choice
from simulator.dashboard.overview import story
from simulator.dashboard.showing import Live
from simulator.dashboard.tabs import TABS
from simulator.scenario import Scenario
from tests.patience import patience

pytestmark = pytest.mark.slow

SCENARIO = """\
name: small
description: Do the numbers on the page belong to the model?
periods: 60
federation: {contribution: {kind: leave_one_out}}
clients: [{count: 3}, {count: 1, behaviour: {kind: free_rider}}]
liquidity_providers: [{count: 1, deposit: 400}]
investors: [{count: 6}]
"""
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
ELSEWHERE = re.compile(r"^(?!http://127\.0\.0\.1[:/])")
OVER = "The last period of the scenario is reached; Reset starts again."

if CHROMIUM is None:
    pytest.skip("no Chromium on PATH", allow_module_level=True)
pytest.importorskip("solara", reason="the extra viz is not installed")
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
PATIENCE = 120_000  # milliseconds, on a machine that is busy with something else
playwright.expect.set_options(timeout=PATIENCE)

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "small.yaml"
    path.write_text(SCENARIO)
    return path


@pytest.fixture(scope="module")
def address(file: Path) -> Iterator[str]:
    with served(file, file.parent / "saved") as url:
        yield url


@contextmanager
def served(what: Path, out: Path) -> Iterator[str]:
    """Address of a page, whose server would reach the world only through a proxy that listens."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(0.2)
        through = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        names = ("http_proxy", "https_proxy", "all_proxy")
        outside = {name: through for each in names for name in (each, each.upper())}
        words = [sys.executable, "-m", "simulator", "view", str(what), "--no-open", "--port", "0"]
        words += ["--out", str(out)]
        environment = os.environ | outside | {"no_proxy": "", "NO_PROXY": ""}
        with subprocess.Popen(
            words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as server:
            assert server.stdout is not None
            try:
                yield server.stdout.readline().split(" is at ")[1].split()[0]
            finally:
                server.terminate()
            _, errors = server.communicate(timeout=patience(30))
        assert errors.strip() == "interrupted"  # no warning and no traceback in all that time
        with pytest.raises(TimeoutError):
            proxy.accept()[0].close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Open]:
    """Open the page in a separate session; requests to other machines are refused and recorded."""
    urls: list[str] = []
    sessions = []

    def refuse(route: Any) -> None:
        urls.append(route.request.url)
        route.abort()

    def visited(width: int = 1440, address: str = address) -> Any:
        session = browser.new_context(viewport={"width": width, "height": 1000})
        sessions.append(session)
        session.set_default_timeout(PATIENCE)
        session.route(ELSEWHERE, refuse)
        page = session.new_page()
        page.on("websocket", lambda opened: urls.append(opened.url))
        page.goto(address)
        playwright.expect(page.locator(".solara-echarts canvas")).to_have_count(4)
        return page

    yield visited
    for session in sessions:
        session.close()
    assert {urlsplit(url).hostname for url in urls} == {"127.0.0.1"}  # the page's own websocket


class Model:
    """The expected sentence of the page, from a model in this process."""

    def __init__(self, file: Path, **changes: object) -> None:
        overrides = {name.replace("__", "."): value for name, value in changes.items()}
        choice = Choice.of(lambda changes: Scenario.load(file, changes), overrides)
        self.show = Live(lambda _: choice, "")

    def at(self, period: int) -> str:
        while len(self.show.all_frames) <= period:
            self.show.step()
        return story(self.show.all_frames[: period + 1], self.show.cast)


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def press(page: Any, name: str) -> None:
    button(page, name).click()


def shows(page: Any, text: str) -> None:
    playwright.expect(page.locator(".story")).to_have_text(text)


def shown_period(page: Any) -> int:
    match = re.match(r"Period (\d+) of", page.locator(".story").inner_text())
    return int(match[1]) if match else 0


def type_seed(page: Any, text: str) -> None:
    page.get_by_label("Seed").fill(text)
    page.get_by_label("Seed").press("Tab")


def test_each_step_shows_the_numbers_of_the_model(visit: Open, file: Path) -> None:
    page, model = visit(), Model(file)
    for period in range(4):
        shows(page, model.at(period))
        press(page, "Step")
    shows(page, model.at(4))
    counted = page.get_by_text(re.compile(r"^(Step: 4|Time: 4.0)$"))  # Mesa's own card
    playwright.expect(counted).to_be_visible()


def test_play_pause_reset(visit: Open, file: Path) -> None:
    page, model = visit(), Model(file)
    page.get_by_role("slider", name="Play Interval").press("End")  # the end is half a minute away
    press(page, "▶")
    playwright.expect(page.locator(".story")).to_contain_text("Period ")
    press(page, "❚❚")
    playwright.expect(page.get_by_role("button", name="▶")).to_be_visible()
    before, period = None, shown_period(page)
    while period != before:  # the one that was being computed is still to come
        page.wait_for_timeout(1000)
        before, period = period, shown_period(page)
    shows(page, model.at(period))
    page.wait_for_timeout(500)
    assert shown_period(page) == period
    press(page, "Reset")
    shows(page, model.at(0))
    press(page, "Step")
    shows(page, model.at(1))


def test_it_plays_to_the_last_period_and_starts_again(visit: Open, file: Path) -> None:
    page, model = visit(), Model(file)
    press(page, "▶")
    playwright.expect(page.get_by_text(OVER)).to_be_visible()
    shows(page, model.at(60))
    playwright.expect(page.get_by_role("button", name="Step")).to_be_disabled()
    press(page, "Reset")
    shows(page, model.at(0))
    playwright.expect(page.get_by_text(OVER)).to_have_count(0)


def test_a_changed_setting_counts_from_the_next_reset(visit: Open, file: Path) -> None:
    page = visit()
    page.get_by_role("button", name="Market").click()
    fee = page.locator(".setting").filter(has_text="fee: 0.01")
    fee.get_by_role("slider").press("End")
    playwright.expect(page.get_by_text("fee: 0.05", exact=True)).to_be_visible()
    press(page, "Step")
    shows(page, Model(file).at(1))
    press(page, "Reset")
    press(page, "Step")
    press(page, "Step")
    changed = Model(file, market__fee=0.05).at(2)
    assert changed != Model(file).at(2)
    shows(page, changed)


def test_a_wrong_setting_is_told_and_the_page_stays_usable(visit: Open, file: Path) -> None:
    page = visit()
    page.get_by_role("button", name="Tokens").click()
    dividend = page.locator(".setting").filter(has_text="payout dividend: 0.5")
    dividend.get_by_role("slider").press("ArrowRight")
    playwright.expect(page.get_by_role("alert")).to_contain_text("error: ")
    playwright.expect(page.get_by_role("alert")).to_contain_text("sum to 1")
    press(page, "Reset")
    press(page, "Step")
    shows(page, Model(file).at(1))


def test_another_kind_brings_its_settings(visit: Open, file: Path) -> None:
    page = visit()
    page.get_by_role("button", name="Tokens").click()
    playwright.expect(page.get_by_text("issuance half life: 20")).to_be_visible()
    page.locator(".setting").filter(has_text="halving").locator(".v-select").click()
    page.get_by_role("option", name="constant").click()
    playwright.expect(page.get_by_text("issuance half life")).to_have_count(0)
    press(page, "Reset")
    press(page, "Step")
    shows(page, Model(file, tokens__issuance__kind="constant").at(1))


def test_a_seed_that_is_none_is_told_and_a_good_one_taken(visit: Open, file: Path) -> None:
    page = visit()
    type_seed(page, "seven")
    press(page, "Reset")
    playwright.expect(page.get_by_role("alert")).to_have_text(
        "error: --set seed=seven: seed: expected a whole number, got text 'seven'"
    )
    press(page, "Step")
    shows(page, Model(file).at(1))
    type_seed(page, "7")
    press(page, "Reset")
    playwright.expect(page.get_by_role("alert")).to_have_count(0)
    press(page, "Step")
    shows(page, Model(file, seed=7).at(1))


def test_two_sessions_share_nothing_nor_do_two_tabs(visit: Open, file: Path) -> None:
    one, two, model = visit(), visit(), Model(file)
    press(one, "Step")
    shows(one, model.at(1))
    press(one, "Step")
    shows(one, model.at(2))
    shows(two, model.at(0))
    press(two, "Step")
    shows(two, model.at(1))
    shows(one, model.at(2))
    tab = one.context.new_page()
    tab.goto(one.url)
    shows(tab, model.at(0))


def test_a_page_that_is_loaded_again_begins_anew(visit: Open, file: Path) -> None:
    page, model = visit(), Model(file)
    press(page, "Step")
    shows(page, model.at(1))
    page.reload()
    shows(page, model.at(0))
    press(page, "Step")
    shows(page, model.at(1))


@contextmanager
def replaced(locator: Any) -> Iterator[None]:
    """Wait until the block has replaced this element, as a click on the old one is lost."""
    old = locator.first.element_handle()
    yield
    old.wait_for_element_state("hidden")


def choose(page: Any, box: str, word: str) -> None:
    """Choose a word in the select with this label."""
    page.locator(".v-select").filter(has_text=box).first.click()
    page.get_by_role("option", name=word, exact=True).click()


def test_several_periods_run_at_once(visit: Open, file: Path) -> None:
    page, model = visit(), Model(file)
    page.get_by_label("Periods", exact=True).fill("7")
    page.get_by_label("Periods", exact=True).press("Tab")
    press(page, "Run 7")
    shows(page, model.at(7))
    press(page, "Run 7")
    shows(page, model.at(14))


def test_one_looks_back_and_goes_on_from_there(visit: Open, file: Path) -> None:
    page, model = visit(), Model(file)
    press(page, "Run 10")
    shows(page, model.at(10))
    slider = page.locator(".run").get_by_role("slider")
    slider.press("Home")
    shows(page, model.at(0))
    slider.press("ArrowRight")
    shows(page, model.at(1))
    press(page, "Step")
    shows(page, model.at(2))
    slider.press("End")
    shows(page, model.at(10))
    press(page, "Step")
    shows(page, model.at(11))


def test_what_happens_to_a_run_is_saved_and_runs_again(visit: Open, file: Path) -> None:
    """The folder has the numbers of the page, and the command line reproduces it."""
    page, model = visit(), Model(file)
    press(page, "Run 10")
    shows(page, model.at(10))
    choose(page, "client 0", "client 1")
    choose(page, "free_rider", "label_flip")
    press(page, "Let it happen")
    playwright.expect(page.locator(".event")).to_have_text("period 11: client 1 turns label flip")
    press(page, "Step")
    flip = {"kind": "behaviour", "clients": [1], "behaviour": {"kind": "label_flip"}}
    model.show.intervene(flip)
    shows(page, model.at(11))
    choose(page, "a client behaves otherwise", "revenue is shocked")
    press(page, "Let it happen")
    playwright.expect(page.locator(".event").last).to_contain_text("period 12: ")
    press(page, "Step")
    model.show.intervene({"kind": "revenue"})
    shows(page, model.at(12))
    press(page, "Save run")
    playwright.expect(page.locator(".saved")).to_contain_text("saved ")
    folder = Path(page.locator(".saved").inner_text().removeprefix("saved "))
    run = load_run(folder)
    assert run.periods["accuracy"].tolist() == [f.row["accuracy"] for f in model.show.all_frames]
    assert run.periods["revenue"].tolist() == [f.row["revenue"] for f in model.show.all_frames]
    words = [sys.executable, "-m", "simulator", "verify", str(folder)]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.endswith(
        "verified\n"
    )
    words = [sys.executable, "-m", "simulator", "run", str(folder / "scenario.yaml"), "--json"]
    words += ["--out", str(folder.parent / "again")]
    subprocess.run(words, capture_output=True, check=True)
    (again,) = (folder.parent / "again").glob("*/*")
    tables = [
        json.loads((each / "manifest.json").read_text())["tables"] for each in (folder, again)
    ]
    assert tables[0] == tables[1]
    with served(folder, file.parent / "none") as address:
        replay = visit(address=address)
        shows(replay, model.at(12).replace(" of 60", " of 12"))
        playwright.expect(replay.get_by_text("Intervene")).to_have_count(0)
        slider = replay.locator(".run").get_by_role("slider")
        with replaced(button(replay, "Step")):  # as Mesa's buttons had come to the end
            slider.press("Home")
        shows(replay, model.at(0).replace(" 60 ", " 12 "))
        press(replay, "Step")
        shows(replay, model.at(1).replace(" of 60", " of 12"))
        press(replay, "▶")
        shows(replay, model.at(12).replace(" of 60", " of 12"))
        slider.press("ArrowLeft")
        shows(replay, model.at(11).replace(" of 60", " of 12"))
        playwright.expect(replay.get_by_role("button", name="▶")).to_be_enabled()


def test_an_event_that_cannot_be_is_told(visit: Open, file: Path) -> None:
    """A batch clears constant products only, and here pools are weighted ones."""
    page = visit()
    page.get_by_role("button", name="Market").click()
    page.locator(".setting").filter(has_text="constant_product").locator(".v-select").click()
    page.get_by_role("option", name="weighted").click()
    press(page, "Reset")
    choose(page, "a client behaves otherwise", "clearing changes")
    choose(page, "random", "batch")
    press(page, "Let it happen")
    playwright.expect(page.get_by_role("alert")).to_contain_text("clearing batch needs")
    press(page, "Step")
    shows(page, Model(file, market__curve__kind="weighted").at(1))


def test_another_scenario_is_opened_by_name_or_by_file(visit: Open, file: Path) -> None:
    page = visit()
    press(page, "Step")
    other = file.parent / "other.yaml"
    other.write_text(SCENARIO.replace("count: 3", "count: 2"))
    page.get_by_label("or a scenario file").fill(str(file.parent / "lacking.yaml"))
    page.get_by_label("or a scenario file").press("Tab")
    press(page, "Open file")
    playwright.expect(page.get_by_role("alert")).to_contain_text("lacking.yaml")
    page.get_by_label("or a scenario file").fill(str(other))
    page.get_by_label("or a scenario file").press("Tab")
    with replaced(button(page, "Step")):
        press(page, "Open file")
    shows(page, Model(other).at(0))
    press(page, "Step")
    shows(page, Model(other).at(1))
    press(page, "Reset")
    shows(page, Model(other).at(0))
    with replaced(button(page, "Step")):
        choose(page, "other.yaml", "no_investors")
    playwright.expect(page.locator(".run")).to_contain_text("Do token prices need outside")
    press(page, "Step")
    playwright.expect(page.locator(".story")).to_contain_text("Period 1 of 60")


COLOURS = """\
[...document.querySelectorAll(".solara-echarts canvas")].map(canvas => {
    const context = canvas.getContext("2d");
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(pixels.data.buffer)).size;
})"""


@pytest.mark.parametrize("width", [1440, 1024])
def test_every_tab_is_drawn_side_by_side_or_below_each_other(
    visit: Open, tmp_path: Path, width: int
) -> None:
    page = visit(width)
    press(page, "Run 10")
    playwright.expect(page.locator(".story")).to_contain_text("Period 10 of")
    for tab in TABS:
        with nullcontext() if tab is TABS[0] else replaced(page.locator(".solara-echarts")):
            page.get_by_role("tab", name=tab.title).click()
        charts = {"Overview": 4, "Federation": 4, "Market": 4, "Wealth & flows": 4, "Ledger": 0}
        count = charts[tab.title]
        playwright.expect(page.locator(".solara-echarts canvas")).to_have_count(count)
        page.wait_for_function(f"() => {COLOURS}.every(count => count > 20)")
        page.screenshot(path=tmp_path / f"{width}.png")
        assert (tmp_path / f"{width}.png").stat().st_size > 20_000
        figures = page.locator(".solara-echarts")
        boxes = [figure.bounding_box() for figure in figures.all()]
        for number, box in enumerate(boxes):
            assert box["width"] >= 400 and box["x"] + box["width"] <= width
            for other in boxes[:number]:
                right, below = (
                    box[place] - other[place] - other[size]
                    for place, size in (("x", "width"), ("y", "height"))
                )
                assert max(right, below) >= 0
        assert min(page.evaluate(COLOURS), default=99) > 20, tab.title


def test_tables_have_the_numbers_of_the_model(visit: Open, file: Path) -> None:
    page, model = visit(), Model(file)
    press(page, "Run 10")
    shows(page, model.at(10))
    economy = model.show.economy
    page.get_by_role("tab", name="Ledger").click()
    agents = page.locator(".table").first
    numeraire, wealth = (economy.tables["agents"][name][2] for name in ("numeraire", "wealth"))
    row = agents.locator("tbody tr").filter(has_text="client 1").first
    playwright.expect(row).to_contain_text(f"{numeraire:,.2f}")
    playwright.expect(row).to_contain_text(f"{wealth:,.2f}")
    flows = page.locator(".table").last
    flows.get_by_label("Filter").fill("training cost")
    playwright.expect(flows.locator("tbody tr")).to_have_count(1)
    cost = economy.tables["flows"]["amount"][economy.tables["flows"]["flow"].index("training_cost")]
    playwright.expect(flows.locator("tbody tr")).to_contain_text(f"{cost:.2f}")
    agents.get_by_role("columnheader", name="wealth").click()
    least = economy.tables["agents"]["wealth"].min()
    playwright.expect(agents.locator("tbody tr").first).to_contain_text(f"{least:,.2f}")
    page.get_by_role("tab", name="Market").click()
    choose(page, "token 0", "token 2")
    playwright.expect(page.locator(".table").first).to_contain_text("Last fills of token 2")
    page.get_by_role("tab", name="Federation").click()
    cells = page.locator(".table tbody tr").first
    playwright.expect(cells).to_contain_text(f"{100 * economy.shares[0]:.3f}")
    press(page, "Step")
    shows(page, model.at(11))
    playwright.expect(cells).to_contain_text(f"{100 * economy.shares[0]:.3f}")
