"""What the pages behind mailed links say. A refusal is told by its code."""

from collections.abc import Mapping
from typing import Final

FALLBACK: Final = "en"
TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "language": "en",
        "email": "E-mail",
        "password": "New password, at least ten characters",
        "verify": "Confirm your e-mail address",
        "verify.button": "Confirm",
        "verify.done": "Thank you: the address is confirmed. You can close this page.",
        "ask": "Choose a new password",
        "ask.button": "Mail me a link",
        "ask.done": "If this address has an account, a link is on its way to it.",
        "reset": "Choose a new password",
        "reset.button": "Save",
        "reset.done": "Your new password is saved, and every other login has ended. Sign in with"
        " it now.",
        "link_invalid": "This link was used, was replaced by a newer one, or has expired.",
        "password_breached": "Attackers try this password early, or it says too much of you."
        " Choose another.",
        "email_taken": "This address has an account of its own.",
        "invalid": "Something is missing, or is written in another form.",
    },
    "ko": {
        "language": "ko",
        "email": "이메일",
        "password": "새 비밀번호 (10자 이상)",
        "verify": "이메일 주소 확인",
        "verify.button": "확인",
        "verify.done": "주소가 확인되었습니다. 이 창을 닫아도 됩니다.",
        "ask": "새 비밀번호 설정",
        "ask.button": "링크 받기",
        "ask.done": "이 주소로 가입한 계정이 있으면 링크를 보내 드립니다.",
        "reset": "새 비밀번호 설정",
        "reset.button": "저장",
        "reset.done": "새 비밀번호가 저장되었고 다른 로그인은 모두 종료되었습니다. 새 비밀번호로"
        " 로그인하세요.",
        "link_invalid": "이미 사용했거나 새 링크로 대체되었거나 만료된 링크입니다.",
        "password_breached": "쉽게 추측할 수 있는 비밀번호입니다. 다른 비밀번호를 선택해 주세요.",
        "email_taken": "이 주소로 이미 가입한 계정이 있습니다.",
        "invalid": "입력하지 않았거나 형식이 올바르지 않은 항목이 있습니다.",
    },
    "zh": {
        "language": "zh",
        "email": "电子邮箱",
        "password": "新密码（至少十个字符）",
        "verify": "确认邮箱地址",
        "verify.button": "确认",
        "verify.done": "邮箱已确认，您可以关闭此页面。",
        "ask": "设置新密码",
        "ask.button": "发送链接",
        "ask.done": "如果此邮箱已注册账户，链接将发送到该邮箱。",
        "reset": "设置新密码",
        "reset.button": "保存",
        "reset.done": "新密码已保存，其他所有登录均已退出。请使用新密码登录。",
        "link_invalid": "此链接已使用、已被新链接取代或已过期。",
        "password_breached": "此密码容易被猜到，请换一个。",
        "email_taken": "此邮箱已有账户。",
        "invalid": "有内容未填写或格式不正确。",
    },
}
