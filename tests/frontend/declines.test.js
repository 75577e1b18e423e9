import assert from "node:assert/strict";
import { test } from "node:test";

import { DECLINES, declineSentence } from "../../frontend/lib/declines.js";
import { language, t } from "../../frontend/lib/i18n.js";
import { en } from "../../frontend/locales/en.js";

/** All of https://docs.stripe.com/declines/codes, in its order. */
const DOCUMENTED = `
  authentication_required authentication_not_handled approve_with_id call_issuer card_not_supported
  card_velocity_exceeded currency_not_supported do_not_honor do_not_try_again duplicate_transaction
  expired_card fraudulent generic_decline incorrect_address incorrect_cvc incorrect_number incorrect_pin
  incorrect_zip insufficient_funds invalid_account invalid_amount invalid_cvc invalid_expiry_month
  invalid_expiry_year invalid_number invalid_pin issuer_not_available lost_card merchant_blacklist
  mobile_device_authentication_required new_account_information_available no_action_taken not_permitted
  offline_pin_required online_or_offline_pin_required pickup_card pin_try_exceeded processing_error
  reenter_transaction restricted_card revocation_of_all_authorizations revocation_of_authorization
  security_violation service_not_allowed stolen_card stop_payment_order testmode_decline
  transaction_not_allowed try_again_later withdrawal_count_limit_exceeded
`.trim().split(/\s+/);
const SUSPICIOUS = "fraudulent lost_card merchant_blacklist pickup_card restricted_card security_violation stolen_card";

test("every documented decline has a sentence in both languages", () => {
  for (const tag of ["en", "zh"]) {
    language.set(tag);
    for (const code of DOCUMENTED) {
      assert.ok(DECLINES[code], code);
      assert.ok(declineSentence(code).length > 8, code);
    }
  }
  language.set("en");
});

test("no sentence is kept that no decline needs", () => {
  const used = new Set(Object.values(DECLINES).map((name) => `decline.${name}`));
  assert.deepEqual(Object.keys(en).filter((key) => key.startsWith("decline.") && !used.has(key)), []);
});

test("who uses a stolen card is not told that it is known to be stolen", () => {
  for (const tag of ["en", "zh"]) {
    language.set(tag);
    const ordinary = declineSentence("generic_decline");
    for (const code of SUSPICIOUS.split(" ")) assert.equal(declineSentence(code), ordinary, code);
    for (const key of Object.keys(en).filter((name) => name.startsWith("decline."))) {
      assert.doesNotMatch(t(key), /stolen|lost|fraud|blacklist|suspect|被盗|挂失|欺诈|黑名单/i, key);
    }
  }
  language.set("en");
});

test("a decline nobody has heard of is an ordinary one", () => {
  for (const code of ["brand_new", "", undefined, "__proto__", "constructor"]) {
    assert.equal(declineSentence(code), t("decline.generic"), String(code));
  }
});
