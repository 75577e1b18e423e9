import assert from "node:assert/strict";
import { test } from "node:test";

import { formatMoney, formatPricePerCredit, minorDigits } from "../../frontend/lib/money.js";

test("an amount is shown in its currency's own minor unit", () => {
  assert.equal(formatMoney(1499, "usd", "en"), "$14.99");
  assert.equal(formatMoney(50_000, "cny", "zh-CN"), "¥500.00");
  assert.equal(formatMoney(2250, "jpy", "en"), "¥2,250");
  assert.equal(formatMoney(12_345, "kwd", "en").replace(/\s/u, " "), "KWD 12.345");
});

test("the minor unit is the one Stripe takes, whatever the browser's list says", () => {
  assert.equal(minorDigits("JPY"), 0);
  assert.equal(minorDigits("kwd"), 3);
  assert.equal(minorDigits("isk"), 2); // Stripe takes króna with two zeros, Intl has none.
  assert.equal(minorDigits("huf"), 2);
});

test("a credit's price keeps three digits that count", () => {
  assert.equal(formatPricePerCredit(499, 500, "usd", "en"), "$0.00998");
  assert.equal(formatPricePerCredit(750, 500, "jpy", "en"), "¥1.50");
});
