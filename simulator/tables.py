"""The tables of a run folder: their columns and what a value of each column is.

A column is `int32`, `float64` or `category` (a name, dictionary-encoded). Amounts of money are in
numeraire, amounts of tokens in tokens, rates per period. Row 0 of a run is its genesis.
"""

RUN_FORMAT = 3
"""Version of the run folder's layout, in `manifest.json`."""

TABLES: dict[str, dict[str, str]] = {
    "periods": {
        "period": "int32",
        "accuracy": "float64",  # of the global model on the test set
        "loss": "float64",  # log loss on the test set
        "utility": "float64",  # on the validation set
        "revenue": "float64",
        "issued": "float64",  # tokens, all together
        "dividends": "float64",
        "buybacks": "float64",  # numeraire spent on buybacks
        "volume": "float64",  # numeraire that changed hands, buybacks included
    },
    "clients": {
        "period": "int32",
        "client": "category",
        "behaviour": "category",
        "examples": "int32",
        "participated": "int32",  # 1 or 0
        "contribution": "float64",
        "credit": "float64",
        "share": "float64",
        "issued": "float64",
        "dividends": "float64",  # received as a holder of any token
        "dividends_paid": "float64",  # to the holders of this client's token
        "direct": "float64",
        "offering": "float64",  # numeraire got for new tokens
        "tokens": "float64",  # of its own
        "numeraire": "float64",
        "wealth": "float64",
        "owner": "category",  # first client of its owner: itself, unless a Sybil identity
    },
    "pools": {
        "period": "int32",
        "token": "category",
        "reserve_token": "float64",  # of a bonding curve, all tokens
        "reserve_numeraire": "float64",
        "spot_price": "float64",
        "volume": "float64",  # numeraire that changed hands, buybacks included
        "fees": "float64",  # numeraire; fees in tokens count at the price of their swap
        "supply": "float64",
        "fundamental_value": "float64",
        "fee": "float64",  # of swaps in the period, fraction of the amount paid in
    },
    "positions": {  # of providers and the treasury in pools, at the end of the period
        "period": "int32",
        "agent": "category",
        "token": "category",  # of the pool
        "shares": "float64",  # LP shares; liquidity in a concentrated pool
        "lower": "float64",  # lower end of its price range
        "upper": "float64",  # upper end of its price range
        "tokens": "float64",  # withdrawable for the shares, fees included
        "numeraire": "float64",  # likewise, in numeraire
        "value": "float64",  # of both, at the spot price
        "deposited_tokens": "float64",  # deposited for the present shares
        "deposited_numeraire": "float64",  # likewise, in numeraire
        "holding_value": "float64",  # of both deposits at the spot price, had they been held
        "moved_tokens": "float64",  # deposited less withdrawn in the period
        "moved_numeraire": "float64",  # likewise, in numeraire
        "moved": "float64",  # value of both, at the spot price at the end of the period
        "fees": "float64",  # earned in the period, at the spot price
        "lvr": "float64",  # loss against rebalancing in the period
    },
    "agents": {
        "period": "int32",
        "agent": "category",
        "kind": "category",
        "strategy": "category",
        "accounts": "int32",  # that the row stands for
        "numeraire": "float64",
        "token_value": "float64",  # at spot prices
        "lp_value": "float64",  # LP shares at spot prices
        "wealth": "float64",
    },
    "fills": {
        "period": "int32",
        "sequence": "int32",  # order of settling within the period
        "agent": "category",
        "account": "int32",  # -1 for several
        "strategy": "category",
        "token": "category",
        "side": "category",  # buy or sell, of the token
        "amount_in": "float64",
        "amount_out": "float64",
        "price": "float64",  # numeraire per token, fee included
        "slippage": "float64",  # against the quote on the view, positive is worse; NaN if none
        "status": "category",
        "orders": "int32",  # that the row stands for
    },
    "flows": {
        "period": "int32",
        "flow": "category",
        "asset": "category",
        "payer": "category",
        "payee": "category",
        "amount": "float64",
    },
}
