"""Errors that are not the simulator's own, such as those that plugins raise, in one line."""

from pathlib import Path

__all__ = ["PLUGIN_MODULE", "described_error", "is_of_plugin", "plugin_line"]

PLUGIN_MODULE = "wallstreetfeds_plugin_"
"""Beginning of the names of the modules that plugins become."""


def described_error(error: BaseException) -> str:
    """Type and message of an error in one line, with the line of the plugin that raised it.

    >>> described_error(ZeroDivisionError("division by zero"))
    'ZeroDivisionError: division by zero'
    """
    message = " ".join(str(error).split())
    line = plugin_line(error)
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return f"{text} ({line})" if line else text


def plugin_line(error: BaseException) -> str:
    """File and line where a plugin's code raised an error or called what did: `mine.py:12`.

    Empty when no code of a plugin was running.
    """
    line, traceback = "", error.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        if str(frame.f_globals.get("__name__", "")).startswith(PLUGIN_MODULE):
            line = f"{Path(frame.f_code.co_filename).name}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return line


def is_of_plugin(error: BaseException) -> bool:
    """Whether a plugin caused an error.

    Where a component cannot be written, pydantic hides the plugin's own error.
    """
    from pydantic_core import PydanticSerializationError

    return bool(plugin_line(error)) or isinstance(error, PydanticSerializationError)
