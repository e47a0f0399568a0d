"""Reading, summarising and drawing finished (or still running) runs, from their folders alone.

    from simulator.analysis import load_run, overview_figure, summarise

    run = load_run("outputs/quickstart/20250101T120000-ab12")
    run.pools.groupby("token", observed=True)["spot_price"].last()

The public names are listed in `__init__.pyi` and imported on first use, so that `import
simulator.analysis` costs nothing.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
