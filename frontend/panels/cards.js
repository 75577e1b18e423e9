/** Saved cards: which is the default, remove one, add one. */
import { cardName } from "../lib/card.js";
import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { cards, makeDefault, removeCard } from "../state/cards.js";
import { addCard } from "./add-card.js";
import { attempt } from "./attempt.js";
import { bones } from "./bones.js";
import { savedCard } from "./card-choice.js";
import { notice } from "./notice.js";

/** @typedef {import("../lib/contract.js").Card} Card */

/** @param {import("./wallet.js").WalletContext} context */
export function cardsPanel(context) {
  const { signal, announce } = context;
  const title = el("h3", { id: "cards-title", tabindex: "-1" }, t("cards.title"));
  const list = el("div", {}, bones(2, "bone-line", t("cards.loading")));
  const problem = el("div");
  const adding = el("div");
  const add = el("button", { type: "button", class: "button", onclick: openForm }, t("cards.add"));

  /** @type {AbortController | null} */
  let form = null;

  function openForm() {
    form = new AbortController();
    add.hidden = true;
    adding.replaceChildren(addCard({
      ...context,
      signal: AbortSignal.any([signal, form.signal]),
      done: (card) => {
        closeForm();
        announce(card ? t("cards.added", { card: cardName(card) }) : "");
      },
    }));
    adding.querySelector("h4")?.focus();
  }

  function closeForm() {
    form?.abort();
    adding.replaceChildren();
    add.hidden = false;
    add.focus();
  }

  /** @param {Card} card */
  const actions = (card) => ({
    /** @param {Event} event */
    makeDefault: (event) => attempt(event, problem, async () => {
      await makeDefault(card);
      announce(t("cards.is_default", { card: cardName(card) }));
      title.focus();
    }),
    /** @param {Event} event */
    remove: (event) => attempt(event, problem, async () => {
      await removeCard(card);
      announce(t("cards.removed", { card: cardName(card) }));
      title.focus();
    }),
  });

  cards.subscribe(({ value, error }) => {
    if (value) list.replaceChildren(cardList(value, actions));
    else if (error) list.replaceChildren(notice(error, () => cards.load()));
  }, signal);
  void cards.load();
  return el("section", { class: "wallet-part", "aria-labelledby": "cards-title" },
    title, list, problem, adding, add);
}

/**
 * @typedef {(event: Event) => Promise<void>} Action
 * @param {Card[]} known
 * @param {(card: Card) => {makeDefault: Action, remove: Action}} actions
 */
function cardList(known, actions) {
  if (known.length === 0) return el("p", { class: "small" }, t("cards.none"));
  return el("ul", { class: "rows" }, known.map((card) => cardRow(card, actions(card))));
}

/**
 * @param {Card} card
 * @param {{makeDefault: Action, remove: Action}} actions
 */
function cardRow(card, { makeDefault, remove }) {
  const name = cardName(card);
  const row = el("li", { class: "card-row" });

  function show() {
    row.replaceChildren(
      ...savedCard(card).filter((part) => part !== false),
      el(
        "span",
        { class: "row-ways" },
        !card.is_default && el("button", {
          type: "button", class: "button quiet", "aria-label": t("cards.make_default_label", { card: name }), onclick: makeDefault,
        }, t("cards.make_default")),
        el("button", {
          type: "button", class: "button quiet", "aria-label": t("cards.remove_label", { card: name }), onclick: ask,
        }, t("cards.remove")),
      ),
    );
  }

  function ask() {
    const keep = el("button", { type: "button", class: "button quiet", onclick: keepIt }, t("cards.keep"));
    row.replaceChildren(
      el("span", { class: "card-name", role: "alert" }, t("cards.sure", { card: name })),
      el(
        "span",
        { class: "row-ways" },
        keep,
        el("button", { type: "button", class: "button danger", onclick: remove }, t("cards.remove")),
      ),
    );
    keep.focus();
  }

  function keepIt() {
    show();
    row.querySelector("button")?.focus();
  }

  show();
  return row;
}
