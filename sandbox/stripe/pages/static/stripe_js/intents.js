/** Payment and setup intents: confirmed, authenticated, looked at; the results as Stripe.js has them. */
const KINDS = {
  pi: {
    path: "payment_intents",
    result: "paymentIntent",
    inError: "payment_intent",
    lastError: "last_payment_error",
    succeeded: ["succeeded", "processing", "requires_capture"],
  },
  seti: {
    path: "setup_intents",
    result: "setupIntent",
    inError: "setup_intent",
    lastError: "last_setup_error",
    succeeded: ["succeeded", "processing"],
  },
};

/** `pi_1_secret_2` → its id, the secret itself and what kind of intent it is. */
function secretOf(secret, caller) {
  const [, id, prefix] = String(secret).match(/^((pi|seti)_\w+?)_secret_\w+$/) ?? [];
  if (id) return { id, secret, kind: KINDS[prefix] };
  throw new IntegrationError(
    `Invalid value for ${caller}(): clientSecret should be a client secret of the form ` +
      `\${id}_secret_\${secret}. You specified: ${secret}.`,
  );
}

async function retrieve(api, { id, secret, kind }) {
  const { object, error } = await ask(api, "GET", `${kind.path}/${id}`, { client_secret: secret });
  return error ? { error } : { [kind.result]: object };
}

/** With what was typed into `elements`, or with a saved method: `confirmParams.payment_method`. */
async function confirm(api, caller, { elements, clientSecret, confirmParams = {}, redirect = "always" }) {
  const given = clientSecret ?? elements?.clientSecret;
  const { id, secret, kind } = secretOf(given, caller);
  const { payment_method_data, ...params } = confirmParams;
  if (redirect !== "if_required" && !params.return_url) {
    throw new IntegrationError(`${caller}() needs confirmParams.return_url, unless redirect is "if_required".`);
  }
  if (elements && !params.payment_method) {
    const { error, paymentMethod } = await typed(api, elements, secret, payment_method_data);
    if (error) return { error };
    params.payment_method = paymentMethod.id;
  }
  const answer = await ask(api, "POST", `${kind.path}/${id}/confirm`, {
    ...params,
    client_secret: secret,
    use_stripe_sdk: true,
  });
  if (answer.error) return { error: answer.error };
  const result = await act(api, secretOf(secret, caller), answer.object);
  if (result.error || redirect === "if_required") return result;
  return goBack(params.return_url, kind, result[kind.result]);
}

async function handleNextAction(api, clientSecret) {
  const intent = secretOf(clientSecret, "handleNextAction");
  const { kind } = intent;
  const { error, [kind.result]: object } = await retrieve(api, intent);
  if (error) return { error };
  if (object.status === "requires_action") return act(api, intent, object);
  if (kind.succeeded.includes(object.status)) return { [kind.result]: object };
  const noun = kind.result[0].toUpperCase() + kind.result.slice(1);
  const message = `handleNextAction: The ${noun} supplied is not in the requires_action state.`;
  const code = `${kind.inError}_unexpected_state`;
  return { error: { type: "invalid_request_error", code, message, [kind.inError]: object } };
}

/** Lets the buyer authenticate where that is asked for, and tells how the intent ended. */
async function act(api, intent, object) {
  const { kind } = intent;
  if (object.status !== "requires_action") return { [kind.result]: object };
  const { use_stripe_sdk, redirect_to_url } = object.next_action;
  if (redirect_to_url) {
    window.location.assign(redirect_to_url.url);
    return new Promise(() => {}); // the page is left
  }
  await challenge(api.origin, use_stripe_sdk.stripe_js);
  const result = await retrieve(api, intent);
  const after = result[kind.result];
  if (!after?.[kind.lastError]) return result;
  return { error: { ...after[kind.lastError], [kind.inError]: after } };
}

/** In the mode without an intent, the intent must be what the elements promised. */
async function typed(api, elements, secret, data = {}) {
  let intent = null;
  if (!elements.clientSecret) {
    const of = secretOf(secret, "confirm");
    const found = await retrieve(api, of);
    if (found.error) return found;
    intent = found[of.kind.result];
  }
  return elements.createPaymentMethod(intent, data);
}

function goBack(returnUrl, kind, object) {
  const url = new URL(returnUrl);
  url.searchParams.set(kind.inError, object.id);
  url.searchParams.set(`${kind.inError}_client_secret`, object.client_secret);
  url.searchParams.set("redirect_status", object.status === "processing" ? "pending" : "succeeded");
  window.location.assign(url);
  return new Promise(() => {}); // the page is left
}
