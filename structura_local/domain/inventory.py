"""Stock."""

from structura_local.domain.fields import Collection, Merge, choice, flag, number, text

INVENTORY = Collection(
    "inventory",
    "InventoryItem",
    (
        text("name", required=True),
        text("sku", required=True),
        number("quantity", default=0, merge=Merge.COUNTER),
        choice("unit", "kg", "m", "units", "L", required=True),
        number("minThreshold", default=0, low=0),
        text("location", default=""),
        flag("isManufactured"),
    ),
)
