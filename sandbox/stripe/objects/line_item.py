from ..ids import new_id
from ..store import Object


def new_line_item(
    price: Object, product: Object, quantity: int, metadata: dict[str, str] | None = None
) -> Object:
    """A line of a checkout session, before discounts and tax."""
    total = price["unit_amount"] * quantity
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": price["currency"],
        "description": product["name"],
        "metadata": metadata or {},
        "price": price,
        "quantity": quantity,
        "_product_description": product["description"],
    }
