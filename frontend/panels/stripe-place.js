/**
 * A place for one of Stripe's forms. Stripe.js does not work inside a shadow root, so the form is
 * mounted in the dialog element's own light DOM and shown through a slot.
 *
 *     const { place, slot } = stripePlace({ host, signal, name: "checkout" });
 *     form.mount(place);
 */
import { el } from "../lib/dom.js";

/**
 * @param {object} context
 * @param {HTMLElement} context.host
 * @param {AbortSignal} context.signal takes the place away
 * @param {string} context.name
 */
export function stripePlace({ host, signal, name }) {
  const place = el("div", { slot: name });
  host.append(place);
  signal.addEventListener("abort", () => place.remove(), { once: true });
  return { place, slot: el("slot", { name }) };
}
