"""Whether an economy goes on where another was saved."""

import numpy as np

__all__ = ["alike", "goes_on", "restored", "saved"]


def saved(economy):
    """What the economy saves, in arrays of its own."""
    return {name: array.copy() for name, array in economy.save().items()}


def restored(economy, fresh):
    """`fresh`, restored to where `economy` is."""
    fresh.restore(saved(economy))
    same("restored", fresh.save(), economy.save())
    return fresh


def alike(one, other):
    """Both have done the same in this period, and have come to the same, to the last bit.

    That is all tables, the row of history and all that is saved: balances, memories, the books of
    pools and the place of every random stream.
    """
    assert one.period == other.period
    assert one.tables.keys() == other.tables.keys()
    for name, table in other.tables.items():
        same(name, one.tables[name], table)
    same("history", one.history[-1], other.history[-1])
    same("saved", one.save(), other.save())


def goes_on(economy, fresh, periods):
    """`fresh`, restored to where `economy` is, does the same as that for so many periods.

    What was saved does not change with either.
    """
    taken, kept = economy.save(), saved(economy)
    restored(economy, fresh)
    for _ in range(periods):
        economy.step()
        fresh.step()
        alike(fresh, economy)
    same("taken", taken, kept)


def same(name, result, expected):
    """Columns of the same names, kinds, lengths and bits."""
    assert result.keys() == expected.keys(), name
    for column, values in expected.items():
        one, other = np.asarray(result[column]), np.asarray(values)
        assert other.dtype != object, (name, column)  # whose bits are places in memory
        assert (one.dtype, one.shape) == (other.dtype, other.shape), (name, column)
        assert one.tobytes() == other.tobytes(), (name, column)
