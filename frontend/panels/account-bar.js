/** Who is signed in, and the way in or out. Empty when the embedding app keeps the session. */
import { el, keepFocus } from "../lib/dom.js";
import { explainAuth } from "../lib/explain.js";
import { language, t } from "../lib/i18n.js";
import { isLentByHost, session, signOut } from "../state/session.js";
import { whileBusy } from "./busy.js";

/**
 * @param {object} context
 * @param {AbortSignal} context.signal
 * @param {() => void} context.askSignIn
 */
export function accountBar({ signal, askSignIn }) {
  const bar = el("div", { class: "account-bar" });
  function show() {
    keepFocus(bar, () => bar.replaceChildren(...parts(askSignIn)), () => bar.querySelector("button"));
  }
  session.subscribe(show, signal);
  language.subscribe(show, signal);
  return bar;
}

/** @param {() => void} askSignIn */
function parts(askSignIn) {
  const { status, email } = session.value;
  if (isLentByHost() || status === "unknown") return [];
  if (status === "signed-out") return [signInButton(askSignIn)];
  return [el("span", { class: "email" }, email), signOutButton()];
}

/** @param {() => void} onclick */
function signInButton(onclick) {
  return el("button", { type: "button", class: "button quiet", onclick }, t("account.sign_in"));
}

function signOutButton() {
  const problem = el("span");
  const leave = async () => {
    try {
      await signOut();
    } catch (error) {
      problem.replaceChildren(el("span", { class: "small", role: "alert" }, explainAuth(error)));
    }
  };
  const button = el("button", {
    type: "button", class: "button quiet", onclick: () => whileBusy(button, leave),
  }, t("account.sign_out"));
  return el("span", { class: "sign-out" }, problem, button);
}
