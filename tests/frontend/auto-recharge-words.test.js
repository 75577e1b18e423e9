import assert from "node:assert/strict";
import { test } from "node:test";

import { consentText } from "../../frontend/lib/auto-recharge-words.js";
import { language } from "../../frontend/lib/i18n.js";

const CARD = { id: "pm_1", brand: "visa", last4: "4242", exp_month: 12, exp_year: 2034, is_default: true };
const TERMS = { threshold: 1000, card: CARD, amount: 499, credits: 500, limit: 5000, currency: "usd" };

test("the consent names when, from which card, how much, for what, and at most how much", () => {
  language.set("en");
  assert.equal(
    consentText(TERMS),
    "When I have fewer than 1,000 credits, charge Visa ···· 4242 $4.99 for 500 credits, at most $50.00 a month, until I switch it off.",
  );
});

test("and so it does in Chinese", () => {
  language.set("zh");
  const text = consentText({ ...TERMS, currency: "cny", amount: 5000, limit: 20_000 });
  for (const part of ["1,000", "Visa ···· 4242", "¥50.00", "500", "¥200.00", "关闭"]) assert.ok(text.includes(part), part);
  language.set("en");
});

test("money is shown as its currency is counted", () => {
  language.set("en");
  assert.match(consentText({ ...TERMS, currency: "jpy", amount: 780, limit: 3000 }), /¥780 for .* at most ¥3,000 a month/);
  assert.match(consentText({ ...TERMS, currency: "kwd", amount: 1550, limit: 6000 }).replace(/\s/gu, " "), /KWD 1\.550 for .* KWD 6\.000 a month/);
});
