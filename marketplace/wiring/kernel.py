from typing import Final

from marketplace.kernel import idempotency
from marketplace.kernel.mail import service as mail_service
from marketplace.kernel.seals import EventSeal
from marketplace.wiring.domain import Domain

KERNEL: Final = Domain(
    forgetting=(
        idempotency.forget_old,
        mail_service.forget_old,
    ),
    append_only=("event", EventSeal.__tablename__),
)
