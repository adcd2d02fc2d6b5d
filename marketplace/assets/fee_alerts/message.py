"""What is written about an annuity that falls due; it says the same in all of our languages."""

from datetime import date
from typing import Final

from marketplace.kernel.mail.service import Message

_SUBJECT: Final = "An annuity falls due · 연차료 납부 기한 안내 · 年费缴纳提醒"
_TEXT: Final = """\
{title}
{right_id}

Its annuity is paid until {until}. Have it paid, and recorded in the register, before then: a right
that lapses takes pledges and licences with it. Whoever has an interest in a Korean patent may pay
in the owner's place (Patent Act, Article 80). GET /v1/fee-alerts lists what is due.

연차료가 {until}까지만 납부되어 있습니다. 그 전에 납부하고 등록원부에 반영되었는지 확인해 주세요.
권리가 소멸하면 그에 설정된 질권과 실시권도 함께 소멸합니다. 이해관계인도 납부할 수 있습니다.

该权利的年费仅缴至 {until}。请在此之前缴费并确认已登记:权利终止后,其上的质权和许可也随之终止。
"""


def fee_message(to: str, *, right_id: object, title: str, until: date) -> Message:
    """One letter; the title of a right is a public fact."""
    return Message(to, _SUBJECT, _TEXT.format(title=title, right_id=right_id, until=until))
