import assert from "node:assert/strict";
import { test } from "node:test";

import { spanOfDays } from "../../frontend/lib/expiry.js";
import { expiryInWords } from "../../frontend/lib/expiry-words.js";
import { language } from "../../frontend/lib/i18n.js";

test("half a year is six months however it is counted", () => {
  for (const days of [180, 181, 182, 183, 184]) {
    assert.deepEqual(spanOfDays(days), { unit: "month", count: 6 });
  }
});

test("a month or a year is said only of days that make one", () => {
  const months = { 30: 1, 31: 1, 60: 2, 62: 2, 90: 3, 92: 3 };
  for (const [days, count] of Object.entries(months)) {
    assert.deepEqual(spanOfDays(Number(days)), { unit: "month", count }, days);
  }
  for (const days of [365, 366]) assert.deepEqual(spanOfDays(days), { unit: "year", count: 1 });
  for (const days of [27, 28, 29, 32, 33, 59, 63, 179, 185, 360, 364, 367, 540]) {
    assert.deepEqual(spanOfDays(days), { unit: "day", count: days });
  }
});

test("other spans", () => {
  assert.deepEqual(spanOfDays(731), { unit: "year", count: 2 });
  assert.deepEqual(spanOfDays(14), { unit: "day", count: 14 });
  assert.equal(spanOfDays(null), null);
});

test("said in words, in both languages", () => {
  language.set("en");
  assert.equal(expiryInWords(183), "expire after six months");
  assert.equal(expiryInWords(365), "expire after one year");
  assert.equal(expiryInWords(28), "expire after 28 days");
  assert.equal(expiryInWords(null), "never expire");
  language.set("zh");
  assert.equal(expiryInWords(183), "六个月后过期");
  assert.equal(expiryInWords(60), "两个月后过期");
  assert.equal(expiryInWords(null), "永不过期");
});
