"""How text becomes the words of the index; documents and queries pass the same way.

Words written with spaces (Latin, Cyrillic, numbers) are kept whole and lose their English endings.
Chinese and Japanese put no space between words, and Korean glues particles to them, so a run of
such characters becomes its overlapping pairs: 특허를 → 특허, 허를. That needs no dictionary, and a
word is never missed for being new. Many of their words are of one character (傘, 칼), so a listing
is found by each of its characters as well; a query asks for one only where it stands alone, since
pairs are rarer and say more.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import chain
from operator import add

from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

QUERY_CHARACTERS = 200
QUERY_WORDS = 32
_WORD_CHARACTERS = 64

_PAIRED = (
    "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # Han
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # Kana
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"  # Hangul
)
_RUNS = re.compile(f"[{_PAIRED}]+|[^\\W_{_PAIRED}]+")
_IS_PAIRED = re.compile(f"[{_PAIRED}]").match
_STEMMER = TextAnalyzerBuilder(Tokenizer.raw()).filter(Filter.stemmer("english")).build()


def tokens(text: str) -> list[str]:
    """Return the words that a listing with `text` is found by, repetitions included.

    Neither case nor width counts. Everything that is neither letter nor digit only separates, NUL
    and lone surrogates too. A word is cut after 64 characters.
    """
    words: list[str] = []
    for run in _runs(text):
        words += _words_of(run)
        if len(run) > 1 and _IS_PAIRED(run):
            words += run
    return words


def query_tokens(text: str) -> list[str]:
    """Return the distinct words of a query: of its first 200 characters, the first 32 words."""
    words = chain.from_iterable(map(_words_of, _runs(text[:QUERY_CHARACTERS])))
    return list(dict.fromkeys(words))[:QUERY_WORDS]


def _runs(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _RUNS.findall(folded)


# Texts repeat their runs, so that a rebuild of the index spends half the time here with this cache.
@lru_cache(maxsize=1 << 15)
def _words_of(run: str) -> tuple[str, ...]:
    if not _IS_PAIRED(run):
        return tuple(_STEMMER.analyze(run[:_WORD_CHARACTERS]))
    return tuple(map(add, run, run[1:])) if len(run) > 1 else (run,)
