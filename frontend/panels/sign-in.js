/**
 * Sign in, or create an account, with e-mail and password.
 *
 *     signInPanel({ done: () => …, hint: "…" })      done: a session is there
 */
import { el } from "../lib/dom.js";
import { explainAuth } from "../lib/explain.js";
import { t } from "../lib/i18n.js";
import { isLentByHost, signIn, signUp } from "../state/session.js";
import { whileBusy } from "./busy.js";
import { notice } from "./notice.js";

const PASSWORD_LENGTH_MIN = 6; // Supabase's own default; the server has the last word.
const BLANK = { email: "", isNew: false };

/** What is filled in, until somebody is signed in: another language draws the form anew. */
let draft = BLANK;

/**
 * @param {object} context
 * @param {() => void} context.done
 * @param {string} [context.hint] why we ask
 */
export function signInPanel({ done, hint = "" }) {
  if (isLentByHost()) return el("p", { class: "sign-in" }, t("account.host"));

  const email = el("input", {
    type: "email", name: "email", autocomplete: "username", required: true, inputmode: "email",
    value: draft.email, oninput: () => { draft = { ...draft, email: email.value }; },
  });
  const password = el("input", { type: "password", name: "password", required: true });
  const passwordHint = el("span", { class: "small", id: "password-hint" }, t("account.password_hint"));
  const submit = el("button", { type: "submit", class: "button primary" });
  const swap = el("button", { type: "button", class: "button quiet", onclick: swapForms });
  const message = el("div");
  const title = el("h3", {});

  function swapForms() {
    draft = { ...draft, isNew: !draft.isNew };
    message.replaceChildren();
    name();
    email.focus();
  }

  function name() {
    const { isNew } = draft;
    title.textContent = isNew ? t("account.sign_up") : t("account.sign_in");
    submit.textContent = title.textContent;
    swap.textContent = isNew ? t("account.to_sign_in") : t("account.to_sign_up");
    password.setAttribute("autocomplete", isNew ? "new-password" : "current-password");
    passwordHint.hidden = !isNew;
    password.setAttribute("aria-describedby", isNew ? passwordHint.id : "");
    password.minLength = isNew ? PASSWORD_LENGTH_MIN : 0;
  }

  /** @param {Event} event */
  function send(event) {
    event.preventDefault();
    message.replaceChildren();
    return whileBusy(submit, async () => {
      submit.textContent = t("account.working");
      try {
        await (draft.isNew ? register() : enter());
      } catch (error) {
        message.replaceChildren(notice(error, null, explainAuth(error)));
      }
      name();
    });
  }

  async function enter() {
    await signIn(email.value.trim(), password.value);
    leave();
  }

  async function register() {
    const isHere = await signUp(email.value.trim(), password.value);
    if (isHere) return leave();
    draft = { ...draft, isNew: false };
    message.replaceChildren(
      el("p", { role: "status" }, t("account.check_inbox", { email: email.value.trim() })),
    );
  }

  function leave() {
    draft = BLANK;
    done();
  }

  name();
  return el(
    "form",
    { class: "sign-in", onsubmit: send },
    title,
    hint && el("p", { class: "small" }, hint),
    el("label", { class: "field" }, el("span", {}, t("account.email")), email),
    el("label", { class: "field" }, el("span", {}, t("account.password")), password, passwordHint),
    message,
    submit,
    swap,
  );
}
