"""Names of clusters: what their texts speak of, and others do not."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import log

from marketplace.valuation.rating.records import Facts
from marketplace.valuation.rating.texts import words

WORDS_OF_A_NAME = 3
VOCABULARY_MAX = 20_000
"""Words kept of a cluster; the rare ones are dropped when there are twice as many."""


@dataclass(slots=True)
class Vocabulary:
    """In how many titles of a cluster each word is, and each IPC subclass."""

    texts: int = 0
    words: Counter[str] = field(default_factory=Counter)
    subclasses: Counter[str] = field(default_factory=Counter)

    def add(self, facts: Facts) -> None:
        self.texts += 1
        self.words.update(set(words(facts.title)))
        self.subclasses.update(facts.subclasses)
        if len(self.words) > 2 * VOCABULARY_MAX:
            self.words = Counter(dict(self.words.most_common(VOCABULARY_MAX)))


def names_of(vocabularies: Iterable[Vocabulary]) -> list[str]:
    """A name each: its most common IPC subclass, and the words that set its titles apart."""
    all_of = list(vocabularies)
    texts = sum(one.texts for one in all_of)
    everywhere: Counter[str] = Counter()
    for one in all_of:
        everywhere.update(one.words)
    return [_name(one, everywhere, texts) for one in all_of]


def _name(own: Vocabulary, everywhere: Counter[str], texts: int) -> str:
    def told(word: str) -> float:
        """How much finding the word says for this cluster (its part of the divergence)."""
        here = own.words[word] / own.texts
        elsewhere = (everywhere[word] - own.words[word] + 1) / (texts - own.texts + 1)
        return here * log(here / elsewhere)

    found = [word for word, count in own.words.items() if count > 1 or own.texts == 1]
    best = sorted(found, key=lambda word: (-told(word), word))[:WORDS_OF_A_NAME]
    subclass = [code for code, _ in own.subclasses.most_common(1)]
    return " · ".join(filter(None, [*subclass, ", ".join(best)])) or "unnamed"
