from datetime import date

import pytest

from marketplace.assets.identifiers import is_granted


@pytest.mark.parametrize(
    ("office", "kind", "day", "granted"),
    [
        ("US", "A", date(2001, 1, 1), True),
        ("US", "A", date(2001, 1, 2), None),
        ("US", "A", None, None),
        ("US", "A1", date(2001, 3, 15), False),
        ("US", "B1", date(2001, 1, 2), True),
        ("US", "S1", date(2009, 1, 6), True),
        ("US", "P1", date(2002, 1, 3), False),
        ("US", "P2", date(2002, 1, 3), True),
        ("US", "H1", date(2000, 1, 4), False),
        ("CN", "A", date(2020, 1, 1), False),
        ("CN", "C", date(2009, 6, 3), True),
        ("CN", "B", date(1990, 6, 6), False),
        ("CN", "B", date(2010, 3, 31), None),
        ("CN", "B", date(2010, 4, 1), True),
        ("CN", "Y", date(2003, 8, 20), True),
        ("CN", "U", date(1992, 12, 31), False),
        ("CN", "U", date(2021, 10, 22), True),
        ("CN", "D", date(2005, 1, 5), True),
        ("CN", "S", date(2021, 10, 22), True),
        ("CN", "B", None, None),
        ("EP", "A1", None, False),
        ("EP", "A3", date(2020, 1, 1), False),
        ("EP", "B1", None, True),
        ("EP", "B2", date(2020, 1, 1), True),
        ("EP", "B3", date(2020, 1, 1), True),
        ("KR", "A", date(2024, 5, 24), False),
        ("KR", "U", date(2024, 5, 24), False),
        ("KR", "B1", date(2015, 7, 14), True),
        ("KR", "B1", date(1996, 12, 31), False),
        ("KR", "B1", date(1997, 6, 1), None),
        ("kr", "y1", date(2015, 7, 14), True),
        ("WO", "A1", date(2019, 12, 26), False),
        ("WO", "A3", None, False),
        ("JP", "A", date(2003, 8, 26), False),
        ("JP", "B2", date(1996, 3, 31), False),
        ("JP", "B2", date(1996, 5, 29), True),
        ("JP", "U", date(1999, 1, 1), None),
        ("DE", "B", date(1968, 1, 4), None),
        ("KR", None, date(2020, 1, 1), None),
    ],
)
def test_a_kind_code_means_what_its_office_meant_that_day(
    office: str, kind: str | None, day: date | None, granted: bool | None
) -> None:
    assert is_granted(office, kind, day) is granted
