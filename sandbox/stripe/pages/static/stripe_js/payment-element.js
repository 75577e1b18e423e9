/**
 * The Payment Element: a frame with Stripe's own form in the shop's page. What is typed there never
 * reaches the page; the two speak over one MessagePort.
 *
 *     const element = new PaymentElement(api, appearance, options);
 *     element.on("ready", …); element.mount("#card");
 */
const LOAD_MILLISECONDS_MAX = 15_000;
const ANSWER_MILLISECONDS_MAX = 5_000; // after it was loaded

class PaymentElement {
  #api;
  #group;
  #options;
  #handlers = new Map();
  #frame = null;
  #port = null;
  #answers = new Map();
  #asked = 0;
  #late = 0;
  #isDestroyed = false;
  #whenGone = () => {};

  /** `group` is what the Elements object knows: `{ locale, appearance, mode, … }`. */
  constructor(api, group, options, whenGone) {
    this.#api = api;
    this.#group = group;
    this.#options = options;
    this.#whenGone = whenGone;
  }

  mount(location) {
    if (this.#isDestroyed) throw new IntegrationError("This Element has been destroyed.");
    const place = placeAt(location);
    this.unmount();
    this.#frame = this.#newFrame();
    place.replaceChildren(this.#frame);
    place.classList.add("StripeElement");
    this.#waitForReady(LOAD_MILLISECONDS_MAX);
    this.#emit("loaderstart");
  }

  unmount() {
    clearTimeout(this.#late);
    this.#port?.close();
    this.#port = null;
    this.#frame?.parentElement?.classList.remove("StripeElement");
    this.#frame?.remove();
    this.#frame = null;
    for (const answer of this.#answers.values()) answer(this.#unreachable());
    this.#answers.clear();
  }

  destroy() {
    this.unmount();
    this.#isDestroyed = true;
    this.#handlers.clear();
    this.#whenGone();
  }

  on(type, handler) {
    this.#handlers.set(type, [...(this.#handlers.get(type) ?? []), handler]);
    return this;
  }

  once(type, handler) {
    const wrapped = (event) => {
      this.off(type, wrapped);
      handler(event);
    };
    return this.on(type, wrapped);
  }

  off(type, handler) {
    const kept = (this.#handlers.get(type) ?? []).filter((other) => handler && other !== handler);
    this.#handlers.set(type, kept);
    return this;
  }

  update(options) {
    this.#options = { ...this.#options, ...options };
    this.#configure();
    return this;
  }

  focus() {
    this.#tell({ type: "focus" });
  }

  blur() {
    this.#tell({ type: "blur" });
  }

  clear() {
    this.#tell({ type: "clear" });
  }

  collapse() {
    return this;
  }

  /** Of the Elements object: what all of its elements share has changed. */
  regroup(group) {
    this.#group = group;
    this.#configure();
  }

  /** Of the Elements object: shows what is missing. `{}` or `{ error }`. */
  submit() {
    return this.#ask({ type: "submit" });
  }

  /** Of the Elements object: `{ paymentMethod }` or `{ error }`. */
  createPaymentMethod(data) {
    return this.#ask({ type: "createPaymentMethod", data });
  }

  #newFrame() {
    const frame = document.createElement("iframe");
    frame.src = `${this.#api.origin}/elements/payment`;
    frame.title = "Secure payment input frame";
    frame.name = `__privateStripeFrame${Math.random().toString().slice(2, 8)}`;
    frame.allow = "payment";
    Object.assign(frame.style, {
      width: "100%", height: "160px", border: "0", display: "block", colorScheme: "light only",
    });
    frame.addEventListener("load", () => this.#connect(frame));
    return frame;
  }

  #connect(frame) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.onmessage = ({ data }) => this.#hear(data);
    this.#waitForReady(ANSWER_MILLISECONDS_MAX);
    const { origin, key } = this.#api;
    frame.contentWindow.postMessage({ type: "connect", key, ...this.#settings() }, origin, [port2]);
  }

  #waitForReady(milliseconds) {
    clearTimeout(this.#late);
    this.#late = setTimeout(() => this.#emit("loaderror", this.#unreachable()), milliseconds);
  }

  #hear({ type, id, answer, height, event }) {
    if (type === "answer") {
      this.#answers.get(id)?.(answer);
      this.#answers.delete(id);
    } else if (type === "height") {
      this.#frame.style.height = `${height}px`;
    } else {
      if (type === "ready" || type === "loaderror") clearTimeout(this.#late);
      this.#emit(type, event);
    }
  }

  #emit(type, event = {}) {
    for (const handler of this.#handlers.get(type) ?? []) handler({ elementType: "payment", ...event });
  }

  #ask(message) {
    if (!this.#port) throw new IntegrationError("The Payment Element is not mounted (yet).");
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.#tell({ ...message, id });
      setTimeout(() => {
        if (this.#answers.delete(id)) resolve(this.#unreachable());
      }, 2 * REQUEST_MILLISECONDS_MAX);
    });
  }

  #tell(message) {
    this.#port?.postMessage(message);
  }

  #configure() {
    this.#tell({ type: "configure", ...this.#settings() });
  }

  /** Only what can be sent to another window. */
  #settings() {
    return JSON.parse(JSON.stringify({ group: this.#group, options: this.#options }));
  }

  #unreachable() {
    const message = "The payment form could not be loaded.";
    return { error: { type: "api_connection_error", message } };
  }
}
