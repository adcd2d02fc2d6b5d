"""Text as ISO 20022 messages and the database both accept it."""

import re
import unicodedata
from typing import Final

_NOT_XML: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
"""Controls, surrogates and non-characters. Unassigned code points stay: rare characters of Chinese
names are newer than the tables of any one Python."""

_COMPOSED_OF_MAX: Final = 4
"""At most so many code points become one in NFC."""


def clean_text(text: str, length_max: int) -> str:
    """One line in Unicode NFC, without control characters, of at most `length_max` code points.

    Every script is kept: ISO 20022 is UTF-8, and a Korean or Chinese holder's name must reach
    the bank as the holder writes it.
    """
    # Cut first: normalising a long run of combining marks takes quadratic time.
    one_line = " ".join(_NOT_XML.sub(" ", text).split())[: length_max * _COMPOSED_OF_MAX]
    return unicodedata.normalize("NFC", one_line)[:length_max].strip()
