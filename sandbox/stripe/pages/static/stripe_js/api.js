/**
 * One request to Stripe's API, as Stripe.js makes it: from any origin, the publishable key among the
 * parameters. Never rejects: `{ object }`, or `{ error }` as Stripe answered it.
 *
 *     const { object, error } = await ask(api, "POST", `payment_intents/${id}/confirm`, { … });
 *
 * `api` is `{ origin, key }`.
 */
// As long as Stripe's own libraries wait, and longer than a page should.
const REQUEST_MILLISECONDS_MAX = 80_000;

async function ask({ origin, key }, method, path, params = {}) {
  const form = new URLSearchParams([...fields(params), ["key", key]]);
  const isRead = method === "GET";
  const url = `${origin}/v1/${path}${isRead ? `?${form}` : ""}`;
  const signal = AbortSignal.timeout(REQUEST_MILLISECONDS_MAX);
  try {
    const response = await fetch(url, { method, signal, ...(isRead ? {} : { body: form }) });
    const answer = await response.json();
    return response.ok ? { object: answer } : { error: answer.error };
  } catch {
    const message =
      "We are experiencing issues connecting to our payments provider. You have not been charged. " +
      "Please check your internet connection and try again. If the problem persists please contact us.";
    return { error: { type: "api_connection_error", message } };
  }
}

/** `{ card: { number: "4" } }` → `["card[number]", "4"]`; what is null or undefined is left out. */
function* fields(params, prefix = "") {
  for (const [name, value] of Object.entries(params)) {
    const path = prefix ? `${prefix}[${name}]` : name;
    if (value === null || value === undefined) continue;
    if (typeof value === "object") yield* fields(value, path);
    else yield [path, String(value)];
  }
}
