"""A charge's receipt, at the address that its `receipt_url` names.
https://docs.stripe.com/receipts"""

from datetime import UTC, datetime

from flask import Blueprint, render_template, request
from werkzeug.exceptions import NotFound

from ..money import format_amount
from ..world import World
from .receipt_texts import TEXTS
from .texts import TEXTS as PAGE_TEXTS
from .texts import language_of


def blueprint(world: World) -> Blueprint:
    pages = Blueprint("receipts", __name__)

    @pages.get("/receipts/<token>")
    def receipt(token: str) -> str:
        url = f"{world.settings.api_base}/receipts/{token}"
        with world.store.transaction() as tx:
            charges = tx.select("charge", {"receipt_url": url}, limit=1)
        if not charges:
            raise NotFound
        charge = charges[0]
        language = language_of(None, request.accept_languages.best)

        def money(amount: int) -> str:
            return format_amount(amount, charge["currency"], language)

        return render_template(
            "receipt.html",
            text={**PAGE_TEXTS[language], **TEXTS[language]},
            language=language,
            charge=charge,
            card=charge["payment_method_details"].get("card"),
            day=datetime.fromtimestamp(charge["created"], UTC).date().isoformat(),
            money=money,
        )

    return pages
