/** Embedded Checkout: the checkout page in a frame of the shop's page. */
const CHECKOUT_SECRET = /^(cs_test_\w+)_secret_\w+$/;

class EmbeddedCheckoutPage {
  #origin;
  #clientSecret;
  #onComplete;
  #frame = null;
  #isDestroyed = false;

  constructor(origin, clientSecret, onComplete) {
    this.#origin = origin;
    this.#clientSecret = clientSecret;
    this.#onComplete = onComplete;
  }

  mount(location) {
    if (this.#isDestroyed) throw new Error("This Embedded Checkout has been destroyed.");
    if (this.#frame) throw new Error("This Embedded Checkout is mounted already.");
    const place = placeAt(location);
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
    const [, session] = this.#clientSecret.match(CHECKOUT_SECRET);
    const frame = document.createElement("iframe");
    frame.src = `${this.#origin}/c/pay/${session}?client_secret=${this.#clientSecret}`;
    frame.title = "Secure payment";
    frame.name = "embedded-checkout";
    frame.allow = "payment";
    Object.assign(frame.style, { width: "100%", height: "700px", border: "0", display: "block" });
    return frame;
  }

  #hear = ({ source, origin: sender, data }) => {
    if (sender !== this.#origin || source !== this.#frame?.contentWindow) return;
    if (data.type === "resize") this.#frame.style.height = `${data.height}px`;
    if (data.type === "complete") {
      this.#onComplete?.();
      if (data.returnUrl) window.location.assign(data.returnUrl);
    }
  };
}
