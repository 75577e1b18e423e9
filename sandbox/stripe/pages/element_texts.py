"""The Payment Element's sentences, in English and Chinese. Its frame learns its language from the
page that shows it, so it gets both."""

from collections.abc import Mapping

EN = {
    "number": "Card number",
    "expiration": "Expiration date",
    "expiration_hint": "MM / YY",
    "cvc": "Security code",
    "cvc_hint": "CVC",
    "sandbox": "Sandbox: no real money moves. Try 4242 4242 4242 4242, any future date, any code.",
    "terms": (
        "By providing your card information, you allow {business} to charge your card for future "
        "payments in accordance with their terms."
    ),
    "incomplete_number": "Your card number is incomplete.",
    "invalid_number": "Your card number is invalid.",
    "incomplete_expiry": "Your card's expiration date is incomplete.",
    "invalid_expiry_month_past": "Your card's expiration date is in the past.",
    "incomplete_cvc": "Your card's security code is incomplete.",
}
ZH = {
    "number": "卡号",
    "expiration": "有效期",
    "expiration_hint": "月 / 年",
    "cvc": "安全码",
    "cvc_hint": "CVC",
    "sandbox": "沙盒：不涉及真实资金。可用 4242 4242 4242 4242，任意未来日期和任意安全码。",
    "terms": "提供银行卡信息即表示您允许 {business} 根据其条款在未来从您的卡中扣款。",
    "incomplete_number": "卡号不完整。",
    "invalid_number": "卡号无效。",
    "incomplete_expiry": "有效期不完整。",
    "invalid_expiry_month_past": "有效期已过。",
    "incomplete_cvc": "安全码不完整。",
}
TEXTS: Mapping[str, Mapping[str, str]] = {"en": EN, "zh": ZH}
