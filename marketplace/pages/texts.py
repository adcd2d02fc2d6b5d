"""What the pages say, in the languages that they speak."""

from collections.abc import Mapping
from typing import Final

from marketplace.pages import account_texts

LANGUAGES: Final[Mapping[str, str]] = {"ko": "한국어", "zh": "中文", "en": "English"}
FALLBACK: Final = "en"

_TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "brand": "Idea and Patent Marketplace",
        "language": "Language",
        "sign_in": "Sign in",
        "sign_in.to": "to continue to {client}",
        "sign_in.email": "E-mail",
        "sign_in.password": "Password",
        "sign_in.code": "Code of your second step, if you use one",
        "consent": "Allow {client}?",
        "consent.by": "An application of {organisation}.",
        "consent.signed_in": "Signed in as {email}.",
        "consent.other": "Use another account",
        "consent.organisation": "Act for",
        "consent.scopes": "It asks to",
        "consent.limit": "It can never do more than your own role allows.",
        "consent.return": "Afterwards you return to {host}.",
        "consent.allow": "Allow",
        "consent.deny": "Cancel",
        "error": "This link does not work",
        "error.tell": "Go back to the application and start again. If it happens again, tell its"
        " makers: {reason}",
        "expired": "This page was open too long",
        "expired.again": "Start again",
        "refused.wrong_credentials": "The e-mail or the password is wrong.",
        "refused.second_factor_needed": "Enter the password again, with the code of your second"
        " step.",
        "refused": "You cannot sign in now. Try again later.",
        "role.owner": "owner",
        "role.admin": "admin",
        "role.member": "member",
        "role.viewer": "viewer",
        "role.operator": "operator",
        "role.statistician": "statistician",
        "scope.openid": "know who you are, by a number",
        "scope.profile": "know your name",
        "scope.email": "know your e-mail address",
        "scope.offline_access": "stay connected for up to 180 days, also when you are away",
        "scope.read": "see your organisation's rights, listings, talks and deals",
        "scope.members:manage": "add members to your organisation",
        "scope.rights:register": "register ideas and patents, and their confidential texts",
        "scope.listings:write": "list rights, and change or withdraw listings",
        "scope.offers:write": "make, counter and accept offers",
        "scope.valuations:calculate": "calculate values of rights",
        "scope.valuations:order": "order valuations, and accept them or object",
        "scope.valuations:perform": "accept valuation cases and write reports",
        "scope.institution:manage": "say what your institution values, and how much at once",
        "scope.statistics:read": "read finer statistics",
        "scope.valuations:operate": "publish valuation models",
        "scope.financing:write": "ask for loans against rights, offer and run them",
        "scope.financing:operate": "set rates, schemes and funds of financing",
        "scope.agreements:sign": "sign agreements that bind your organisation",
        "scope.deals:perform": "carry out deals: deliver, confirm, release the price, dispute",
        "scope.deals:operate": "operate the platform's deals",
        "scope.listings:operate": "operate the platform's listings",
        "scope.organisations:operate": "operate the platform's organisations",
        "scope.payments:operate": "operate the platform's payments",
        "scope.system:operate": "operate the platform itself",
    },
    "ko": {
        "brand": "아이디어·특허 마켓플레이스",
        "language": "언어",
        "sign_in": "로그인",
        "sign_in.to": "{client} 이용을 계속하려면 로그인하세요",
        "sign_in.email": "이메일",
        "sign_in.password": "비밀번호",
        "sign_in.code": "2단계 인증 코드 (사용하는 경우)",
        "consent": "{client}에 권한을 허용할까요?",
        "consent.by": "{organisation}의 애플리케이션입니다.",
        "consent.signed_in": "{email} 계정으로 로그인되어 있습니다.",
        "consent.other": "다른 계정 사용",
        "consent.organisation": "어느 조직으로 이용하나요",
        "consent.scopes": "요청하는 권한",
        "consent.limit": "회원님의 역할이 허용하는 범위를 넘을 수는 없습니다.",
        "consent.return": "완료되면 {host}(으)로 돌아갑니다.",
        "consent.allow": "허용",
        "consent.deny": "취소",
        "error": "이 링크는 사용할 수 없습니다",
        "error.tell": "애플리케이션으로 돌아가 다시 시작해 주세요. 계속되면 개발자에게 다음 내용을"
        " 알려 주세요: {reason}",
        "expired": "페이지가 너무 오래 열려 있었습니다",
        "expired.again": "다시 시작",
        "refused.wrong_credentials": "이메일 또는 비밀번호가 올바르지 않습니다.",
        "refused.second_factor_needed": "비밀번호를 다시 입력하고 2단계 인증 코드를 함께 입력해"
        " 주세요.",
        "refused": "지금은 로그인할 수 없습니다. 잠시 후 다시 시도해 주세요.",
        "role.owner": "소유자",
        "role.admin": "관리자",
        "role.member": "구성원",
        "role.viewer": "열람자",
        "role.operator": "운영자",
        "role.statistician": "통계 담당",
        "scope.openid": "고유 번호로 회원님을 식별",
        "scope.profile": "이름 확인",
        "scope.email": "이메일 주소 확인",
        "scope.offline_access": "자리를 비운 동안에도 최대 180일간 연결 유지",
        "scope.read": "조직의 권리, 매물, 협상, 거래 조회",
        "scope.members:manage": "조직에 구성원 추가",
        "scope.rights:register": "아이디어·특허와 비밀 내용 등록",
        "scope.listings:write": "매물 등록, 변경, 철회",
        "scope.offers:write": "제안, 역제안, 수락",
        "scope.valuations:calculate": "권리 가치 계산",
        "scope.valuations:order": "가치평가 의뢰, 결과 인수 또는 이의 제기",
        "scope.valuations:perform": "가치평가 사건 수임과 보고서 작성",
        "scope.institution:manage": "평가기관의 평가 분야와 처리 용량 관리",
        "scope.statistics:read": "세부 통계 조회",
        "scope.valuations:operate": "가치평가 모델 공표",
        "scope.financing:write": "지식재산 담보대출 신청, 제안, 관리",
        "scope.financing:operate": "금융 기준금리, 손실분담 제도, 보전기금 관리",
        "scope.agreements:sign": "조직을 구속하는 계약에 서명",
        "scope.deals:perform": "거래 이행: 인도, 확인, 대금 지급, 분쟁 제기",
        "scope.deals:operate": "플랫폼의 거래 운영",
        "scope.listings:operate": "플랫폼의 매물 운영",
        "scope.organisations:operate": "플랫폼의 조직 운영",
        "scope.payments:operate": "플랫폼의 결제 운영",
        "scope.system:operate": "플랫폼 시스템 운영",
    },
    "zh": {
        "brand": "创意与专利交易平台",
        "language": "语言",
        "sign_in": "登录",
        "sign_in.to": "登录后继续使用 {client}",
        "sign_in.email": "电子邮箱",
        "sign_in.password": "密码",
        "sign_in.code": "两步验证码（如已启用）",
        "consent": "允许 {client} 访问吗？",
        "consent.by": "由 {organisation} 提供的应用。",
        "consent.signed_in": "当前登录账户：{email}",
        "consent.other": "使用其他账户",
        "consent.organisation": "代表哪个组织",
        "consent.scopes": "该应用请求",
        "consent.limit": "它的权限绝不会超出您自己的角色。",
        "consent.return": "完成后将返回 {host}。",
        "consent.allow": "允许",
        "consent.deny": "取消",
        "error": "此链接无法使用",
        "error.tell": "请返回应用重新开始。如果再次发生，请将以下信息告知开发者：{reason}",
        "expired": "页面打开时间过长",
        "expired.again": "重新开始",
        "refused.wrong_credentials": "电子邮箱或密码不正确。",
        "refused.second_factor_needed": "请重新输入密码，并填写两步验证码。",
        "refused": "暂时无法登录，请稍后再试。",
        "role.owner": "所有者",
        "role.admin": "管理员",
        "role.member": "成员",
        "role.viewer": "查看者",
        "role.operator": "运营人员",
        "role.statistician": "统计人员",
        "scope.openid": "通过编号识别您的身份",
        "scope.profile": "获知您的姓名",
        "scope.email": "获知您的电子邮箱地址",
        "scope.offline_access": "您离开后仍保持连接，最长 180 天",
        "scope.read": "查看贵组织的权利、挂牌、洽谈和交易",
        "scope.members:manage": "为贵组织添加成员",
        "scope.rights:register": "登记创意、专利及其保密内容",
        "scope.listings:write": "挂牌、修改和撤回挂牌",
        "scope.offers:write": "报价、还价和接受报价",
        "scope.valuations:calculate": "计算权利价值",
        "scope.valuations:order": "委托估值，接受结果或提出异议",
        "scope.valuations:perform": "承接估值案件并撰写报告",
        "scope.institution:manage": "管理评估机构的评估领域和承接容量",
        "scope.statistics:read": "查看细化统计",
        "scope.valuations:operate": "发布估值模型",
        "scope.financing:write": "申请、提供并管理质押贷款",
        "scope.financing:operate": "管理基准利率、风险分担方案和补偿基金",
        "scope.agreements:sign": "签署对贵组织有约束力的协议",
        "scope.deals:perform": "履行交易：交付、确认、放款、提出争议",
        "scope.deals:operate": "运营平台的交易",
        "scope.listings:operate": "运营平台的挂牌",
        "scope.organisations:operate": "运营平台的机构",
        "scope.payments:operate": "运营平台的支付",
        "scope.system:operate": "运营平台系统",
    },
}

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    language: {**texts, **account_texts.TEXTS[language]} for language, texts in _TEXTS.items()
}


def preferred(*wishes: str) -> str:
    """The first language that we speak, of BCP 47 tags in the order of preference."""
    spoken = (wish.lower().partition("-")[0] for wish in wishes)
    return next((language for language in spoken if language in LANGUAGES), FALLBACK)


def accepted(header: str) -> list[str]:
    """The tags of an Accept-Language header, best first; one with a quality of 0 is left out."""
    weighed: list[tuple[float, int, str]] = []
    for part in header.split(",")[:20]:
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        if 0 < weight <= 1:
            weighed.append((-weight, len(weighed), tag))
    return [tag for _, _, tag in sorted(weighed)]
