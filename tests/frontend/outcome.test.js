import assert from "node:assert/strict";
import { test } from "node:test";

import { amountOf } from "../../frontend/lib/outcome.js";

const payment = (status, amount_paid) => ({ status, amount: 499, amount_paid });

test("what was paid is what Stripe took, a discount of everything included", () => {
  assert.equal(amountOf(payment("succeeded", 449)), 449);
  assert.equal(amountOf(payment("succeeded", 0)), 0);
  assert.equal(amountOf(payment("refunded", 449)), 449);
});

test("where nothing was paid the price is shown", () => {
  for (const status of ["pending", "processing", "failed", "canceled", "expired"]) {
    assert.equal(amountOf(payment(status, 0)), 499, status);
  }
  assert.equal(amountOf(payment("succeeded", null)), 499);
});
