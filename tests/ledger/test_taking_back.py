"""Credits that were taken back for a refund or a dispute come back when it comes to nothing."""

import pytest

from tests.ledger.books import Books, Desk


@pytest.mark.parametrize("kind", ["refund", "dispute"])
def test_what_was_taken_from_other_lots_comes_back_too(
    books: Books, desk: Desk, user_id: str, kind: str
) -> None:
    """A hold keeps part of the payment's own lot, so another lot must stand in; then the hold is
    released, and there is no room in the payment's own lot for all that comes back."""
    intent_id = desk.buy(user_id, "starter")
    hold = desk.hold(user_id, 200)
    desk.grant(user_id, 300)
    if kind == "refund":
        desk.refund(intent_id, 499, "re_1")
    else:
        desk.dispute(intent_id, 499, "needs_response", "du_1")
    assert books.one("select balance - held from public.user_credits") == 100
    desk.release(hold["hold_id"])
    if kind == "refund":
        desk.refund(intent_id, 499, "re_1", status="failed")
    else:
        desk.dispute(intent_id, 499, "won", "du_1")
    assert books.one("select balance - held from public.user_credits") == 800
