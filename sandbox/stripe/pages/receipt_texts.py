"""The receipt's sentences, in English and Chinese."""

from collections.abc import Mapping

TEXTS: Mapping[str, dict[str, str]] = {
    "en": {
        "receipt": "Receipt",
        "amount": "Amount paid",
        "refunded": "Refunded",
        "day": "Date paid",
        "method": "Payment method",
        "bank_account": "Bank account",
        "for_what": "For",
    },
    "zh": {
        "receipt": "收据",
        "amount": "支付金额",
        "refunded": "已退款",
        "day": "付款日期",
        "method": "支付方式",
        "bank_account": "银行账户",
        "for_what": "用途",
    },
}
