/** Which card to pay with: a saved one, or a new one. `onChoose` gets null for a new one. */
import { cardExpiry, cardName, isExpired, spokenCardName } from "../lib/card.js";
import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { icon } from "./icons.js";

/** @typedef {import("../lib/contract.js").Card} Card */

/**
 * @param {object} context
 * @param {Card[]} context.cards
 * @param {Card | null} context.chosen
 * @param {(card: Card | null) => void} context.onChoose
 */
export function cardChoice({ cards, chosen, onChoose }) {
  return el(
    "fieldset",
    { class: "card-choice" },
    el("legend", {}, t("pay.with")),
    el(
      "div",
      { class: "card-rows" },
      cards.map((card) => choice(card === chosen, () => onChoose(card), savedCard(card))),
      choice(chosen === null, () => onChoose(null), [
        icon("plus"),
        el("span", { class: "card-name" }, t("pay.new_card"), el("span", { class: "small" }, t("pay.new_card.where"))),
      ]),
    ),
  );
}

/** The card that is most likely wanted. @param {Card[]} cards */
export function likelyCard(cards) {
  const good = cards.filter((card) => !isExpired(card, new Date()));
  return good.find((card) => card.is_default) ?? good[0] ?? null;
}

/** @param {Card} card */
export function savedCard(card) {
  return [
    icon("card"),
    el(
      "span",
      { class: "card-name number" },
      el("span", { "aria-hidden": "true" }, cardName(card)),
      el("span", { class: "visually-hidden" }, spokenCardName(card)),
      el("span", { class: "small" }, cardExpiry(card)),
    ),
    card.is_default && el("span", { class: "tag quiet" }, t("cards.default")),
  ];
}

/**
 * @param {boolean} isChosen
 * @param {() => void} onchange
 * @param {(Node | false)[]} content
 */
function choice(isChosen, onchange, content) {
  return el(
    "label",
    { class: "card-row" },
    el("input", { type: "radio", name: "card", checked: isChosen, onchange }),
    content,
  );
}
