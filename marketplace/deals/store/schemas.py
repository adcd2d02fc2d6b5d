from uuid import UUID

from pydantic import Field

from marketplace.kernel.schemas import Input, Output, example


class StoreSelect(Input):
    model_config = example(application_id="019b7a10-5f5e-7c3d-8a47-1f0e9d3c2b1a")

    application_id: UUID = Field(description="of the window that closed last")


class StoreSelected(Output):
    entry_id: UUID
    application_id: UUID
    deal_id: UUID


class StoreFigures(Output):
    """What the store did. Asking prices are wishes, and are nowhere added up.

    What was paid is confidential deal by deal: it is in the released tables, with all other deals.
    """

    entries: int
    windows: int = Field(description="that were opened")
    open_windows: int
    applications: int = Field(description="of companies, and not taken back")
    selected: int = Field(description="windows in which somebody was chosen")
    settled: int = Field(description="deals that were paid out")
