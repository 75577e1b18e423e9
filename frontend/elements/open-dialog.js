/** Opens the page's credits dialog, making one when there is none. */
import { CreditsDialog } from "./credits-dialog.js";

/** @param {import("./credits-dialog.js").View} [view] */
export function openDialog(view = "buy") {
  const found = document.querySelector("credits-dialog");
  if (found instanceof CreditsDialog) return found.open(view);
  const made = new CreditsDialog();
  document.body.append(made);
  made.open(view);
}
