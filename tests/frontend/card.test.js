import assert from "node:assert/strict";
import { test } from "node:test";

import { cardExpiry, cardName, isExpired, spokenCardName } from "../../frontend/lib/card.js";
import { language } from "../../frontend/lib/i18n.js";

const card = (more) => ({ id: "pm_1", brand: "visa", last4: "4242", exp_month: 3, exp_year: 2034, is_default: false, ...more });

test("a card is called by its brand and its last four digits", () => {
  language.set("en");
  assert.equal(cardName(card()), "Visa ···· 4242");
  assert.equal(cardName(card({ brand: "amex", last4: "0005" })), "American Express ···· 0005");
  assert.equal(cardName(card({ brand: "brand_new" })), "Card ···· 4242");
  assert.equal(spokenCardName(card()), "Visa ending in 4242");
});

test("a card is good until the end of its month", () => {
  assert.equal(isExpired({ exp_month: 12, exp_year: 2026 }, new Date(2026, 11, 31, 23)), false);
  assert.equal(isExpired({ exp_month: 12, exp_year: 2026 }, new Date(2027, 0, 1)), true);
});

test("the expiry is written as on the card, and said when it has passed", () => {
  language.set("en");
  assert.equal(cardExpiry(card()), "expires 03/34");
  assert.equal(cardExpiry(card({ exp_year: 2020 })), "expired 03/20");
});
