"""The web server of the page: on this machine only, without a request to any other."""

import os
import socket
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from simulator.errors import ScenarioError, SimulatorError

if TYPE_CHECKING:
    from simulator.dashboard.stage import Stage

__all__ = ["serve"]

HOST = "127.0.0.1"
NOWHERE = "http://127.0.0.1:9/"
BEFORE_SOLARA = {  # it reads them when it is imported
    "SOLARA_APP": "simulator.dashboard.page",
    "SOLARA_CHECK_HOOKS": "off",  # Mesa's page does not pass
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_TELEMETRY_SERVER_USER_ID": "nobody",  # it would write a new one into the home folder
}


def serve(stage: "Stage", port: int, announce: Callable[[str], object]) -> None:
    """Serve pages that begin with `stage`, until interrupted; port 0 takes a free one.

    `announce` is called with the address once it can be opened. Raises SimulatorError when the port
    cannot be had, ScenarioError when a package is missing.
    """
    with _listener(port) as listener:
        os.environ.update(BEFORE_SOLARA)
        try:
            import solara.settings
            from solara.server import settings
            from solara.server.starlette import app

            from simulator.dashboard.page import begin_with
        except ModuleNotFoundError as error:
            lacking = (error.name or "").partition(".")[0]
            what = f"the page needs {lacking}: pip install 'wallstreetfeds[viz]'"
            raise ScenarioError(what) from error
        solara.settings.assets.cdn = NOWHERE  # all there is to load comes with solara-assets
        settings.theme.loader = "plain"
        warnings.filterwarnings("ignore", "Cookies with samesite")  # its cookie is lax, and may be
        close_beside_threads()
        begin_with(stage)
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        _run(app, listener, lambda: announce(address))


def close_beside_threads() -> None:
    """Let a page be closed while threads of it end.

    Solara forgets such a thread twice, where it ends and where it closes the page, and fails to
    close the page when the thread came first (as of 1.64).
    """
    from solara.server import kernel_context

    class Threads(dict[str, Any]):
        def __delitem__(self, thread: str) -> None:
            self.pop(thread, None)

    kernel_context.current_context = Threads(kernel_context.current_context)


def _run(app: Any, listener: socket.socket, ready: Callable[[], object]) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    config = uvicorn.Config(
        app, loop="asyncio", log_level="error", access_log=False, timeout_graceful_shutdown=1
    )
    Server(config).run(sockets=[listener])


def _listener(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        why = f"port {port}: {error.strerror or error}; choose another with --port"
        raise SimulatorError(why) from error
