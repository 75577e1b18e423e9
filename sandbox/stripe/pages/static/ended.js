/** Tells the page that embeds this one that the payment is complete. */
const { returnUrl } = document.body.dataset;
if (window.parent !== window) {
  window.parent.postMessage({ type: "complete", returnUrl: returnUrl || null }, "*");
}
