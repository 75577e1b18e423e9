/**
 * A small stand-in for Stripe.js, for the sandbox only: `Stripe(publishableKey)` and embedded
 * Checkout, with the names of Stripe's own types (`@stripe/stripe-js`).
 *
 *   const stripe = Stripe("pk_test_…");
 *   const page = await stripe.createEmbeddedCheckoutPage({ fetchClientSecret, onComplete });
 *   page.mount("#checkout");
 */
(() => {
  "use strict";

  const origin = new URL(document.currentScript.src).origin;
  const SECRET = /^(cs_test_\w+)_secret_\w+$/;

  class EmbeddedCheckoutPage {
    #clientSecret;
    #onComplete;
    #frame = null;
    #isDestroyed = false;

    constructor(clientSecret, onComplete) {
      this.#clientSecret = clientSecret;
      this.#onComplete = onComplete;
    }

    mount(location) {
      if (this.#isDestroyed) throw new Error("This Embedded Checkout has been destroyed.");
      if (this.#frame) throw new Error("This Embedded Checkout is mounted already.");
      const place = typeof location === "string" ? document.querySelector(location) : location;
      if (!place) throw new Error(`There is no element to mount on: ${location}`);
      this.#frame = this.#newFrame();
      place.append(this.#frame);
      window.addEventListener("message", this.#hear);
    }

    unmount() {
      window.removeEventListener("message", this.#hear);
      this.#frame?.remove();
      this.#frame = null;
    }

    destroy() {
      this.unmount();
      this.#isDestroyed = true;
    }

    #newFrame() {
      const [, session] = this.#clientSecret.match(SECRET);
      const frame = document.createElement("iframe");
      frame.src = `${origin}/c/pay/${session}?client_secret=${this.#clientSecret}`;
      frame.title = "Secure payment";
      frame.name = "embedded-checkout";
      frame.allow = "payment";
      Object.assign(frame.style, { width: "100%", height: "700px", border: "0", display: "block" });
      return frame;
    }

    #hear = ({ source, origin: sender, data }) => {
      if (sender !== origin || source !== this.#frame?.contentWindow) return;
      if (data.type === "resize") this.#frame.style.height = `${data.height}px`;
      if (data.type === "complete") {
        this.#onComplete?.();
        if (data.returnUrl) window.location.assign(data.returnUrl);
      }
    };
  }

  window.Stripe = (publishableKey) => {
    if (!/^pk_(test|live)_/.test(publishableKey)) {
      throw new Error("Please call Stripe() with your publishable key.");
    }
    let isCheckoutOpen = false;
    return {
      async createEmbeddedCheckoutPage({ clientSecret, fetchClientSecret, onComplete }) {
        if (isCheckoutOpen) throw new Error("You cannot have multiple Embedded Checkout objects.");
        isCheckoutOpen = true;
        try {
          const secret = clientSecret ?? (await fetchClientSecret());
          if (!SECRET.test(secret)) throw new Error("This is not a Checkout Session's client secret.");
          const page = new EmbeddedCheckoutPage(secret, onComplete);
          const destroy = page.destroy.bind(page);
          page.destroy = () => {
            destroy();
            isCheckoutOpen = false;
          };
          return page;
        } catch (error) {
          isCheckoutOpen = false;
          throw error;
        }
      },
    };
  };
  window.Stripe.version = "endive";
})();
