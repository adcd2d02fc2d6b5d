"""Texts of any language as sparse vectors of hashed n-grams."""

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Any, Final
from zlib import crc32

import numpy as np
from scipy import sparse

from marketplace.valuation.library.working import Array

Matrix = Any
"""A scipy sparse matrix, of which there are no types."""

WORDS_REMEMBERED: Final = 1 << 15
"""Their pieces are hashed once; common words are most of every text."""
_RUN: Final = re.compile(
    r"(?P<cjk>[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+)|(?P<letters>[^\W\d_]+)"
)
_PARTICLES: Final = ("에서", "으로", *"을를이가은는의에로와과도")
_COMMON: Final = (
    "about above according after also among and another any apparatus are art at based been being"
    " between both but can claim claims comprise comprises comprising configured containing could"
    " der die das des dem den ein eine einen einer embodiment embodiments first for from further"
    " has have having herein includes including into invention its least means method methods"
    " more one other particular plurality portion present preferably provide provided provides"
    " providing relates said second such system that the their them then there thereby therefor"
    " thereof these they this those through unit upon use used using und various wherein whereby"
    " which with within von zur zum mit auf ist sind wird werden"
    " 본 발명 관한 것으로 상기 따른 있는 하는 위한 구비 포함 이용 및 또는 이의 그것"
    " 방법 시스템 장치"
    " 一种 方法 及其 装置 系统 基于 发明 的方 置及 統及 方法及 装置及"
)
STOP_WORDS: Final = frozenset(_COMMON.split())


def runs(text: str) -> Iterator[tuple[bool, str]]:
    """Runs of Chinese, Japanese and Korean characters, and words of letters, in lower case."""
    for found in _RUN.finditer(text.casefold()):
        yield found["cjk"] is not None, found[0]


def n_grams(is_cjk: bool, run: str, *, letters: int, cjk: int) -> Iterator[str]:  # noqa: FBT001
    """Pieces of a run; a word's ends are marked, and what is shorter is taken whole."""
    size, marked = (cjk, run) if is_cjk else (letters, f" {run} ")
    return (marked[at : at + size] for at in range(max(1, len(marked) - size + 1)))


def words(text: str) -> Iterator[str]:
    """Words that could name a cluster: Korean without particles, Chinese and Japanese in pairs."""
    for is_cjk, run in runs(text):
        if not is_cjk:
            found: tuple[str, ...] = (run,) if len(run) > 3 else ()  # noqa: PLR2004
        elif "\uac00" <= run[0] <= "\ud7af":
            found = (_bare(run),)
        else:
            found = tuple(run[at : at + 2] for at in range(len(run) - 1))
        yield from (word for word in found if len(word) > 1 and word not in STOP_WORDS)


def _bare(word: str) -> str:
    for particle in _PARTICLES:
        if len(word) - len(particle) > 1 and word.endswith(particle):
            return word[: -len(particle)]
    return word


class Vectoriser:
    """Takes texts one by one, and keeps of each only which hashed pieces it has how often."""

    def __init__(self, letters: int, cjk: int, bits: int) -> None:
        self._mask = (1 << bits) - 1
        self._rows = array("q", [0])
        self._columns = array("i")
        self._counts = array("i")

        def pieces_of(run: tuple[bool, str]) -> tuple[int, ...]:
            return tuple(self._hashed(n_grams(*run, letters=letters, cjk=cjk)))

        self._pieces_of = lru_cache(WORDS_REMEMBERED)(pieces_of)

    def add(self, text: str) -> None:
        self._add(chain.from_iterable(map(self._pieces_of, runs(text))))

    def add_whole(self, words: Iterable[str]) -> None:
        """Words that are not cut."""
        self._add(self._hashed(words))

    def _hashed(self, pieces: Iterable[str]) -> Iterator[int]:
        # CRC-32 is the same everywhere and for ever, unlike Python's own hash.
        return (crc32(piece.encode()) & self._mask for piece in pieces)

    def _add(self, columns: Iterable[int]) -> None:
        counted = Counter(columns)
        self._columns.extend(counted.keys())
        self._counts.extend(counted.values())
        self._rows.append(len(self._columns))

    def matrix(self) -> Matrix:
        """One row a text, each of length 1; what is in many texts counts less (TF-IDF)."""
        shape = (len(self._rows) - 1, self._mask + 1)
        weights = 1 + np.log(np.array(self._counts, dtype=np.float32))
        parts = (weights, np.array(self._columns), np.array(self._rows))
        found = sparse.csr_array(parts, shape=shape)
        occurs = np.bincount(found.indices, minlength=shape[1])
        rarity = np.log((1 + shape[0]) / (1 + occurs)).astype(np.float32) + 1
        found.data *= rarity[found.indices]
        return of_length_one(found)


def of_length_one(matrix: Matrix) -> Matrix:
    """Each row divided by its length; an empty one stays."""
    lengths = np.sqrt(row_sums(matrix.multiply(matrix)))
    lengths[lengths == 0] = 1
    return sparse.csr_array(sparse.diags_array(1 / lengths).astype(np.float32) @ matrix)


def row_sums(matrix: Matrix) -> Array:
    sums: Array = np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()
    return sums
