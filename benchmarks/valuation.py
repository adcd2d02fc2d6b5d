"""Calculations over HTTP against the cheapest read that takes a token, and what a rating takes."""

import json
import random
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.request import Request, urlopen

import asyncpg

from benchmarks.load import Measured
from benchmarks.place import Place
from benchmarks.report import Bar, Run, interleave, judge, rates
from benchmarks.scale import Scale
from benchmarks.servers import product
from benchmarks.vocabulary import WORDS
from marketplace.valuation.calculations.examples import EXAMPLES
from marketplace.valuation.registry.contents import Method

RECORDS: Final = (1_000, 4_000)
PLAIN: Final = Bar(0.3)
GROWTH: Final = Bar(5, aim=4, at_most=True)
"""Four times the records may take five times the memory; the square would take sixteen."""
