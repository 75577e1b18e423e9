/**
 * Why a card was declined, as a sentence that a buyer can act on.
 *
 *     declineSentence("insufficient_funds")  →  "There isn’t enough money on this card. …"
 *
 * Every code that Stripe documents is here, each beside the text `decline.<name>` it is said with:
 * https://docs.stripe.com/declines/codes. What could tell a thief that a card is being watched reads
 * like any other decline, as Stripe asks for there.
 */
import { isKey, t } from "./i18n.js";

/** @type {Record<string, string>} */
export const DECLINES = {
  generic_decline: "generic",
  fraudulent: "generic",
  lost_card: "generic",
  merchant_blacklist: "generic",
  pickup_card: "generic",
  restricted_card: "generic",
  security_violation: "generic",
  stolen_card: "generic",

  call_issuer: "bank",
  do_not_honor: "bank",
  do_not_try_again: "bank",
  no_action_taken: "bank",
  not_permitted: "bank",
  transaction_not_allowed: "bank",
  revocation_of_all_authorizations: "stopped",
  revocation_of_authorization: "stopped",
  stop_payment_order: "stopped",

  authentication_not_handled: "confirm",
  authentication_required: "confirm",
  mobile_device_authentication_required: "confirm",

  approve_with_id: "again",
  processing_error: "again",
  reenter_transaction: "again",
  try_again_later: "later",
  issuer_not_available: "unreachable",

  card_velocity_exceeded: "limit",
  withdrawal_count_limit_exceeded: "limit",
  insufficient_funds: "funds",
  invalid_amount: "amount",
  duplicate_transaction: "duplicate",

  card_not_supported: "unsupported",
  service_not_allowed: "unsupported",
  currency_not_supported: "currency",
  invalid_account: "account",
  new_account_information_available: "account",
  expired_card: "expired",
  testmode_decline: "test_card",

  incorrect_number: "number",
  invalid_number: "number",
  incorrect_cvc: "cvc",
  invalid_cvc: "cvc",
  invalid_expiry_month: "expiry",
  invalid_expiry_year: "expiry",
  incorrect_zip: "postcode",
  incorrect_address: "address",

  incorrect_pin: "pin",
  invalid_pin: "pin",
  offline_pin_required: "pin_required",
  online_or_offline_pin_required: "pin_required",
  pin_try_exceeded: "pin_locked",

  // Not the bank's: the error codes of Stripe.js when the buyer was not confirmed.
  payment_intent_authentication_failure: "unconfirmed",
  setup_intent_authentication_failure: "unconfirmed",
};

/** @param {string | undefined} code a decline code, or an error's code where the bank gave none */
export function declineSentence(code) {
  const key = `decline.${DECLINES[code ?? ""] ?? "generic"}`;
  return t(isKey(key) ? key : "decline.generic");
}

/**
 * The code that `declineSentence` knows; null: the error is not the card's.
 * @param {import("@stripe/stripe-js").StripeError} error
 * @returns {string | null}
 */
export function declineCodeOf({ type, code, decline_code }) {
  const isCards = type === "card_error" || code?.endsWith("_authentication_failure");
  return isCards ? (decline_code ?? code ?? "") : null;
}
