"""Valuation as pure functions.

Amounts are in minor units or any other unit, as long as all amounts of a call have the same.
Rates, shares and premiums are fractions: 0.05 is 5 %. A year is one period; the first cash flow
belongs to the year that begins on the base date.

Values are estimates, so they are computed in double precision (15 significant digits) and nothing
is rounded here; who turns a value into money rounds once, at the end (docs/decisions/0037).

Every function takes numbers or arrays: a scalar input may be an array of draws, shape `(n,)`, and
a series of years may be `(years,)` or `(n, years)`. A result then has one value a draw.
"""
