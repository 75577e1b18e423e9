/**
 * Two controls for a page that has no session of its own, as our demo page.
 *
 *     <topup-account></topup-account>      who is signed in, Sign in, Sign out
 *     <topup-language></topup-language>    the language switch
 */
import { language } from "../lib/i18n.js";
import { accountBar } from "../panels/account-bar.js";
import { languageChoice } from "../panels/language-choice.js";
import { base } from "../styles/base.css.js";
import { controlsStyle } from "../styles/controls.css.js";
import { openDialog } from "./open-dialog.js";

export class TopupAccount extends HTMLElement {
  #connected = new AbortController();
  #root = this.attachShadow({ mode: "open" });

  connectedCallback() {
    this.#connected = new AbortController();
    this.#root.adoptedStyleSheets = [base, controlsStyle];
    this.#root.replaceChildren(
      accountBar({ signal: this.#connected.signal, askSignIn: () => openDialog("sign-in") }),
    );
  }

  disconnectedCallback() {
    this.#connected.abort();
  }
}

export class TopupLanguage extends HTMLElement {
  #connected = new AbortController();
  #root = this.attachShadow({ mode: "open" });

  connectedCallback() {
    this.#connected = new AbortController();
    this.#root.adoptedStyleSheets = [base, controlsStyle];
    language.subscribe(() => this.#show(), this.#connected.signal);
  }

  disconnectedCallback() {
    this.#connected.abort();
  }

  #show() {
    const hadFocus = this.#root.activeElement !== null;
    const chooser = languageChoice();
    this.#root.replaceChildren(chooser);
    if (hadFocus) chooser.querySelector("select")?.focus();
  }
}
