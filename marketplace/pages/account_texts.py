"""What the pages around a company's login, and a person's own page, say in each language."""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "account": "Your account",
        "account.anew": "Sign in anew",
        "account.token": "Show a token",
        "account.token.for": "Call the API for",
        "account.token.what": "A token lets a program of yours do what you may do, for twelve "
        "hours. Right after signing in anew by your company's login it also confirms what else "
        "takes a password.",
        "account.sign_out": "Sign out",
        "code": "One more step",
        "code.why": "Your company's login has let you in. Your account here asks for a code as "
        "well.",
        "code.label": "Code of your second step, or a recovery code",
        "code.refused.wrong_second_factor": "The code is wrong, was used before, or has expired.",
        "code.refused.second_factor_needed": "Enter the code.",
        "code.refused.too_many_attempts": "Too many wrong codes. Wait a moment.",
        "leaving": "To the login of {provider}",
        "leaving.go": "Continue",
        "login_failed": "You are not signed in",
        "login_failed.login_expired": "This login was finished before, was begun in another "
        "browser, or took too long.",
        "login_failed.identity_provider_unusable": "Your company's login does not answer now. "
        "Try again later, or tell your company's administrators.",
        "login_failed.provider_refused": "Your company's login did not let you in.",
        "login_failed.wrong_answer": "What your company's login answered cannot be believed. "
        "Tell your company's administrators.",
        "login_failed.foreign_email": "Your company's login does not vouch for an e-mail address "
        "of your company. Tell your company's administrators.",
        "login_failed.identity_taken": "Somebody else of your company has the account with this "
        "e-mail address. Write to the operator.",
        "login_failed.organisation_suspended": "This organisation is suspended. Write to the "
        "operator.",
        "refused.no_company_login": "No company's login is set up for this e-mail address.",
        "sign_in.or": "or",
        "sign_in.company": "Use your company's login",
        "sign_in.company.how": "Enter your e-mail address above; its domain tells the company.",
        "token": "Your token",
        "token.of": "It acts for {organisation} until {ends_at}, and is shown this once.",
        "token.label": "Token",
        "token.warning": "Give it to nobody: who has it acts in your name.",
        "token.back": "Done",
    },
    "ko": {
        "account": "내 계정",
        "account.anew": "다시 로그인",
        "account.token": "토큰 보기",
        "account.token.for": "API를 이용할 조직",
        "account.token.what": "토큰이 있으면 회원님의 프로그램이 12시간 동안 회원님과 같은 "
        "권한으로 작동합니다. 회사 로그인으로 다시 로그인한 직후에는 비밀번호가 필요한 작업도 이 "
        "토큰으로 확인됩니다.",
        "account.sign_out": "로그아웃",
        "code": "한 단계 더",
        "code.why": "회사 로그인이 확인되었습니다. 이 계정은 코드도 필요합니다.",
        "code.label": "2단계 인증 코드 또는 복구 코드",
        "code.refused.wrong_second_factor": "코드가 올바르지 않거나 이미 사용했거나 "
        "만료되었습니다.",
        "code.refused.second_factor_needed": "코드를 입력해 주세요.",
        "code.refused.too_many_attempts": "잘못된 코드를 너무 많이 입력했습니다. 잠시 기다려 "
        "주세요.",
        "leaving": "{provider} 로그인으로 이동",
        "leaving.go": "계속",
        "login_failed": "로그인되지 않았습니다",
        "login_failed.login_expired": "이미 끝난 로그인이거나 다른 브라우저에서 시작했거나 "
        "시간이 초과되었습니다.",
        "login_failed.identity_provider_unusable": "회사 로그인이 지금 응답하지 않습니다. 나중에 "
        "다시 시도하거나 회사 관리자에게 알려 주세요.",
        "login_failed.provider_refused": "회사 로그인에서 허용하지 않았습니다.",
        "login_failed.wrong_answer": "회사 로그인의 응답을 신뢰할 수 없습니다. 회사 관리자에게 "
        "알려 주세요.",
        "login_failed.foreign_email": "회사 로그인이 회사 이메일 주소를 보증하지 않습니다. 회사 "
        "관리자에게 알려 주세요.",
        "login_failed.identity_taken": "이 이메일 주소의 계정은 회사의 다른 사람이 사용하고 "
        "있습니다. 운영자에게 문의해 주세요.",
        "login_failed.organisation_suspended": "정지된 조직입니다. 운영자에게 문의해 주세요.",
        "refused.no_company_login": "이 이메일 주소에 설정된 회사 로그인이 없습니다.",
        "sign_in.or": "또는",
        "sign_in.company": "회사 로그인 사용",
        "sign_in.company.how": "위에 이메일 주소를 입력하면 도메인으로 회사를 찾습니다.",
        "token": "토큰",
        "token.of": "{organisation}(으)로 {ends_at}까지 작동하며, 지금 한 번만 표시됩니다.",
        "token.label": "토큰",
        "token.warning": "누구에게도 알려 주지 마세요. 토큰을 가진 사람은 회원님의 이름으로 "
        "행동합니다.",
        "token.back": "완료",
    },
    "zh": {
        "account": "我的账户",
        "account.anew": "重新登录",
        "account.token": "显示令牌",
        "account.token.for": "代表哪个组织调用 API",
        "account.token.what": "令牌让您的程序在十二小时内拥有与您相同的权限。刚用公司登录重新登录"
        "后，它还可用于确认原本需要密码的操作。",
        "account.sign_out": "退出登录",
        "code": "还差一步",
        "code.why": "公司登录已通过。您在此处的账户还需要验证码。",
        "code.label": "两步验证码或恢复码",
        "code.refused.wrong_second_factor": "验证码错误、已使用或已过期。",
        "code.refused.second_factor_needed": "请输入验证码。",
        "code.refused.too_many_attempts": "错误次数过多，请稍候。",
        "leaving": "前往 {provider} 的登录页面",
        "leaving.go": "继续",
        "login_failed": "未能登录",
        "login_failed.login_expired": "此次登录已完成、是在其他浏览器中开始的，或已超时。",
        "login_failed.identity_provider_unusable": "公司登录暂时没有响应。请稍后再试，或告知公司"
        "管理员。",
        "login_failed.provider_refused": "公司登录未允许您进入。",
        "login_failed.wrong_answer": "公司登录的应答不可信，请告知公司管理员。",
        "login_failed.foreign_email": "公司登录未能证明您拥有公司的电子邮箱，请告知公司管理员。",
        "login_failed.identity_taken": "此邮箱对应的账户属于贵公司的另一人，请联系运营方。",
        "login_failed.organisation_suspended": "该组织已被停用，请联系运营方。",
        "refused.no_company_login": "此邮箱没有设置公司登录。",
        "sign_in.or": "或",
        "sign_in.company": "使用公司登录",
        "sign_in.company.how": "请在上方输入邮箱，系统将根据域名识别公司。",
        "token": "您的令牌",
        "token.of": "它代表 {organisation}，有效期至 {ends_at}，仅显示这一次。",
        "token.label": "令牌",
        "token.warning": "请勿交给任何人：持有者可以您的名义行事。",
        "token.back": "完成",
    },
}
