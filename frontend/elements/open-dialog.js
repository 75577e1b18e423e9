/** Opens the page's credits dialog, making one when there is none. */
import { CreditsDialog } from "./credits-dialog.js";

/**
 * @param {import("./credits-dialog.js").View} [view]
 * @param {string} [paymentId] of the view "payment"
 */
export function openDialog(view = "buy", paymentId = "") {
  const found = document.querySelector("credits-dialog");
  if (found instanceof CreditsDialog) return found.open(view, paymentId);
  const made = new CreditsDialog();
  document.body.append(made);
  made.open(view, paymentId);
}
