"""What a project needs from stock."""

from structura_local.domain.fields import Collection, flag, number, text

PROJECT_ACCESSORIES = Collection(
    "projectAccessories",
    "ProjectAccessory",
    (
        text("projectId", required=True, refers="projects"),
        text("inventoryItemId", required=True, refers="inventory"),
        number("quantityRequired", required=True, low=1),
        number("quantityAllocated", default=0, low=0),
        flag("isFulfilled", default=False),
    ),
)
