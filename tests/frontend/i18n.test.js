import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";

import { ApiError } from "../../frontend/lib/api-error.js";
import { explain, explainAuth } from "../../frontend/lib/explain.js";
import { credits, language, t } from "../../frontend/lib/i18n.js";
import { outcome, OUTCOMES } from "../../frontend/lib/outcome.js";
import { en } from "../../frontend/locales/en.js";
import { zh } from "../../frontend/locales/zh.js";

const FRONTEND = new URL("../../frontend/", import.meta.url);
const ERRORS = new URL("../../backend/specification/errors.json", import.meta.url);
const PROBLEM_CODES = JSON.parse(await readFile(ERRORS, "utf8")).components.schemas.Problem.properties.code.enum;
const BROWSER_CODES = ["network", "timeout", "bad_response", "unsafe_address", "stripe_js_unavailable", "card_gone"];
const names = (text) => [...JSON.stringify(text).matchAll(/\{(\w+)\}/g)].map((found) => found[1]);

test("both languages have the same texts with the same names in them", () => {
  assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en)) {
    const known = new Set([...names(en[key]), ...(typeof en[key] === "object" ? ["count"] : [])]);
    for (const name of names(zh[key])) assert.ok(known.has(name) || name === "words", `${key}: {${name}}`);
    assert.ok(zh[key].length > 0, key);
  }
});

test("every code the backend or the browser can give has its own sentence", () => {
  for (const tag of ["en", "zh"]) {
    language.set(tag);
    const sentences = new Set();
    for (const code of [...PROBLEM_CODES, ...BROWSER_CODES]) {
      const sentence = explain(new ApiError({ code, detail: "the backend's words" }));
      assert.notEqual(sentence, "the backend's words", code);
      assert.ok(sentence.length > 4, code);
      sentences.add(sentence);
    }
    assert.ok(sentences.size > 15);
  }
});

test("the backend's own words are for codes we do not know", () => {
  assert.equal(explain(new ApiError({ code: "brand_new", detail: "Do this." })), "Do this.");
});

test("no raw message of a library reaches a reader", () => {
  language.set("en");
  assert.equal(explainAuth({ code: "invalid_credentials", message: "raw" }), t("auth.invalid_credentials"));
  assert.equal(explainAuth({ code: "email_exists" }), t("auth.user_already_exists"));
  assert.equal(explainAuth(new Error("raw")), t("auth.unavailable"));
  assert.equal(explainAuth({ name: "AuthRetryableFetchError", status: 0 }), t("error.network"));
  assert.equal(explain(new TypeError("raw")), t("error.unexpected"));
});

test("every status of a payment has a title, a sentence, and a word in the history", () => {
  const payments = Object.keys(OUTCOMES).map((status) => ({ status, error: null }));
  for (const payment of [...payments, { status: "failed", error: { code: "amount_mismatch" } }]) {
    const { name } = outcome(payment);
    assert.ok(en[`payment.${name}`] && en[`payment.${name}.text`] && en[`payments.status.${name}`], name);
  }
});

test("every status Stripe has for a subscription has a word", () => {
  // https://docs.stripe.com/api/subscriptions/object#subscription_object-status
  const statuses = "incomplete incomplete_expired trialing active past_due canceled unpaid paused";
  for (const status of statuses.split(" ")) assert.ok(en[`plans.status.${status}`], status);
});

test("a buyer whose money came in the wrong amount does not read that nothing was charged", () => {
  const { name } = outcome({ status: "failed", error: { code: "amount_mismatch" } });
  assert.doesNotMatch(en[`payment.${name}.text`], /nothing was charged/i);
});

test("plural forms follow the count, numbers are grouped", () => {
  language.set("en");
  assert.equal(t("open_payments.count", { count: 1 }), "1 payment to finish");
  assert.equal(t("open_payments.count", { count: 2 }), "2 payments to finish");
  assert.equal(t("buy.credits", { count: 13_000 }), "13,000 credits");
});

test("a number below zero has a minus, not a hyphen", () => {
  for (const tag of ["en", "zh"]) {
    language.set(tag);
    assert.equal(credits(-1800), "−1,800");
    assert.match(t("history.after", { credits: -1800 }), /−1,800/);
  }
});

test("the fixed texts of the pages are the English ones", async () => {
  for (const name of (await readdir(FRONTEND)).filter((file) => file.endsWith(".html"))) {
    const page = await readFile(new URL(name, FRONTEND), "utf8");
    const texts = page.matchAll(/data-text="([^"]+)">([^<]*)</g);
    for (const [, key, text] of texts) assert.equal(text.trim(), en[key], `${name}: ${key}`);
  }
});

test("no text is kept that nobody says", async () => {
  const files = (await readdir(FRONTEND, { recursive: true })).filter((file) =>
    /\.(js|html)$/.test(file) && !/^(vendor|locales)\//.test(file));
  const code = (await Promise.all(files.map((file) => readFile(new URL(file, FRONTEND), "utf8")))).join();
  const outcomes = [...Object.keys(OUTCOMES), "mismatch"];
  const composed = new Set([
    ...[...PROBLEM_CODES, ...BROWSER_CODES].map((one) => `error.${one}`),
    ...outcomes.flatMap((name) => [`payment.${name}`, `payment.${name}.text`, `payments.status.${name}`]),
  ]);
  const family = new RegExp(`^(${[
    "auth", "type", "span", "decline", "buy\\.(per|rhythm)_", "plans\\.(price_|status)", "payments\\.kind", "recharge\\.off",
  ].join("|")})`);
  const unsaid = Object.keys(en).filter((key) =>
    !composed.has(key) && !family.test(key) && !code.includes(`"${key}"`));
  assert.deepEqual(unsaid, []);
});
