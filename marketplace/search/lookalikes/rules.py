"""How alike two texts are: the best match of any passage of one with any of the other."""

from collections.abc import Sequence
from typing import Final

from marketplace.kernel.money import BASIS_POINTS
from marketplace.valuation.rating.texts import Vectoriser

PASSAGE_CHARACTERS: Final = 800
SHORT_CHARACTERS: Final = 60
PASSAGES_MAX: Final = 40
LETTERS, CJK, BITS = 4, 2, 16


def passages(text: str) -> list[str]:
    """A text by its paragraphs; short ones stand with the next, and long ones are cut.

    What is beyond forty of them is not compared.
    """
    found, short = [], ""
    for paragraph in filter(str.strip, text.splitlines()):
        whole = f"{short}\n{paragraph}" if short else paragraph
        short = whole if len(whole) < SHORT_CHARACTERS else ""
        starts = range(0, 0 if short else len(whole), PASSAGE_CHARACTERS)
        found += [whole[start : start + PASSAGE_CHARACTERS] for start in starts]
    return [*found, *filter(None, (short,))][:PASSAGES_MAX]


def likeness(text: str, others: Sequence[str]) -> list[int]:
    """For each other text, 0 for nothing in common to 10,000 for a passage that is the same.

    Cosines of hashed pieces of words. What is in many of these very texts counts less, so the
    figures depend on them and on nothing else.
    """
    vectors = Vectoriser(LETTERS, CJK, BITS)
    own = passages(text)
    theirs = [passages(other) for other in others]
    for passage in (*own, *(piece for pieces in theirs for piece in pieces)):
        vectors.add(passage)
    if not own or not any(theirs):
        return [0] * len(others)
    matrix = vectors.matrix()
    best = (matrix[: len(own)] @ matrix[len(own) :].T).toarray().max(axis=0)
    found, start = [], 0
    for pieces in theirs:
        part = best[start : start + len(pieces)]
        found.append(round(min(float(part.max(initial=0.0)), 1.0) * BASIS_POINTS))
        start += len(pieces)
    return found
