"""What the page costs: time to the first plot, periods per second while it plays, and memory.

    python benchmarks/page.py [SCENARIO] [--periods 500]

Serves the page, opens it in Chromium without any network but this machine's, and plays it with the
overview open, as fast as it goes. Periods per second are those between the first and the last fifth
of the run; memory is the server's, after each fifth.
"""

import argparse
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("scenario", nargs="?", default="quickstart")
    parser.add_argument("--periods", type=int, default=500)
    asked = parser.parse_args()
    words = [sys.executable, "-m", "simulator", "view", asked.scenario, "--no-open", "--port", "0"]
    words += ["--periods", str(asked.periods)]
    started = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split(" is at ")[1].split()[0]
            print(f"server ready after       {time.perf_counter() - started:6.1f} s")
            _measure(address, server.pid, asked.periods)
        finally:
            server.terminate()


def _measure(address: str, server: int, periods: int) -> None:
    from playwright.sync_api import sync_playwright

    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=browser, args=FLAGS)
        for visit in ("first", "second"):
            page = opened.new_context(viewport={"width": 1440, "height": 1000}).new_page()
            begun = time.perf_counter()
            page.goto(address)
            page.locator(".solara-echarts canvas").first.wait_for(timeout=60_000)
            print(f"first plot, {visit + ' visit':<13}{time.perf_counter() - begun:6.2f} s")
        page.get_by_role("button", name="▶", exact=True).click()
        marks = []
        for fifth in range(1, 6):
            reached = _wait(page, fifth * periods // 5)
            marks.append((reached, time.perf_counter()))
            print(f"server's memory at {reached:>5} {_memory(server):6.0f} MB")
        (first, then), *_, (last, now) = marks
        print(f"periods per second       {(last - first) / (now - then):6.1f}")
        opened.close()


def _wait(page: Any, period: int) -> int:
    """Until the page shows that period; returns the one it shows."""
    while True:
        found = re.match(r"Period (\d+) of", page.locator(".story").inner_text())
        if found and int(found[1]) >= period:
            return int(found[1])
        time.sleep(0.05)


def _memory(process: int) -> float:
    """Resident memory in MB, as Linux tells it."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    main()
