"""Measure the product against its floors on this machine; each line ends with pass or FAIL."""

import argparse
from pathlib import Path
from typing import Final

from benchmarks import (
    accrual,
    assigning,
    encumbrances,
    inbox,
    page,
    reading,
    royalties,
    searching,
    settling,
    statistics,
    tokens,
    valuation,
)
from benchmarks.place import opened
from benchmarks.scale import Scale

BENCHMARKS: Final = {
    "list": reading.measure_list,
    "detail": reading.measure_detail,
    "search": searching.measure_search,
    "inbox": inbox.measure_inbox,
    "settle": settling.measure_settlement,
    "statistics": statistics.measure_statistics,
    "page": page.measure_page,
    "encumbrances": encumbrances.measure_encumbrances,
    "token": tokens.measure_tokens,
    "royalties": royalties.measure_royalties,
    "valuation": valuation.measure_valuation,
    "assign": assigning.measure_assignment,
    "accrual": accrual.measure_accrual,
}


def main() -> None:
    asked = _parser().parse_args()
    scale = Scale(tuple(asked.rows), tuple(asked.deals), asked.rounds, asked.seconds)
    with opened(asked.keep) as place:
        for name, measure in BENCHMARKS.items():
            if {name, "all"} & set(asked.names):
                print(f"\n{name}", flush=True)
                measure(place, scale)


def _parser() -> argparse.ArgumentParser:
    usual = Scale()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="+", choices=[*BENCHMARKS, "all"])
    parser.add_argument("--rows", type=int, nargs="+", default=usual.listings, help="listings")
    parser.add_argument("--deals", type=int, nargs="+", default=usual.deals, help="settled deals")
    parser.add_argument("--rounds", type=int, default=usual.rounds)
    parser.add_argument("--seconds", type=int, default=usual.seconds, help="length of a round")
    parser.add_argument("--keep", type=Path, help="keep generated data here, for the next run")
    return parser


if __name__ == "__main__":
    main()
