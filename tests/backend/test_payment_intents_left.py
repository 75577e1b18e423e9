"""Who closes the page half way finds his payment again, or gets out of it."""

from tests.backend.in_page import begin, intents_made, refusal
from tests.backend.purchase import Shop
from tests.backend.wallet import Wallet
from tests.people import Person
from tests.stripe_browser import ASKS_ALWAYS, StripeBrowser
from tests.stripe_console import StripeConsole
from tests.together import all_at_once


def test_an_open_payment_is_offered_again_and_goes_on_where_it_was(
    buyer: Person, stripe_js: StripeBrowser
) -> None:
    order = begin(buyer)
    [item] = buyer.get("/api/cart/count").json()["items"]
    assert (item["payment_id"], item["ui_mode"]) == (order["payment_id"], "elements")
    assert item["payment_url"] == f"{buyer.env['FRONTEND_URL']}/?payment={order['payment_id']}"
    resumed = buyer.refresh(order["payment_id"])
    assert resumed["client_secret"] == order["client_secret"]
    stripe_js.confirm(resumed["client_secret"])
    assert buyer.refresh(order["payment_id"])["status"] == "succeeded"
    assert buyer.get("/api/cart/count").json()["count"] == 0


def test_3d_secure_can_be_finished_in_another_tab(wallet: Wallet, stripe_js: StripeBrowser) -> None:
    order = begin(wallet.buyer, payment_method_id=wallet.save(ASKS_ALWAYS))
    resumed = wallet.buyer.refresh(order["payment_id"])
    assert resumed["requires_action"] is True
    stripe_js.authenticate(resumed["client_secret"])
    assert wallet.buyer.refresh(order["payment_id"])["status"] == "succeeded"


def test_the_secret_is_told_to_the_buyer_alone_and_only_when_he_asks_for_it(
    buyer: Person, stranger: Person
) -> None:
    order = begin(buyer)
    for path in ("/api/payments", f"/api/payments/{order['payment_id']}", "/api/cart/count"):
        answer = buyer.get(path)
        assert answer.status_code == 200
        assert "_secret_" not in answer.text
    answer = stranger.post(f"/api/payments/{order['payment_id']}/refresh")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_an_intent_whose_answer_was_lost_is_found_by_refresh(
    buyer: Person, stripe_js: StripeBrowser, stripe_console: StripeConsole, shop_floor: Shop
) -> None:
    path = "/v1/payment_intents"
    stripe_console.fault(method="POST", path=path, kind="drop", when="after", times=3)
    assert refusal(buyer) == (503, "stripe_unavailable")
    [lost] = buyer.get("/api/payments").json()["payments"]
    resumed = buyer.refresh(lost["payment_id"])
    stripe_js.confirm(resumed["client_secret"])
    assert buyer.refresh(lost["payment_id"])["status"] == "succeeded"
    assert len(intents_made(stripe_console)) == 1
    assert shop_floor.ledger(buyer) == [("purchase", 500)]


# The way out


def test_a_cancelled_intent_cannot_be_paid_any_more(
    buyer: Person, stripe_js: StripeBrowser, stripe_console: StripeConsole
) -> None:
    order = begin(buyer)
    path = f"/api/payments/{order['payment_id']}/cancel"
    for _ in range(2):
        answer = buyer.post(path)
        assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    intent = stripe_console.api(f"payment_intents/{order['payment_intent_id']}")
    assert (intent["status"], intent["cancellation_reason"]) == (
        "canceled",
        "requested_by_customer",
    )
    assert "error" in stripe_js.confirm(order["client_secret"])
    payment = buyer.refresh(order["payment_id"])
    assert payment["status"] == "canceled"
    assert "client_secret" not in payment


def test_what_waits_for_3d_secure_can_be_cancelled(buyer: Person, stripe_js: StripeBrowser) -> None:
    order = begin(buyer)
    stripe_js.confirm(order["client_secret"], ASKS_ALWAYS)
    answer = buyer.post(f"/api/payments/{order['payment_id']}/cancel")
    assert answer.json()["status"] == "canceled"


def test_what_is_paid_in_the_page_cannot_be_cancelled(
    buyer: Person, stripe_js: StripeBrowser, stripe_console: StripeConsole
) -> None:
    """Even if nobody has told us of the money yet."""
    order = begin(buyer)
    stripe_console.deliver("drop")
    stripe_js.confirm(order["client_secret"])
    answer = buyer.post(f"/api/payments/{order['payment_id']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_state")
    assert buyer.payment(order["payment_id"])["status"] == "succeeded"
    assert buyer.available == 500


def test_paying_and_cancelling_at_once_end_in_one_of_both(
    buyer: Person, stripe_js: StripeBrowser
) -> None:
    order = begin(buyer)
    card = stripe_js.card()
    all_at_once(
        lambda: stripe_js.confirm(order["client_secret"], card),
        lambda: buyer.post(f"/api/payments/{order['payment_id']}/cancel"),
    )
    payment = buyer.refresh(order["payment_id"])
    assert (payment["status"], buyer.available) in (("succeeded", 500), ("canceled", 0))
