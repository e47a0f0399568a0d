"""The web server of the page, which neither serves nor contacts other machines."""

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
BEFORE_SOLARA = {  # Solara reads these when it is imported
    "SOLARA_APP": "simulator.dashboard.page",
    "SOLARA_CHECK_HOOKS": "off",  # Mesa's page fails this check
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_TELEMETRY_SERVER_USER_ID": "nobody",  # else Solara writes an id into the home folder
}


def serve(stage: "Stage", port: int, announce: Callable[[str], object]) -> None:
    """Serve pages of `stage` until interrupted; port 0 takes a free one.

    Calls `announce` with the address once the server is ready. Raises SimulatorError if the port
    is not available, ScenarioError if a package is missing.
    """
    with _listener(port) as listener:
        os.environ.update(BEFORE_SOLARA)
        try:
            import solara.settings
            from solara.server import settings
            from solara.server.starlette import app

            from simulator.dashboard.page import begin_with
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            message = f"the page needs {package}: pip install 'wallstreetfeds[viz]'"
            raise ScenarioError(message) from error
        solara.settings.assets.cdn = NOWHERE  # solara-assets has all assets
        settings.theme.loader = "plain"
        warnings.filterwarnings("ignore", "Cookies with samesite")  # harmless: the cookie is lax
        close_beside_threads()
        begin_with(stage)
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        _run(app, listener, lambda: announce(address))


def close_beside_threads() -> None:
    """Make closing a page safe while its threads end.

    Solara (as of 1.64) deletes such a thread twice, when it ends and when its page closes, and
    fails to close the page if the thread ends first.
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
        message = f"port {port}: {error.strerror or error}; choose another with --port"
        raise SimulatorError(message) from error
