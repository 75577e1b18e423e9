/**
 * Lets Stripe's own windows (3D Secure, wallets) appear over the dialog. They are frames on the page
 * with the highest z-index, and nothing on the page is above a modal dialog, nor can it be used:
 * https://github.com/stripe/stripe-js/issues/599. So the dialog leaves the top layer for as long as
 * Stripe works; it looks the same, and the page behind it stays out of reach.
 *
 *     const result = await stepAside(dialog, host, signal, () => stripe.confirmPayment(…));
 */

/**
 * @template T
 * @param {HTMLDialogElement} dialog
 * @param {Element} host whose shadow root the dialog is in
 * @param {AbortSignal} signal what the work belongs to is not shown any more: don't wait for its end
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function stepAside(dialog, host, signal, work) {
  const behind = pageBehind(host);
  const isOver = new AbortController();
  const pressed = /** @type {ShadowRoot} */ (dialog.getRootNode()).activeElement;
  switchTo(dialog, () => dialog.show());
  for (const element of behind) element.inert = true;
  const comeBack = () => {
    isOver.abort();
    for (const element of behind) element.inert = false;
    if (dialog.open) switchTo(dialog, () => dialog.showModal(), pressed);
  };
  signal.addEventListener("abort", comeBack, { signal: isOver.signal });
  try {
    return await work();
  } finally {
    if (!isOver.signal.aborted) comeBack();
  }
}

/**
 * Whoever opens a dialog moves the focus; here it stays where it was.
 * @param {HTMLDialogElement} dialog
 * @param {() => void} open
 * @param {Element | null} [before] what had the focus before it went to a window of Stripe's
 */
function switchTo(dialog, open, before = null) {
  const root = /** @type {ShadowRoot} */ (dialog.getRootNode());
  const focused = root.activeElement ?? before;
  dialog.close();
  open();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
}

/**
 * What can be tabbed to behind the dialog. Frames are Stripe's, or may be: they stay in reach.
 * @param {Element} host
 * @returns {HTMLElement[]}
 */
function pageBehind(host) {
  const all = /** @type {HTMLElement[]} */ ([...document.body.children]);
  return all.filter((element) =>
    !element.inert && !element.contains(host) && !element.matches("iframe, :has(iframe)"));
}
