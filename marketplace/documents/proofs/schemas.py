from datetime import datetime
from uuid import UUID

from pydantic import Field

from marketplace.documents.proofs.models import DocumentKind, ExistenceProof, ProofBatch
from marketplace.kernel.schemas import Output


class ProofRead(Output):
    id: UUID
    kind: DocumentKind
    document_id: UUID
    version: int
    submitted_at: datetime
    commitment: str = Field(description="SHA-256 over salt, SHA-256 and label, in hex")
    timestamped_at: datetime | None = Field(description="by the authority; null until it answered")


def read_proof(proof: ExistenceProof, batch: ProofBatch | None) -> ProofRead:
    return ProofRead(
        id=proof.id,
        kind=proof.kind,
        document_id=proof.document_id,
        version=proof.version,
        submitted_at=proof.created_at,
        commitment=proof.commitment.hex(),
        timestamped_at=batch.timestamped_at if batch else None,
    )
