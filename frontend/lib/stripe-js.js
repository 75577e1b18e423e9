/**
 * Loads Stripe.js, only when an embedded payment needs it, from the address the backend names
 * (js.stripe.com; never a copy). Ten seconds a try, two tries, then ApiError stripe_js_unavailable.
 */
import { trustedAddress } from "./address.js";
import { ApiError } from "./api-error.js";
import { el } from "./dom.js";

const TIMEOUT_MS = 10_000;
const TRIES = 2;

/** @type {Promise<void> | null} */
let loaded = null;

/**
 * @param {{publishable_key: string, js_url: string}} config
 * @returns {Promise<import("@stripe/stripe-js").Stripe>}
 */
export async function loadStripe(config) {
  loaded ??= tryTwice(trustedAddress(config.js_url));
  try {
    await loaded;
  } catch (error) {
    loaded = null; // A later purchase may try again.
    throw error;
  }
  if (!window.Stripe) throw new ApiError({ code: "stripe_js_unavailable" });
  return window.Stripe(config.publishable_key);
}

/** @param {string} address */
async function tryTwice(address) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await loadScript(address);
    } catch (error) {
      if (tries === TRIES) throw error;
    }
  }
}

/**
 * @param {string} address
 * @returns {Promise<void>}
 */
function loadScript(address) {
  return new Promise((resolve, reject) => {
    const script = el("script", { src: address, async: true });
    const fail = () => {
      clearTimeout(timer);
      script.remove();
      reject(new ApiError({ code: "stripe_js_unavailable" }));
    };
    const timer = setTimeout(fail, TIMEOUT_MS);
    script.addEventListener("error", fail);
    script.addEventListener("load", () => {
      clearTimeout(timer);
      resolve();
    });
    document.head.append(script);
  });
}
