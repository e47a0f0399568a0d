"""Tables of users, read by pandas: what may be wrong with one is found before anything learns."""

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, NoReturn
from warnings import catch_warnings

from simulator.errors import Problem, ScenarioError, suggestion

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Dialect",
    "check_columns",
    "closest",
    "counting_column",
    "line_of",
    "listed",
    "read_as_numbers",
    "read_user_table",
    "refuse",
    "repeated",
    "with_lines",
]

SEPARATORS = (",", ";", "\t", "|")
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
NEARLY_ALL = 0.9
"""Fraction of values from which on a column is meant to be of numbers, or of dates."""
NUMBER_WITH_COMMA = r"[-+]?\d*,\d+"
WRITTEN_NUMBER = r"[-+]?[\d.,'\s]*\d\s*%?"
DATE = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d{1,2}:\d{2}.*)?"
EXAMPLES = 4
"""Values that a message quotes at most."""


class Dialect(NamedTuple):
    """How a table is written; empty texts are detected."""

    separator: str
    decimal: str
    encoding: str
    na_values: tuple[str, ...]


def refuse(path: str, reason: str, setting: str = "file") -> NoReturn:
    """Raise ScenarioError: with this setting, the table at `path` cannot be learned from."""
    raise ScenarioError([Problem("", f"task csv: {path}: {reason}", (setting,))])


def repeated(names: Sequence[str]) -> str:
    """The first name that an earlier one equals; else empty."""
    return next((name for number, name in enumerate(names) if name in names[:number]), "")


def line_of(row: int) -> int:
    """The line of a row in the file, whose header is line 1."""
    return row + 2


def read_user_table(path: str, dialect: Dialect) -> "tuple[pd.DataFrame, Dialect]":
    """The table at `path` and the dialect it is written in; its index counts the rows of the file.

    Raises ScenarioError when it cannot be read.
    """
    import pandas as pd

    if path.endswith(".parquet"):
        try:
            frame = pd.read_parquet(path).reset_index(drop=True)
        except Exception as error:  # of several libraries, as below
            refuse(path, f"cannot be read: {_one_line(error)}")
        frame.columns = frame.columns.astype(str)
        return frame, dialect
    content = _content(path)
    encoding = dialect.encoding or _encoding(path, content)
    header = _header(path, content, encoding)
    separator = dialect.separator or max(SEPARATORS, key=lambda each: len(_cells(header, each)))
    _check_header(path, _cells(header, separator))
    dialect = dialect._replace(encoding=encoding, separator=separator)
    if dialect.decimal:
        return _read(path, content, dialect), dialect
    frame = _read(path, content, dialect._replace(decimal="."))
    has_comma = any(_fraction_matching(frame[name], NUMBER_WITH_COMMA) for name in _texts(frame))
    dialect = dialect._replace(decimal="," if has_comma and separator != "," else ".")
    return (_read(path, content, dialect) if dialect.decimal == "," else frame), dialect


def _read(path: str, content: bytes, dialect: Dialect) -> "pd.DataFrame":
    import pandas as pd

    try:
        with catch_warnings(action="error", category=pd.errors.ParserWarning):
            frame = pd.read_csv(
                io.BytesIO(content),
                sep=dialect.separator,
                decimal=dialect.decimal,
                encoding=dialect.encoding,
                keep_default_na=False,
                na_values=list(dialect.na_values),
                skip_blank_lines=False,
                index_col=False,
                low_memory=False,
            )
    except pd.errors.ParserWarning:
        refuse(path, "rows have more values than the header has columns")
    except UnicodeError as error:
        refuse(path, f"is not {dialect.encoding} text: {_one_line(error)}; set `encoding`")
    except (OSError, ValueError, LookupError) as error:  # pandas' own errors are ValueErrors
        refuse(path, f"cannot be read: {_one_line(error)}")
    frame.columns = frame.columns.astype(str)
    return frame.dropna(how="all")


def _content(path: str) -> bytes:
    """The bytes of the file, uncompressed."""
    from pandas.io.common import get_handle  # type: ignore[import-not-found]

    try:
        with get_handle(path, "rb", compression="infer", is_text=False) as opened:
            return bytes(opened.handle.read())
    except Exception as error:  # each compression has its own
        refuse(path, f"cannot be read: {_one_line(error)}")


def _encoding(path: str, content: bytes) -> str:
    """The encoding that the first bytes announce, else UTF-8, which the whole file must be."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            return encoding
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        refuse(
            path,
            f"is not UTF-8 text: byte 0x{content[error.start]:02x} in line {line}; set `encoding`, "
            "such as latin-1 or cp1252",
        )
    return "utf-8"


def _header(path: str, content: bytes, encoding: str) -> str:
    """The first line."""
    try:
        return (content.decode(encoding).splitlines() or [""])[0]
    except (UnicodeError, LookupError) as error:
        refuse(path, f"cannot be read as {encoding}: {_one_line(error)}")


def _cells(header: str, separator: str) -> list[str]:
    return next(csv.reader([header], delimiter=separator), [])


def _check_header(path: str, names: Sequence[str]) -> None:
    """Refuse columns of the same name, which pandas would number."""
    if name := repeated([name for name in names if name]):
        refuse(path, f"column {name!r} stands twice in the header; rename one of them")


def _texts(frame: "pd.DataFrame") -> list[str]:
    from pandas.api.types import is_numeric_dtype

    return [str(name) for name in frame if not is_numeric_dtype(frame[name])]


def _fraction_matching(column: "pd.Series", pattern: str) -> bool:
    """Whether nearly all values of a column of texts match the pattern."""
    values = column.dropna().astype(str).str.strip()
    return bool(len(values)) and bool(values.str.fullmatch(pattern).mean() >= NEARLY_ALL)


def check_columns(path: str, frame: "pd.DataFrame", dialect: Dialect) -> None:
    """Refuse columns of texts that were meant to be numbers or are dates."""
    for name in _texts(frame):
        _check_numbers(path, frame[name], dialect)
        if _fraction_matching(frame[name], DATE):
            refuse(
                path,
                f"column {name!r} holds dates such as {frame[name].dropna().iloc[0]!r}; write them "
                "as numbers, or name other columns by `features`",
            )
        if _fraction_matching(frame[name], WRITTEN_NUMBER):
            refuse(
                path,
                f"column {name!r} holds numbers that cannot be read, such as "
                f"{frame[name].dropna().iloc[0]!r}; write plain numbers such as 1234.5, or set "
                "`decimal`",
            )


def read_as_numbers(frame: "pd.DataFrame", dialect: Dialect) -> "pd.DataFrame":
    """The frame whose text columns of numbers alone are numbers.

    There are some when the rows with the other texts were left out.
    """
    frame = frame.copy()
    for name in _texts(frame):
        numbers = _parsed(frame[name], dialect)
        if numbers.notna().equals(frame[name].notna()):
            frame[name] = numbers
    return frame


def _parsed(column: "pd.Series", dialect: Dialect) -> "pd.Series":
    """The numbers that a column's texts say, NaN for other texts."""
    import pandas as pd

    point = "," if dialect.decimal == "," else "."
    plain = column.astype(object).map(lambda value: str(value).replace(point, "."), "ignore")
    return pd.to_numeric(plain, errors="coerce")


def _check_numbers(path: str, column: "pd.Series", dialect: Dialect) -> None:
    """Refuse a column of which nearly all values are numbers and a few are not."""
    values = column.dropna().astype(str)
    odd = values[_parsed(values, dialect).isna()]
    if len(odd) == len(values) or len(odd) > (1 - NEARLY_ALL) * len(values):
        return
    quoted = with_lines(odd)
    more = f" and {len(odd) - EXAMPLES} more" if len(odd) > EXAMPLES else ""
    texts = list(dict.fromkeys([*dialect.na_values, *odd.tolist()[:EXAMPLES]]))
    refuse(
        path,
        f"column {column.name!r} holds numbers, except for {quoted}{more}; mend them, or set "
        f"na_values: {texts} and missing: {{kind: drop}} or {{kind: impute}}",
    )


def with_lines(values: "pd.Series") -> str:
    """The first values of a column, each with its line."""
    return ", ".join(f"{values[row]!r} in line {line_of(row)}" for row in values.index[:EXAMPLES])


def closest(name: str, names: Iterable[str], noun: str) -> str:
    """The end of a message that suggests one of `names` or, if none is close, lists them."""
    names = list(names)
    return suggestion(name, names) or f"; the {noun} are {listed(names)}"


def counting_column(frame: "pd.DataFrame") -> str:
    """The first column if it has no name or only counts the rows, as a saved index; else ''."""
    name = str(frame.columns[0])
    if name.startswith("Unnamed: "):
        return name
    values = frame[name]
    if values.dtype.kind not in "iu" or len(values) < 2:
        return ""
    steps = values.to_numpy() - frame.index.to_numpy()
    return name if (steps == steps[0]).all() and steps[0] in (0, 1) else ""


def listed(names: Iterable[str], most: int = 6) -> str:
    """Names with commas on one line, at most so many."""
    texts = [" ".join(name.split()) for name in names]
    rest = f", ... ({len(texts)} in all)" if len(texts) > most else ""
    return ", ".join(texts[:most]) + rest


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())
