/**
 * Money as people read it. Amounts are integers in the minor unit that Stripe takes, so the digits
 * come from Stripe's list and not from the browser's:
 * https://docs.stripe.com/currencies#zero-decimal
 *
 *     formatMoney(1499, "usd", "en")  →  "$14.99"
 *     formatMoney(2300, "jpy", "en")  →  "¥2,300"
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
 * @param {string} currency
 * @returns {Intl.NumberFormatOptions}
 */
function asCurrency(currency) {
  return { style: "currency", currency: currency.toUpperCase(), currencyDisplay: "narrowSymbol" };
}
