"""Amounts as people read them, from Stripe's minor units.

Which currencies have no minor unit, and which have three digits: https://docs.stripe.com/currencies
"""


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


ZERO_DECIMAL = _codes("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf")
THREE_DECIMAL = _codes("bhd jod kwd omr tnd")
TWO_DECIMAL = _codes(
    "aed aud bgn brl cad chf cny cop czk dkk egp eur gbp hkd huf idr ils inr isk kes mad mxn myr "
    "ngn nok nzd pen php pln qar ron sar sek sgd thb try twd uah ugx usd zar"
)
SUPPORTED = ZERO_DECIMAL | THREE_DECIMAL | TWO_DECIMAL

SYMBOLS = {
    "usd": "$",
    "eur": "€",
    "gbp": "£",
    "jpy": "¥",
    "cny": "CN¥",
    "krw": "₩",
    "inr": "₹",
    "hkd": "HK$",
    "aud": "A$",
    "cad": "CA$",
    "sgd": "S$",
    "twd": "NT$",
    "brl": "R$",
}
SYMBOLS_AT_HOME = {"zh": {"cny": "¥", "jpy": "JP¥", "usd": "US$"}}

# In minor units: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
MINIMUM_CHARGE = {"usd": 50, "eur": 50, "gbp": 30, "jpy": 50, "hkd": 400, "aud": 50, "cad": 50}


def decimal_places(currency: str) -> int:
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def smallest_step(currency: str) -> int:
    """Charges in currencies of three decimals end in a zero."""
    return 10 if currency in THREE_DECIMAL else 1


def format_amount(amount: int, currency: str, language: str = "en") -> str:
    """`499, "usd"` → `$4.99`; `780, "jpy"` → `¥780`; `1234, "kwd"` → `KWD 1.234`."""
    places = decimal_places(currency)
    number = f"{abs(amount) / 10**places:,.{places}f}"
    symbol = SYMBOLS_AT_HOME.get(language, {}).get(currency) or SYMBOLS.get(currency)
    minus = "−" if amount < 0 else ""
    return minus + (symbol + number if symbol else f"{currency.upper()} {number}")
