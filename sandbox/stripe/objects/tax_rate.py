from .. import clock
from ..store import Object
from ..sums import TAX_PERCENT

ID = "txr_sandbox_sales_tax"


def new_tax_rate() -> Object:
    """The one rate that automatic tax knows here."""
    return {
        "id": ID,
        "object": "tax_rate",
        "active": False,
        "country": "US",
        "created": clock.now(),
        "description": None,
        "display_name": "Sales tax",
        "effective_percentage": float(TAX_PERCENT),
        "flat_amount": None,
        "inclusive": False,
        "jurisdiction": "Sandbox",
        "jurisdiction_level": "state",
        "livemode": False,
        "metadata": {},
        "percentage": float(TAX_PERCENT),
        "rate_type": "percentage",
        "state": None,
        "tax_type": "sales_tax",
    }
