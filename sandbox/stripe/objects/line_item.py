from .. import clock
from ..ids import new_id
from ..params import Params
from ..store import Object


def new_line_item(params: Params) -> Object:
    """A line with a price made for it alone, as `price_data` asks for."""
    price_data = params["price_data"]
    total = price_data["unit_amount"] * params["quantity"]
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": price_data["currency"],
        "description": price_data["product_data"]["name"],
        "metadata": params.get("metadata", {}),
        "price": _new_price(price_data),
        "quantity": params["quantity"],
        "_product_description": price_data["product_data"].get("description"),
    }


def _new_price(price_data: Params) -> Object:
    return {
        "id": new_id("price"),
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": clock.now(),
        "currency": price_data["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": new_id("prod"),
        "recurring": None,
        "tax_behavior": price_data.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": price_data["unit_amount"],
        "unit_amount_decimal": str(price_data["unit_amount"]),
    }
