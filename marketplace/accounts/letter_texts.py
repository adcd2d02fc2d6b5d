"""The letters' texts: by letter and language, a subject and what it says."""

from collections.abc import Mapping
from typing import Final

SIGNED: Final = (
    "--\nIdea and Patent Marketplace · 아이디어·특허 마켓플레이스 · 创意与专利交易平台",
)
NOT_YOU: Final = (
    "If it was not you, choose a new password here; that signs out everybody else.",
    "본인이 아니라면 아래에서 비밀번호를 새로 설정하세요. 다른 모든 로그인이 종료됩니다.",
    "如果不是您本人操作，请在此设置新密码；其他所有登录都将退出。",
)

TEXTS: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "verify_email": {
        "en": (
            "Confirm your e-mail address",
            (
                "Open this link within seven days to confirm that this address is yours. If you did"
                " not sign up, do nothing."
            ),
        ),
        "ko": (
            "이메일 주소 확인",
            "7일 안에 이 링크를 열어 본인의 주소임을 확인해 주세요. 가입하지 않았다면 무시하세요.",
        ),
        "zh": ("确认邮箱地址", "请在七天内打开此链接，确认这是您的邮箱。如果您没有注册，请忽略。"),
    },
    "change_email": {
        "en": (
            "Confirm your new e-mail address",
            (
                "Open this link within a day to use this address for your account. If you did not"
                " ask for it, do nothing."
            ),
        ),
        "ko": (
            "새 이메일 주소 확인",
            (
                "24시간 안에 이 링크를 열면 계정의 주소가 이 주소로 바뀝니다. 요청하지 않았다면"
                " 무시하세요."
            ),
        ),
        "zh": (
            "确认新的邮箱地址",
            "请在一天内打开此链接，将此邮箱用于您的账户。如果不是您的请求，请忽略。",
        ),
    },
    "email_changing": {
        "en": (
            "Another e-mail address for your account",
            (
                "Another address was given for your account. Once it is confirmed, you sign in with"
                " it and messages go there."
            ),
        ),
        "ko": (
            "계정의 이메일 주소 변경 요청",
            "계정에 다른 주소가 입력되었습니다. 확인되면 그 주소로 로그인하고 메일을 받습니다.",
        ),
        "zh": (
            "账户邮箱变更请求",
            "有人为您的账户填写了另一个邮箱。确认后将用它登录并接收邮件。",
        ),
    },
    "email_changed": {
        "en": (
            "Your e-mail address was changed",
            (
                "Your account has another address now; this is the last message to this one. If it"
                " was not you, write to the operator at once."
            ),
        ),
        "ko": (
            "이메일 주소가 변경되었습니다",
            (
                "계정의 주소가 변경되어 이 주소로는 더 이상 메일이 가지 않습니다. 본인이 아니라면"
                " 즉시 운영자에게 알려 주세요."
            ),
        ),
        "zh": (
            "邮箱地址已变更",
            (
                "您的账户已改用其他邮箱，这是发到此邮箱的最后一封邮件。如果不是您本人操作，请立即"
                "联系运营方。"
            ),
        ),
    },
    "reset_password": {
        "en": (
            "Choose a new password",
            (
                "Open this link within an hour to choose a new password. If you did not ask for it,"
                " do nothing: the old one goes on working."
            ),
        ),
        "ko": (
            "새 비밀번호 설정",
            (
                "1시간 안에 이 링크를 열어 새 비밀번호를 설정하세요. 요청하지 않았다면 무시하세요."
                " 기존 비밀번호는 그대로입니다."
            ),
        ),
        "zh": (
            "设置新密码",
            "请在一小时内打开此链接设置新密码。如果不是您的请求，请忽略，原密码仍然有效。",
        ),
    },
    "password_changed": {
        "en": (
            "Your password was changed",
            "Your password was changed, and who had signed in with the old one is signed out.",
        ),
        "ko": (
            "비밀번호가 변경되었습니다",
            "비밀번호가 변경되었고, 기존 비밀번호로 로그인한 기기는 로그아웃되었습니다.",
        ),
        "zh": ("密码已更改", "您的密码已更改，使用旧密码的登录已全部退出。"),
    },
    "identity_linked": {
        "en": (
            "You can sign in with your company's login",
            (
                "Your company's login was used with this address and now opens your account here;"
                " your password works as before."
            ),
        ),
        "ko": (
            "회사 로그인이 연결되었습니다",
            (
                "이 주소의 회사 로그인으로 이제 계정에 로그인할 수 있습니다. 비밀번호도 그대로"
                " 사용할 수 있습니다."
            ),
        ),
        "zh": (
            "已关联公司登录",
            "您所在公司的登录已与此邮箱关联，现在可用它登录您的账户；原密码仍然有效。",
        ),
    },
    "second_factor_enabled": {
        "en": ("Second step added", "Signing in now takes a code beside your password."),
        "ko": (
            "2단계 인증이 설정되었습니다",
            "이제 로그인에 비밀번호와 코드가 필요합니다.",
        ),
        "zh": ("已启用两步验证", "现在登录除密码外还需要验证码。"),
    },
    "second_factor_disabled": {
        "en": ("Second step removed", "Signing in takes your password alone from now on."),
        "ko": ("2단계 인증이 해제되었습니다", "이제 비밀번호만으로 로그인합니다."),
        "zh": ("已停用两步验证", "现在仅凭密码即可登录。"),
    },
    "recovery_codes_renewed": {
        "en": ("New recovery codes", "You have new recovery codes; the old ones have ended."),
        "ko": ("복구 코드가 새로 발급되었습니다", "기존 복구 코드는 더 이상 사용할 수 없습니다."),
        "zh": ("恢复码已更新", "旧的恢复码已失效。"),
    },
}
