from .. import clock
from ..ids import new_id
from ..params import Params
from ..store import Object


def new_product(params: Params, *, is_active: bool = True) -> Object:
    """`params` is a product's own, or the `product_data` of a price or a line."""
    return {
        "id": params.get("id") or new_id("prod"),
        "object": "product",
        "active": params.get("active", is_active),
        "created": clock.now(),
        "default_price": None,
        "description": params.get("description"),
        "images": params.get("images", []),
        "livemode": False,
        "marketing_features": [],
        "metadata": params.get("metadata", {}),
        "name": params["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": clock.now(),
        "url": None,
    }
