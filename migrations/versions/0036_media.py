"""Listings have a video pitch: its bytes on disk, its subtitles here, its figures on the card."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "listing_video",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("duration_milliseconds", sa.Integer(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="listing_video_primary"),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name="listing_video_listing_id_foreign"
        ),
        sa.CheckConstraint(
            "stored_at IS NULL OR (media_type IS NOT NULL AND sha256 IS NOT NULL"
            " AND size_bytes > 0 AND duration_milliseconds BETWEEN 1 AND 360000"
            " AND width > 0 AND height > 0)",
            name=op.f("listing_video_stored_whole_check"),
        ),
    )
    op.create_index(
        "listing_video_one_shown_unique",
        "listing_video",
        ["listing_id"],
        unique=True,
        postgresql_where=sa.text("stored_at IS NOT NULL AND removed_at IS NULL"),
    )
    op.create_index(
        "listing_video_one_unfinished_unique",
        "listing_video",
        ["listing_id"],
        unique=True,
        postgresql_where=sa.text("stored_at IS NULL AND removed_at IS NULL"),
    )
    op.create_index(
        "listing_video_doomed_index",
        "listing_video",
        ["expires_at"],
        postgresql_where=sa.text("removed_at IS NOT NULL OR stored_at IS NULL"),
    )
    op.create_table(
        "listing_subtitles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("video_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="listing_subtitles_primary"),
        sa.ForeignKeyConstraint(
            ["video_id"],
            ["listing_video.id"],
            name="listing_subtitles_video_id_foreign",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("video_id", "language", name="listing_subtitles_language_unique"),
    )
    # The space keeps the word from being taken for a parameter.
    op.execute("""UPDATE listing_card SET detail = left(detail, -1) || ',"video": null}'""")


def downgrade() -> None:
    op.execute("UPDATE listing_card SET detail = (detail::jsonb - 'video')::text")
    op.drop_table("listing_subtitles")
    op.drop_table("listing_video")
