/** Tells Stripe.js, in the page around this frame, that the buyer has answered his bank. */
window.parent.postMessage({ type: "authenticated" }, "*");
