/**
 * 3D Secure over the page: the bank's page in a frame, until the buyer has answered.
 *
 * Like Stripe's, this is an ordinary element at the end of the body, however high its z-index: a
 * `<dialog>` that is open as a modal lies above it and makes it inert.
 */
function challenge(origin, url) {
  const overlay = document.createElement("div");
  overlay.setAttribute("role", "dialog");
  overlay.setAttribute("aria-modal", "true");
  overlay.setAttribute("aria-label", "3D Secure");
  overlay.tabIndex = -1;
  Object.assign(overlay.style, {
    position: "fixed", inset: "0", zIndex: "2147483647", display: "grid", placeItems: "center",
    padding: "16px", boxSizing: "border-box", background: "rgb(10 14 24 / 55%)",
  });
  const frame = document.createElement("iframe");
  frame.src = url;
  frame.title = "3D Secure";
  frame.name = "stripe-challenge-frame";
  Object.assign(frame.style, {
    width: "min(440px, 100%)", height: "min(460px, 100%)", border: "0", borderRadius: "14px",
    boxShadow: "0 24px 80px rgb(0 0 0 / 40%)", background: "#fff", colorScheme: "light only",
  });
  overlay.append(frame);

  return new Promise((resolve) => {
    const focused = document.activeElement;
    const hear = ({ source, origin: sender, data }) => {
      if (sender !== origin || source !== frame.contentWindow || data.type !== "authenticated") return;
      window.removeEventListener("message", hear);
      overlay.remove();
      if (focused instanceof HTMLElement) focused.focus();
      resolve();
    };
    window.addEventListener("message", hear);
    document.body.append(overlay);
    frame.focus();
  });
}
