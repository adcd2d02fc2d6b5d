from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Depends, Request, Response, status
from joserfc import jws

from marketplace.accounts.access import Allowed, Keys
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.accounts.signing_keys.models import KeyPurpose
from marketplace.accounts.signing_keys.service import public_keys
from marketplace.assets.encumbrances.api import Reader
from marketplace.assets.encumbrances.certificates import service
from marketplace.assets.encumbrances.certificates.models import EncumbranceCertificate
from marketplace.assets.encumbrances.certificates.rendering import render
from marketplace.assets.encumbrances.certificates.schemas import (
    CertificateAsk,
    CertificateRead,
    PublishedKeys,
)
from marketplace.assets.encumbrances.errors import FutureMomentError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.problems import problems
from marketplace.kernel.representations import PDF_CONTENT, attachment
from marketplace.kernel.routing import Session, transactional_router

right_router = transactional_router(prefix="/v1/rights", tags=["encumbrances"])
router = transactional_router(prefix="/v1/encumbrance-certificates", tags=["encumbrances"])
keys_router = transactional_router(prefix="/v1/certificate-keys", tags=["encumbrances"])

Asker = Annotated[Actor, Depends(Allowed(Permission.REGISTER_RIGHTS, Permission.OPERATE_LISTINGS))]


def _read(certificate: EncumbranceCertificate) -> CertificateRead:
    own = CertificateRead.model_fields.keys() & EncumbranceCertificate.model_fields.keys()
    signed = jws.extract_compact(certificate.jws.encode())
    values = {name: getattr(certificate, name) for name in own}
    return CertificateRead(**values, content=orjson.loads(signed.payload))


@right_router.post(
    "/{right_id}/encumbrance-certificates",
    status_code=status.HTTP_201_CREATED,
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError, FutureMomentError),
)
async def certify_encumbrances(
    right_id: UUID,
    ask: CertificateAsk,
    actor: Asker,
    session: Session,
    keys: Keys,
    request: Request,
) -> CertificateRead:
    """Owner: a signed certificate of what burdens a right: as of any past moment, as known at any.

    Whoever holds what the register shows gets one of that, and of what is theirs. Anyone verifies
    it offline with the keys of `GET /v1/certificate-keys`.
    """
    certificate = await service.issue(
        session,
        keys,
        request.app.state.settings.issuer,
        right_id,
        valid_at=ask.valid_at,
        known_at=ask.known_at,
        actor=actor,
    )
    return _read(certificate)


@router.get("/{certificate_id}", responses=problems(InvalidTokenError, NotFoundError))
async def get_certificate(certificate_id: UUID, actor: Reader, session: Session) -> CertificateRead:
    """A certificate that was issued to your organisation."""
    return _read(await service.get_certificate(session, certificate_id, actor=actor))


@router.get(
    "/{certificate_id}/pdf",
    response_class=Response,
    responses={200: {"content": PDF_CONTENT}, **problems(InvalidTokenError, NotFoundError)},
)
async def certificate_pdf(certificate_id: UUID, actor: Reader, session: Session) -> Response:
    """The certificate on paper. The file holds the signed content and verifies as it is."""
    certificate = await service.get_certificate(session, certificate_id, actor=actor)
    headers = attachment(f"encumbrances-{certificate.id}.pdf")
    return Response(render(certificate.jws), headers=headers, media_type="application/pdf")


@keys_router.get("")
async def certificate_keys(session: Session, keys: Keys) -> PublishedKeys:
    """The public keys of all certificates, also of those that were signed with former keys."""
    return PublishedKeys(**await public_keys(session, keys, KeyPurpose.CERTIFICATES))
