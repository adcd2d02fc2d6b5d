"""camt.053 messages to test with, written part by part."""

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"


def document(*statements: str, version: str = "08", message_id: str = "MSG-1") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="{NAMESPACE.format(version=version)}"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>2026-04-01T00:00:00Z</CreDtTm></GrpHdr>"
        f"{''.join(statements)}</BkToCstmrStmt></Document>"
    ).encode()


def statement(
    *parts: str, name: str = "S1", account: str = "<IBAN>DE89370400440532013000</IBAN>"
) -> str:
    return (
        f"<Stmt><Id>{name}</Id><Acct><Id>{account}</Id><Ccy>EUR</Ccy></Acct>{''.join(parts)}</Stmt>"
    )


def balance(kind: str, amount: str, sign: str = "CRDT") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd></Bal>'
    )


def entry(
    amount: str = "100.00",
    sign: str = "CRDT",
    *,
    reference: str = "<AcctSvcrRef>R1</AcctSvcrRef>",
    status: str = "<Sts><Cd>BOOK</Cd></Sts>",
    booked: str = "<BookgDt><Dt>2026-03-31</Dt></BookgDt>",
    details: str = "",
    extra: str = "",
) -> str:
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{sign}</CdtDbtInd>{extra}{status}{booked}'
        f"{reference}<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def transaction(amount: str, *, name: str = "", sign: str = "", text: str = "") -> str:
    direction = f"<CdtDbtInd>{sign}</CdtDbtInd>" if sign else ""
    return (
        f"<TxDtls><Refs><EndToEndId>{name}</EndToEndId></Refs>{amount}{direction}"
        f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
    )


def amount_08(text: str, currency: str = "EUR") -> str:
    return f'<Amt Ccy="{currency}">{text}</Amt>'


def amount_02(text: str) -> str:
    return f"<AmtDtls><TxAmt>{amount_08(text)}</TxAmt></AmtDtls>"
