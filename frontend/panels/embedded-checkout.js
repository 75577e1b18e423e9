/**
 * Stripe's checkout inside the dialog.
 *
 *     embeddedCheckout({ signal, host, getSecret, payHosted })
 *
 * When Stripe.js can't be had, `payHosted` opens Stripe's own page instead; null: there is none.
 */
import { ApiError } from "../lib/api-error.js";
import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { loadStripe } from "../lib/stripe-js.js";
import { loadConfig } from "../state/config.js";
import { bones } from "./bones.js";
import { payHostedInstead } from "./hosted-instead.js";
import { notice } from "./notice.js";
import { stripePlace } from "./stripe-place.js";

/**
 * @param {object} context
 * @param {AbortSignal} context.signal
 * @param {HTMLElement} context.host
 * @param {() => Promise<string | null | undefined>} context.getSecret of the session
 * @param {(() => Promise<void>) | null} context.payHosted
 */
export function embeddedCheckout({ signal, host, getSecret, payHosted }) {
  const state = el("div");
  const { place, slot } = stripePlace({ host, signal, name: "checkout" });

  async function start() {
    state.replaceChildren(bones(3, "bone-line", t("checkout.loading")));
    try {
      await mount();
      state.replaceChildren();
    } catch (error) {
      if (signal.aborted) return;
      const isMissing = error instanceof ApiError && error.code === "stripe_js_unavailable";
      if (isMissing && payHosted) return payHostedInstead(state, payHosted);
      state.replaceChildren(notice(error, start));
    }
  }

  async function mount() {
    const stripe = await loadStripe((await loadConfig()).stripe);
    const secret = await getSecret();
    if (!secret) throw new ApiError({ code: "bad_response" });
    const form = await stripe.createEmbeddedCheckoutPage({ fetchClientSecret: async () => secret });
    signal.addEventListener("abort", () => form.destroy(), { once: true });
    if (signal.aborted) return form.destroy();
    form.mount(place);
  }

  void start();
  return el("div", { class: "checkout" }, state, slot);
}
