from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Path, Request, Response
from pydantic import Field

from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import HotReads
from marketplace.kernel.schemas import Output
from marketplace.settings import Settings
from marketplace.statistics.open_data.packages import (
    MEDIA,
    Format,
    data_package,
    file_of,
    read_release,
)
from marketplace.statistics.releases.queries import releases
from marketplace.statistics.releases.schemas import ReleaseRead

router = APIRouter(prefix="/v1/open-data", tags=["open data"])

Number = Annotated[int, Path(ge=1, lt=2**31, description="of the release")]
KEPT: Final = {"cache-control": "public, max-age=31536000, immutable"}
"""A release never changes."""
NUMBER_MAX: Final = 2**31 - 1
SHOWN_MAX: Final = 100


class OpenData(Output):
    """A release and where its files are."""

    release: ReleaseRead
    data_package: str = Field(description="the dictionary of its columns, with checksums")
    files: list[str]


@router.get("")
async def open_data(http: Request, reads: HotReads) -> list[OpenData]:
    """The newest releases of open data, each with its files. No token needed; CC BY 4.0."""
    settings: Settings = http.app.state.settings
    found = await releases(reads, before=NUMBER_MAX, limit=SHOWN_MAX)
    return [_listed(one, f"{settings.issuer}/v1/open-data/{one.number}") for one in found]


def _listed(release: ReleaseRead, address: str) -> OpenData:
    return OpenData(
        release=release,
        data_package=f"{address}/datapackage.json",
        files=[f"{address}/deals.{one}" for one in Format],
    )


@router.get("/{number}/datapackage.json", responses=problems(NotFoundError))
async def open_data_package(http: Request, reads: HotReads, number: Number) -> dict[str, Any]:
    """The data dictionary of a release (Frictionless Data Package), with checksums."""
    release, rows = await read_release(reads, number)
    settings: Settings = http.app.state.settings
    package: dict[str, Any] = orjson.loads(
        orjson.dumps(data_package(release, rows, settings.issuer), default=str)
    )
    return package


@router.get(
    "/{number}/deals.{wanted}",
    response_class=Response,
    responses={
        200: {"content": {media: {} for media in MEDIA.values()}},
        **problems(NotFoundError),
    },
)
async def open_data_file(reads: HotReads, number: Number, wanted: Format) -> Response:
    """All cells of a release in one file, as CSV, JSON or Parquet."""
    _, rows = await read_release(reads, number)
    return Response(file_of(rows, wanted), headers=KEPT, media_type=MEDIA[wanted])
