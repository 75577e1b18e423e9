import assert from "node:assert/strict";
import { test } from "node:test";

import {
  editableMoney, formatMoney, formatPricePerCredit, minorDigits, parseMoney,
} from "../../frontend/lib/money.js";

test("an amount is shown in its currency's own minor unit", () => {
  assert.equal(formatMoney(1499, "usd", "en"), "$14.99");
  assert.equal(formatMoney(50_000, "cny", "zh-CN"), "¥500.00");
  assert.equal(formatMoney(2250, "jpy", "en"), "¥2,250");
  assert.equal(formatMoney(12_345, "kwd", "en").replace(/\s/u, " "), "KWD 12.345");
});

test("no two currencies look alike, whichever the reader's language", () => {
  for (const locale of ["en", "zh-CN"]) {
    const shown = ["cny", "jpy", "usd", "cad", "hkd"].map((currency) => formatMoney(50_000, currency, locale).replace(/[\d.,]/g, ""));
    assert.equal(new Set(shown).size, shown.length, `${locale}: ${shown}`);
  }
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

test("what somebody types is read in the currency's own minor unit", () => {
  const cases = [
    ["50", "usd", "en", 5000], ["50.5", "usd", "en", 5050], ["1,250.50", "usd", "en", 125_050],
    [" 1 250.50 ", "usd", "en", 125_050], ["1’250.50", "usd", "en", 125_050], ["0.99", "usd", "en", 99],
    ["２５．００", "cny", "zh-CN", 2500], ["1，250", "cny", "zh-CN", 125_000],
    ["2250", "jpy", "en", 2250], ["2,250", "jpy", "en", 2250], ["12.345", "kwd", "en", 12_345], ["1.5", "kwd", "en", 1500],
    ["1,250", "kwd", "en", 1_250_000], ["50,00", "eur", "en-ZA", 5000], ["1.250,50", "eur", "de-DE", 125_050],
  ];
  for (const [text, currency, locale, amount] of cases) {
    assert.equal(parseMoney(text, currency, locale), amount, `${text} ${currency} ${locale}`);
  }
});

test("the other decimal sign is understood where it can mean nothing else", () => {
  assert.equal(parseMoney("12,50", "usd", "en"), 1250);
  assert.equal(parseMoney("12.50", "eur", "de-DE"), 1250);
  assert.equal(parseMoney("12,500", "usd", "en"), 1_250_000);
});

test("what is not an amount of the currency is none", () => {
  for (const [text, currency] of [
    ["", "usd"], ["abc", "usd"], ["-5", "usd"], ["1.234", "usd"], ["1.2.3", "usd"], ["1e5", "usd"], ["$5", "usd"],
    ["12,34,567", "usd"], ["99999999999999999", "usd"], ["5.5", "jpy"], ["1.2345", "kwd"], ["1,25", "kwd"],
  ]) {
    assert.equal(parseMoney(text, currency, "en"), null, `${text} ${currency}`);
  }
});

test("an amount goes through a field unchanged", () => {
  for (const locale of ["en", "zh-CN", "de-DE", "en-ZA", "fr-FR"]) {
    for (const [amount, currency] of [[1499, "usd"], [123_456, "eur"], [2300, "jpy"], [1550, "kwd"], [5, "kwd"]]) {
      assert.equal(parseMoney(editableMoney(amount, currency, locale), currency, locale), amount, `${amount} ${currency} ${locale}`);
    }
  }
});
