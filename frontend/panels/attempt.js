/**
 * Does what a button asks for, and says under it what went wrong.
 *
 *     const problem = el("div");
 *     el("button", { onclick: (event) => attempt(event, problem, () => removeCard(card)) })
 */
import { whileBusy } from "./busy.js";
import { notice } from "./notice.js";

/**
 * @param {Event} event of the button, or of its form
 * @param {HTMLElement} problem
 * @param {() => void | Promise<void>} action
 */
export async function attempt(event, problem, action) {
  event.preventDefault();
  const pressed = event instanceof SubmitEvent ? event.submitter : event.currentTarget;
  if (!(pressed instanceof HTMLButtonElement)) return;
  problem.replaceChildren();
  await whileBusy(pressed, async () => {
    try {
      await action();
    } catch (error) {
      problem.replaceChildren(notice(error));
    }
  });
}
