/**
 * Money as people read it. Amounts are integers in the minor unit that Stripe takes, so the digits
 * come from Stripe's list and not from the browser's:
 * https://docs.stripe.com/currencies#zero-decimal
 *
 *     formatMoney(1499, "usd", "en")  →  "$14.99"
 *     formatMoney(2300, "jpy", "en")  →  "¥2,300"
 *     parseMoney("1,250.50", "usd", "en")  →  125050
 */

const NO_DECIMALS = new Set(
  "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" "),
);
const THREE_DECIMALS = new Set("bhd jod kwd omr tnd".split(" "));

/**
 * @param {string} currency ISO 4217, in either case
 * @returns {0 | 2 | 3}
 */
export function minorDigits(currency) {
  const code = currency.toLowerCase();
  if (NO_DECIMALS.has(code)) return 0;
  return THREE_DECIMALS.has(code) ? 3 : 2;
}

/**
 * @param {number} amount minor units
 * @param {string} currency
 * @param {string} locale BCP 47
 */
export function formatMoney(amount, currency, locale) {
  const digits = minorDigits(currency);
  return new Intl.NumberFormat(locale, {
    ...asCurrency(currency),
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(amount / 10 ** digits);
}

/**
 * The price of a single credit, to three significant digits, for it is often below the minor unit.
 * @param {number} amount minor units, for all credits
 * @param {number} credits
 * @param {string} currency
 * @param {string} locale
 */
export function formatPricePerCredit(amount, credits, currency, locale) {
  return new Intl.NumberFormat(locale, {
    ...asCurrency(currency),
    minimumSignificantDigits: 3,
    maximumSignificantDigits: 3,
  }).format(amount / 10 ** minorDigits(currency) / credits);
}

/**
 * An amount as somebody edits it: without its currency and without grouping.
 * @param {number} amount minor units
 * @param {string} currency
 * @param {string} locale
 */
export function editableMoney(amount, currency, locale) {
  const digits = minorDigits(currency);
  return new Intl.NumberFormat(locale, {
    useGrouping: false,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(amount / 10 ** digits);
}

/**
 * What somebody typed, in the reader's own way of writing numbers; full-width digits too. Where it
 * can mean only one thing, the other decimal sign is understood as well ("12,50" in English).
 * @param {string} text
 * @param {string} currency
 * @param {string} locale
 * @returns {number | null} minor units; null: not an amount of this currency
 */
export function parseMoney(text, currency, locale) {
  const digits = minorDigits(currency);
  const plain = text.normalize("NFKC").replace(/[\s'’]/g, "");
  const own = separators(locale);
  const foreign = { decimal: own.group, group: own.decimal };
  const isClear = digits === 2 && plain.includes(foreign.decimal); // Three digits may be a group.
  const read = readAmount(plain, own, digits) ?? (isClear ? readAmount(plain, foreign, digits) : null);
  return read !== null && Number.isSafeInteger(read) ? read : null;
}

/**
 * @param {string} plain
 * @param {{decimal: string, group: string}} signs
 * @param {number} digits
 */
function readAmount(plain, { decimal, group }, digits) {
  const [whole = "", fraction = "", ...rest] = plain.split(decimal);
  const isGrouped = whole.split(group).every((part, at) => (at === 0 ? /^\d{1,3}$/ : /^\d{3}$/).test(part));
  const isWhole = /^\d+$/.test(whole) || isGrouped;
  if (!isWhole || rest.length > 0 || fraction.length > digits || !/^\d*$/.test(fraction)) return null;
  return Number(whole.replaceAll(group, "") + fraction.padEnd(digits, "0"));
}

/** @param {string} locale */
function separators(locale) {
  const parts = new Intl.NumberFormat(locale).formatToParts(1234567.8);
  const decimal = parts.find((part) => part.type === "decimal")?.value === "," ? "," : ".";
  return { decimal, group: decimal === "," ? "." : "," };
}

/**
 * @param {string} currency
 * @returns {Intl.NumberFormatOptions}
 */
function asCurrency(currency) {
  return { style: "currency", currency: currency.toUpperCase() };
}
