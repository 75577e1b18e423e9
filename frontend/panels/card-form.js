/**
 * Stripe's Payment Element in our colours and language: what is typed there never reaches us.
 *
 *     const form = cardForm({ signal, host, stripe, options: { mode: "setup", currency: "usd" }, retry });
 *     form.node … await form.submit()
 */
import { ApiError } from "../lib/api-error.js";
import { appearanceIn } from "../lib/appearance.js";
import { el } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { within } from "../lib/limit.js";
import { bones } from "./bones.js";
import { notice } from "./notice.js";
import { stripePlace } from "./stripe-place.js";

const READY_MS = 20_000;

/**
 * @typedef {{mode: "payment", amount: number, currency: string}} ForPayment
 * @typedef {{mode: "setup", currency: string}} ForSaving
 * @typedef {{clientSecret: string}} ForBegunPayment
 */

/**
 * @param {object} context
 * @param {AbortSignal} context.signal
 * @param {HTMLElement} context.host with our shadow root, in whose light DOM Stripe may work
 * @param {import("@stripe/stripe-js").Stripe} context.stripe
 * @param {ForPayment | ForSaving | ForBegunPayment} context.options
 * @param {() => void} context.retry
 * @param {() => void} context.escape the Escape key was pressed inside Stripe's form
 */
export function cardForm({ signal, host, stripe, options, retry, escape }) {
  const root = /** @type {ShadowRoot} */ (host.shadowRoot);
  const { place, slot } = stripePlace({ host, signal, name: "card-form" });
  const state = el("div", {}, bones(2, "bone-line", t("checkout.loading")));

  const look = { locale: language.value, appearance: appearanceIn(root) };
  // A form that comes before its intent must offer what the intent will take.
  const elements = "clientSecret" in options
    ? stripe.elements({ ...options, ...look })
    : stripe.elements({ ...options, ...look, allowedPaymentMethodTypes: ["card"] });
  const element = elements.create("payment", { layout: "tabs" });
  const ready = new Promise((resolve) => element.on("ready", resolve)).then(() => state.replaceChildren());
  element.on("loaderror", () =>
    state.replaceChildren(notice(new ApiError({ code: "stripe_js_unavailable" }), retry)));
  element.on("escape", escape);
  element.mount(place);

  matchMedia("(prefers-color-scheme: dark)").addEventListener(
    "change", () => void elements.update({ appearance: appearanceIn(root) }), { signal },
  );
  signal.addEventListener("abort", () => element.destroy(), { once: true });

  /** Before the form is there it can't be asked. */
  async function submit() {
    await within(ready, READY_MS);
    return elements.submit();
  }
  return { node: el("div", { class: "card-form" }, state, slot), elements, submit };
}
