/** `stripe.elements(…)`: the elements of one payment or setup and what they have in common. */
class Elements {
  #api;
  #settings;
  #element = null;
  #wasSubmitted = false;
  #handlers = [];

  constructor(api, options = {}) {
    if (options.clientSecret && options.mode) {
      throw new IntegrationError("Pass either `clientSecret` or `mode` to elements(), not both.");
    }
    this.#api = api;
    this.#settings = checked(options);
  }

  create(type, options = {}) {
    if (type !== "payment") throw new IntegrationError(`The sandbox has no ${type} Element.`);
    if (this.#element) throw new IntegrationError("Can only create one Element of type payment.");
    this.#element = new PaymentElement(this.#api, this.#settings, options, () => {
      this.#element = null;
    });
    return this.#element;
  }

  getElement(type) {
    return type === "payment" || type === PaymentElement ? this.#element : null;
  }

  async update(options) {
    this.#settings = checked({ ...this.#settings, ...options });
    this.#element?.regroup(this.#settings);
    for (const handler of this.#handlers) handler();
  }

  on(type, handler) {
    if (type === "update-end") this.#handlers.push(handler);
  }

  async fetchUpdates() {
    return {};
  }

  async submit() {
    const { error } = await this.#required().submit();
    this.#wasSubmitted = !error;
    return error ? { error } : { selectedPaymentMethod: "card" };
  }

  /** Of `stripe`: the intent's secret, or undefined when the elements came before the intent. */
  get clientSecret() {
    return this.#settings.clientSecret;
  }

  /** Of `stripe`: a payment method of what was typed, to confirm `intent` with. */
  async createPaymentMethod(intent, data) {
    const element = this.#required();
    if (!this.#settings.mode) {
      const { error } = await this.submit();
      if (error) return { error };
    } else if (!this.#wasSubmitted) {
      throw new IntegrationError("elements.submit() must be called before the payment is confirmed.");
    } else if (intent) {
      const error = this.#difference(intent);
      if (error) return { error };
    }
    return element.createPaymentMethod(data);
  }

  /** Elements that came before their intent must have told the buyer what the intent says. */
  #difference(intent) {
    const { mode, amount, currency, setupFutureUsage, setup_future_usage, allowedPaymentMethodTypes } = this.#settings;
    const isPayment = intent.object === "payment_intent";
    const pairs = isPayment
      ? {
          amount: [amount, intent.amount],
          currency: [currency, intent.currency],
          setup_future_usage: [
            setupFutureUsage ?? setup_future_usage ?? null,
            intent.setup_future_usage ?? null,
          ],
        }
      : {};
    pairs.payment_method_types = [
      allowedPaymentMethodTypes?.join() ?? "automatic",
      intent.automatic_payment_methods ? "automatic" : intent.payment_method_types.join(),
    ];
    pairs.mode = [mode === "setup" ? "setup" : "payment", isPayment ? "payment" : "setup"];
    for (const [name, [here, there]] of Object.entries(pairs)) {
      if (here === there) continue;
      const message = `The intent's ${name} (${there}) does not match the one of the Elements (${here}).`;
      return { type: "invalid_request_error", param: name, message };
    }
    return null;
  }

  #required() {
    if (!this.#element) throw new IntegrationError("Create and mount a Payment Element first.");
    return this.#element;
  }
}

/** Raises what Stripe.js would about options that can't work. */
function checked(options) {
  const { mode, amount, currency, clientSecret } = options;
  if (clientSecret) secretOf(clientSecret, "elements");
  else if (!["payment", "setup"].includes(mode)) {
    throw new IntegrationError("elements() needs `clientSecret`, or `mode` payment or setup.");
  } else if (mode === "payment" && !(Number.isInteger(amount) && amount > 0)) {
    throw new IntegrationError("elements(): `amount` should be a positive integer.");
  }
  if (mode && !/^[a-z]{3}$/.test(currency ?? "")) {
    throw new IntegrationError("elements(): `currency` should be a lower-case ISO code.");
  }
  return options;
}
