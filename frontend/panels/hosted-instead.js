/** Where Stripe.js can't be had: says so, and leads on to Stripe's own page. */
import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { notice } from "./notice.js";

/**
 * @param {Element} place
 * @param {() => Promise<void>} payHosted
 */
export async function payHostedInstead(place, payHosted) {
  place.replaceChildren(el("p", { role: "status" }, t("checkout.fallback")));
  try {
    await payHosted();
  } catch (error) {
    place.replaceChildren(notice(error, () => payHostedInstead(place, payHosted)));
  }
}
