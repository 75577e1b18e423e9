/**
 * Which language is spoken, and every text and number in it.
 *
 *     t("open_payments.count", { count: 2 })  →  "2 payments to finish"
 *     credits(1500)  →  "1,500"        money(1499, "usd")  →  "$14.99"
 *
 * A text is a string with {names}, or one per plural form (`one`, `other`), chosen by `count`.
 */
import { en } from "../locales/en.js";
import { zh } from "../locales/zh.js";
import { editableMoney, formatMoney, formatPricePerCredit, parseMoney } from "./money.js";
import { recall, remember } from "./storage.js";
import { Store } from "./store.js";

/**
 * @typedef {"en" | "zh"} Language
 * @typedef {keyof typeof en} Key
 * @typedef {string | {one: string, other: string}} Text
 */

/** @type {Record<Language, Record<Key, Text>>} */
const TEXTS = { en, zh };

/** The languages we speak, each by its own name. @type {Record<Language, string>} */
export const LANGUAGES = { en: "English", zh: "中文" };

/** @type {Store<Language>} */
export const language = new Store(firstLanguage());

/** @returns {Language} */
function firstLanguage() {
  const wishes = [recall("language"), ...browserLanguages()];
  const known = wishes.map((tag) => tag?.slice(0, 2).toLowerCase()).find(isLanguage);
  return known ?? "en";
}

function browserLanguages() {
  return typeof navigator === "undefined" ? [] : (navigator.languages ?? [navigator.language]);
}

/**
 * @param {unknown} tag
 * @returns {tag is Language}
 */
export function isLanguage(tag) {
  return tag === "en" || tag === "zh";
}

/** @param {Language} choice */
export function speak(choice) {
  remember("language", choice);
  language.set(choice);
}

/**
 * @param {Key} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const text = TEXTS[language.value][key];
  const pattern = typeof text === "string" ? text : text[pluralForm(Number(values["count"]))];
  return pattern.replace(/\{(\w+)\}/g, (_, name) => shown(values[name]));
}

/** One after the other, as our language sets them. @param {string[]} sentences */
export function together(...sentences) {
  return sentences.join(language.value === "zh" ? "" : " ");
}

/** @param {number} count */
function pluralForm(count) {
  return new Intl.PluralRules(language.value).select(count) === "one" ? "one" : "other";
}

/** @param {string | number | undefined} value */
function shown(value) {
  return typeof value === "number" ? credits(value) : (value ?? "");
}

/**
 * @param {string} key
 * @returns {key is Key}
 */
export function isKey(key) {
  return Object.hasOwn(en, key);
}

/** The tag for numbers and dates: the visitor's own variety of our language, such as en-GB. */
function numberLocale() {
  const own = browserLanguages().find((tag) => tag.toLowerCase().startsWith(language.value));
  return own ?? language.value;
}

/** @param {number} count */
export function credits(count) {
  return withMinus(new Intl.NumberFormat(numberLocale()).format(count));
}

/** @param {number} count with its sign, as in a statement */
export function signedCredits(count) {
  return withMinus(new Intl.NumberFormat(numberLocale(), { signDisplay: "exceptZero" }).format(count));
}

/** The minus that is as wide as the plus, where a locale writes a hyphen. @param {string} number */
function withMinus(number) {
  return number.replace("-", "−");
}

/**
 * @param {number} amount minor units
 * @param {string} currency
 */
export function money(amount, currency) {
  return formatMoney(amount, currency, numberLocale());
}

/**
 * For a field, without its currency.
 * @param {number} amount minor units
 * @param {string} currency
 */
export function editMoney(amount, currency) {
  return editableMoney(amount, currency, numberLocale());
}

/**
 * @param {string} text as somebody typed it
 * @param {string} currency
 * @returns {number | null} minor units
 */
export function readMoney(text, currency) {
  return parseMoney(text, currency, numberLocale());
}

/**
 * @param {number} amount minor units
 * @param {number} count
 * @param {string} currency
 */
export function pricePerCredit(amount, count, currency) {
  return formatPricePerCredit(amount, count, currency, numberLocale());
}

/** @param {string} time RFC 3339 */
export function day(time) {
  return new Intl.DateTimeFormat(numberLocale(), { dateStyle: "long" }).format(new Date(time));
}

/** @param {string} time RFC 3339 */
export function dayAndTime(time) {
  const style = /** @type {const} */ ({ dateStyle: "medium", timeStyle: "short" });
  return new Intl.DateTimeFormat(numberLocale(), style).format(new Date(time));
}
