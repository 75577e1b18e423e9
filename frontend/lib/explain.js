/**
 * A sentence for whatever went wrong, in the reader's language. The backend's own `detail` speaks
 * only where we have no sentence for its code.
 */
import { ApiError } from "./api-error.js";
import { isKey, t } from "./i18n.js";

/** Codes of Supabase Auth that mean the same to a reader. @type {Record<string, string>} */
const SAME_AS = {
  email_exists: "user_already_exists",
  validation_failed: "email_address_invalid",
  over_email_send_rate_limit: "over_request_rate_limit",
};

/**
 * @param {unknown} error
 * @returns {string}
 */
export function explain(error) {
  if (!(error instanceof ApiError)) return t("error.unexpected");
  const key = error.isPriceChange ? "error.price_changed" : `error.${error.code}`;
  return isKey(key) ? t(key) : error.detail || t("error.bad_response");
}

/**
 * @param {unknown} error of auth-js, or of the configuration it needs first
 * @returns {string}
 */
export function explainAuth(error) {
  if (error instanceof ApiError) return explain(error);
  const { code, name, status } = Object(error);
  if (name === "AuthRetryableFetchError" && !status) return t("error.network");
  const key = `auth.${SAME_AS[code] ?? code}`;
  return isKey(key) ? t(key) : t("auth.unavailable");
}
