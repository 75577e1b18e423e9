/**
 * `Stripe(publishableKey)`: what of Stripe.js the project uses, with the names of Stripe's own types
 * (`@stripe/stripe-js`).
 */
const origin = new URL(document.currentScript.src).origin;
let isCheckoutOpen = false;

window.Stripe = (publishableKey) => {
  if (!/^pk_(test|live)_/.test(publishableKey)) {
    throw new IntegrationError("Please call Stripe() with your publishable key.");
  }
  const api = { origin, key: publishableKey };

  return {
    elements: (options) => new Elements(api, options),

    confirmPayment: (options) => confirm(api, "confirmPayment", options),
    confirmSetup: (options) => confirm(api, "confirmSetup", options),
    confirmCardPayment: (clientSecret, data) => confirmCard(api, "confirmCardPayment", clientSecret, data),
    confirmCardSetup: (clientSecret, data) => confirmCard(api, "confirmCardSetup", clientSecret, data),
    handleNextAction: ({ clientSecret }) => handleNextAction(api, clientSecret),
    retrievePaymentIntent: async (secret) => retrieve(api, secretOf(secret, "retrievePaymentIntent")),
    retrieveSetupIntent: async (secret) => retrieve(api, secretOf(secret, "retrieveSetupIntent")),
    createPaymentMethod: async ({ elements, params = {} }) =>
      elements.createPaymentMethod(null, params),

    async createEmbeddedCheckoutPage({ clientSecret, fetchClientSecret, onComplete }) {
      if (isCheckoutOpen) throw new IntegrationError("You cannot have multiple Embedded Checkout objects.");
      isCheckoutOpen = true;
      try {
        const secret = clientSecret ?? (await fetchClientSecret());
        if (!CHECKOUT_SECRET.test(secret)) {
          throw new IntegrationError("This is not a Checkout Session's client secret.");
        }
        const page = new EmbeddedCheckoutPage(origin, secret, onComplete);
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

/** The older verbs for a saved card: `confirmCardPayment(secret, { payment_method: "pm_…" })`. */
function confirmCard(api, caller, clientSecret, { payment_method } = {}) {
  return confirm(api, caller, {
    clientSecret,
    confirmParams: { payment_method },
    redirect: "if_required",
  });
}
