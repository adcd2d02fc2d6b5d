"""What is written about a threat to a right; each letter says the same in all of our languages."""

from collections.abc import Mapping
from typing import Final

from marketplace.assets.alerts.models import AlertReason as A
from marketplace.assets.alerts.models import RightAlert
from marketplace.assets.models import Right
from marketplace.kernel.mail.service import Message

_FEE_SUBJECT: Final = "An annuity falls due · 연차료 납부 기한 안내 · 年费缴纳提醒"
_SUBJECT: Final = "A right is threatened · 권리 변동 안내 · 权利变动提醒"
_FEE: Final = """\
Its annuity is paid until {since}. Have it paid, and recorded in the register, before then: a right
that lapses takes pledges and licences with it. Whoever has an interest in a Korean patent may pay
in the owner's place (Patent Act, Article 80).

연차료가 {since}까지만 납부되어 있습니다. 그 전에 납부하고 등록원부에 반영되었는지 확인해 주세요.
권리가 소멸하면 그에 설정된 질권과 실시권도 함께 소멸합니다. 이해관계인도 납부할 수 있습니다.

该权利的年费仅缴至 {since}。请在此之前缴费并确认已登记;权利终止后,其上的质权和许可也随之终止。
"""
_CHANGED: Final = """\
By the register it is {en} since {since}.
등록원부에 따르면 {since}부터 {ko} 상태입니다.
根据登记簿,该权利自 {since} 起{zh}。
"""
_WORDS: Final[Mapping[A, tuple[str, str, str]]] = {
    A.LAPSED: ("lapsed", "소멸", "终止"),
    A.SURRENDERED: ("surrendered", "포기", "被放弃"),
    A.INVALIDATED: ("invalidated", "무효", "被宣告无效"),
    A.UNDETERMINED: ("contradicted by another register", "확인 불가", "状态不明"),
    A.ATTACHED: ("attached", "압류", "被保全"),
    A.CHALLENGED: ("challenged", "심판 계속 중", "被请求宣告无效"),
}


def message(to: str, alert: RightAlert, right: Right) -> Message:
    """One letter; the title of a right is a public fact."""
    about = f"{right.title}\n{right.id}\n\n"
    footer = "\nGET /v1/right-alerts\n"
    if alert.reason is A.FEE_DUE:
        return Message(to, _FEE_SUBJECT, about + _FEE.format(since=alert.since) + footer)
    en, ko, zh = _WORDS[alert.reason]
    text = _CHANGED.format(since=alert.since, en=en, ko=ko, zh=zh)
    return Message(to, _SUBJECT, about + text + footer)
