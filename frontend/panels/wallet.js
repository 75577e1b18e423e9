/** How this user pays: saved cards, buying by itself, subscriptions. */
import { el } from "../lib/dom.js";
import { catalog } from "../state/catalog.js";
import { autoRechargePanel } from "./auto-recharge.js";
import { cardsPanel } from "./cards.js";
import { subscriptionsPanel } from "./subscriptions.js";

/**
 * @typedef {object} WalletContext
 * @property {AbortSignal} signal
 * @property {HTMLElement} host
 * @property {(text: string) => void} announce
 * @property {<T>(work: () => Promise<T>) => Promise<T>} aside does what may open Stripe's own windows
 * @property {() => void} close
 */

/** The features that have a place here. */
const FEATURES = ["saved_cards", "auto_recharge", "subscriptions"];

/** @param {import("../lib/contract.js").Config | null} config */
export function hasWallet(config) {
  return FEATURES.some((feature) => config?.features[feature] === true);
}

/** @param {WalletContext} context */
export function walletPanel(context) {
  const panel = el("div", { class: "wallet" });
  let isFilled = false;
  catalog.subscribe(({ config, packages }) => {
    if (isFilled || !config || !packages) return;
    isFilled = true;
    const { features } = config;
    panel.replaceChildren(
      ...(features["saved_cards"] ? [cardsPanel(context)] : []),
      ...(features["auto_recharge"] ? [autoRechargePanel(context)] : []),
      ...(features["subscriptions"] ? [subscriptionsPanel(context)] : []),
    );
  }, context.signal);
  return panel;
}
