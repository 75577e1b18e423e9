"""What can happen to the books, as plain data: a name and small arguments.

A game is a list of operations, `["spend", {"user": 0, "feature": "unit", "quantity": 3}]`, so it can
be drawn at random, shrunk, written down and played again. `nth` counts back from the newest order,
hold or key; where there is none, the operation does nothing.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.ledger.books import UNIT
from tests.model.payment import DISPUTE_STATES, REFUND_STATES

Operation = tuple[str, dict[str, Any]]

USERS = range(2)
NTH = (0, 0, 0, 1, 1, 2, 3, 7)  # mostly what is new
BOOLEANS = (False, True)
FEATURES = (UNIT, "docx_processing", "audio_processing", "image_generation")
# id, credits, price in cents, days: prices and credits that divide badly, and lives of all lengths.
PACKAGES = {"week": (40, 100, 7), "month": (111, 499, 30), "forever": (75, 333, None)}
# A subscription's credits a period, its price and their days; and what part of it an invoice is about.
PLAN = (111, 499, 30)
PARTS_OF_1000 = (1, 333, 500, 999, 1000, 1000)
LINES_OF_1000 = (-1500, -333, 2, 500, 1000, 1000, 1000, 1700)
# Every state at any time, stale ones too; more often those that it begins and ends in.
REFUNDED = (*REFUND_STATES, "pending", "succeeded", "succeeded")
REFUND_ENDS = (*REFUND_STATES, "failed", "failed", "canceled")
DISPUTED = (*DISPUTE_STATES, *["needs_response"] * 5)
DISPUTE_ENDS = (*DISPUTE_STATES, *["won"] * 5, "lost")


@dataclass(frozen=True)
class Kind:
    """How often it happens, and what each argument is chosen from."""

    weight: int
    choices: dict[str, Sequence[Any]]


KINDS = {
    "order": Kind(8, {"user": USERS, "package": tuple(PACKAGES), "with_code": BOOLEANS}),
    "pay": Kind(10, {"nth": NTH, "twice": BOOLEANS}),
    "pay_discounted": Kind(2, {"nth": NTH, "part": PARTS_OF_1000, "twice": BOOLEANS}),
    "renew": Kind(3, {"user": USERS, "part": LINES_OF_1000, "twice": BOOLEANS}),
    "pay_wrong_amount": Kind(1, {"nth": NTH}),
    "end_payment": Kind(1, {"nth": NTH, "how": ("expired", "canceled", "failed")}),
    "refund": Kind(4, {"nth": NTH, "part": PARTS_OF_1000, "status": REFUNDED, "twice": BOOLEANS}),
    "change_refund": Kind(4, {"nth": NTH, "status": REFUND_ENDS, "twice": BOOLEANS}),
    "dispute": Kind(3, {"nth": NTH, "part": PARTS_OF_1000, "status": DISPUTED, "twice": BOOLEANS}),
    "change_dispute": Kind(3, {"nth": NTH, "status": DISPUTE_ENDS, "twice": BOOLEANS}),
    "spend": Kind(10, {"user": USERS, "feature": FEATURES, "quantity": range(1, 9)}),
    "spend_again": Kind(3, {"nth": NTH, "same": BOOLEANS}),
    "hold": Kind(
        7,
        {"user": USERS, "feature": FEATURES, "quantity": range(1, 9), "hours": range(2, 25)},
    ),
    "hold_again": Kind(2, {"nth": NTH, "same": BOOLEANS}),
    "capture": Kind(7, {"nth": NTH, "quantity": (None, *range(1, 10))}),
    "release": Kind(3, {"nth": NTH}),
    "grant": Kind(6, {"user": USERS, "credits": range(1, 60), "days": (None, 1, 5, 40)}),
    "adjust": Kind(2, {"user": USERS, "credits": range(1, 60)}),
    "grant_again": Kind(1, {"nth": NTH, "same": BOOLEANS}),
    "set_threshold": Kind(1, {"user": USERS, "credits": (0, 50, 200)}),
    "wait": Kind(2, {"hours": (1, 1, 6, 24, 24 * 6, 24 * 30)}),
    "sweep_credits": Kind(2, {"limit": (1, 100)}),
    "sweep_holds": Kind(2, {"limit": (1, 100)}),
    "ban": Kind(1, {"user": USERS, "banned": (False, False, False, True)}),
}

_NAMES = list(KINDS)
_WEIGHTS = [kind.weight for kind in KINDS.values()]


def draw(chance: random.Random) -> Operation:
    [name] = chance.choices(_NAMES, _WEIGHTS)
    return name, {argument: chance.choice(of) for argument, of in KINDS[name].choices.items()}
