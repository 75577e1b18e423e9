/** The shop's page uses Stripe.js wrongly: thrown, where a buyer's trouble is an `{ error }`. */
class IntegrationError extends Error {
  name = "IntegrationError";
}

/** An element's place in the page. Stripe.js does not work inside a shadow root. */
function placeAt(location) {
  const place = typeof location === "string" ? document.querySelector(location) : location;
  if (!(place instanceof HTMLElement)) {
    throw new IntegrationError(`There is no element to mount on: ${location}`);
  }
  if (place.getRootNode() instanceof ShadowRoot) {
    throw new IntegrationError("Elements cannot be mounted inside a shadow root.");
  }
  return place;
}
