"""The server of the page: its error messages, its address, and its end."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.patience import patience

SCENARIO = """\
name: small
periods: 6
federation: {contribution: {kind: leave_one_out}}
clients: [{count: 3}]
liquidity_providers: [{count: 1, deposit: 300}]
investors: [{count: 4}]
"""


@pytest.fixture(autouse=True)
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SCENARIO)


def test_a_port_in_use_is_told(call):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = call("view", "small.yaml", "--no-open", "--port", port)
    assert (code, out) == (1, "")
    assert err.startswith(f"error: port {port}: ") and err.count("\n") == 1
    assert "--port" in err


@pytest.mark.filterwarnings("ignore:websockets.legacy is deprecated")  # Solara uses it
@pytest.mark.parametrize("lacking", ["solara", "altair"])
def test_a_missing_package_is_told_with_how_to_install_it(call, monkeypatch, lacking):
    for name in [*sys.modules]:
        if name.startswith(("simulator.dashboard.page", "mesa.visualization", lacking)):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, lacking, None)
    monkeypatch.setattr(os, "environ", os.environ.copy())
    assert call("view", "small.yaml", "--no-open", "--port", "0") == (
        2, "", f"error: the page needs {lacking}: pip install 'wallstreetfeds[viz]'\n"
    )  # fmt: skip


@pytest.mark.slow
def test_it_is_served_to_this_machine_only_until_ctrl_c():
    pytest.importorskip("solara")
    words = [sys.executable, "-m", "simulator", "view", "small.yaml", "--no-open", "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as view:
        assert view.stdout is not None
        address = view.stdout.readline()
        port = int(address.split("http://127.0.0.1:")[1].split()[0])
        with socket.create_connection(("127.0.0.1", port), timeout=patience(20)):
            pass
        # Whoever listens on all addresses of a machine also answers at this one of its own.
        with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=2):
            pass
        view.send_signal(signal.SIGINT)
        out, err = view.communicate(timeout=patience(30))
    assert (view.returncode, out) == (130, "")
    assert err.strip() == "interrupted"


CLOSINGS = """\
import sys, threading
import solara.server.app
from solara.server.kernel import Kernel
from solara.server.kernel_context import VirtualKernelContext, contexts
from simulator.dashboard.serving import close_beside_threads

close_beside_threads()
sys.setswitchinterval(1e-6)
for number in range(60):
    page = VirtualKernelContext(id=str(number), session_id="", kernel=Kernel())
    contexts[page.id] = page
    closing = threading.Event()
    page._on_close_callbacks.append(closing.set)
    with page:
        for _ in range(30):
            threading.Thread(target=closing.wait).start()
    page.close()
    assert page.closed_event.is_set() and not contexts
"""


@pytest.mark.slow
def test_a_page_is_closed_while_threads_of_it_end():
    """Fails nearly always where `close_beside_threads` does nothing."""
    pytest.importorskip("solara")
    words = [sys.executable, "-W", "ignore", "-c", CLOSINGS]
    done = subprocess.run(words, capture_output=True, text=True, timeout=patience(120), check=False)
    assert (done.returncode, done.stderr) == (0, "")
