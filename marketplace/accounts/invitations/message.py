"""What an invited person reads, in the language of the organisation's country."""

from collections.abc import Mapping
from typing import Final

from marketplace.accounts.invitations.models import Invitation
from marketplace.accounts.models import Organisation
from marketplace.kernel.mail.service import Message

_ENGLISH: Final = (
    "You are invited to an organisation",
    """\
{organisation} invites you to join it on the idea and patent marketplace, as {role}.

Sign in, or sign up with this e-mail address, and accept the invitation with this token:

    {token}

(POST /v1/invitations/accept, or /v1/invitations/decline.) It is valid until {until} (UTC) and works
once. If you do not know the sender, do nothing.
""",
)
_BY_COUNTRY: Final[Mapping[str, tuple[str, str]]] = {
    "KR": (
        "기관 참여 초대",
        """\
{organisation}에서 아이디어·특허 거래 플랫폼의 구성원({role})으로 초대했습니다.

이 이메일 주소로 로그인하거나 가입한 뒤, 아래 토큰으로 초대를 수락해 주십시오.

    {token}

(POST /v1/invitations/accept 또는 /v1/invitations/decline) 토큰은 {until}(UTC)까지 한 번만 쓸 수
있습니다. 모르는 곳에서 온 초대라면 무시하셔도 됩니다.
""",
    ),
    "CN": (
        "加入机构的邀请",
        """\
{organisation}邀请您以{role}身份加入其在创意与专利交易平台上的机构。

请用此邮箱登录或注册,然后用以下令牌接受邀请:

    {token}

(POST /v1/invitations/accept 或 /v1/invitations/decline)令牌在{until}(UTC)之前有效,仅可使用一次。
如果您不认识发件人,请忽略此邮件。
""",
    ),
}


def invitation_message(invitation: Invitation, organisation: Organisation, token: str) -> Message:
    """The subject is fixed: an organisation's name is its own text, and no header's."""
    subject, text = _BY_COUNTRY.get(organisation.country, _ENGLISH)
    until = f"{invitation.due_at:%Y-%m-%d %H:%M}"
    filled = text.format(
        organisation=organisation.name, role=invitation.role, token=token, until=until
    )
    return Message(to=invitation.email, subject=subject, text=filled)
