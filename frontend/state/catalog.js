/**
 * What is on sale, in the buyer's currency and language, and which package is chosen.
 *
 *     catalog.subscribe(({ packages, currency }) => …, signal);
 *     await loadCatalog();    await renewCatalog();    chooseCurrency("eur");    chooseRhythm("month");    choose(packageId);
 */
import { ApiError } from "../lib/api-error.js";
import { get } from "../lib/api.js";
import { language } from "../lib/i18n.js";
import { sameOr } from "../lib/same.js";
import { recall, remember } from "../lib/storage.js";
import { Store } from "../lib/store.js";
import { loadConfig } from "./config.js";

/**
 * @typedef {import("../lib/contract.js").Package} Package
 * @typedef {"once" | "month" | "year"} Rhythm
 * @typedef {object} Catalog
 * @property {import("../lib/contract.js").Config | null} config
 * @property {Package[] | null} packages null while loading
 * @property {string} currency
 * @property {Rhythm} rhythm which of the packages are looked at: bought once, or again and again
 * @property {string} chosenId id of the chosen package
 * @property {ApiError | null} error
 */

/** The currency that readers of a language most likely pay in. @type {Record<string, string>} */
const USUAL_CURRENCY = { zh: "cny" };

/** @type {Catalog} */
const NOTHING = {
  config: null, packages: null, currency: "", rhythm: "once", chosenId: "", error: null,
};

export const catalog = new Store(NOTHING);

let loading = new AbortController();
let offeredIn = "";

export async function loadCatalog() {
  await load("default");
}

/** A price has changed, which the browser may be told of half a minute late. */
export async function renewCatalog() {
  await load("no-cache");
}

/** @param {RequestCache} cache */
async function load(cache) {
  loading.abort();
  loading = new AbortController();
  const { signal } = loading;
  catalog.patch({ error: null });
  try {
    const config = await loadConfig();
    const currency = preferredCurrency(config);
    catalog.patch({ config, currency, packages: stillRight(`${currency} ${language.value}`) });
    const query = new URLSearchParams({ currency, locale: language.value });
    const { packages } = await get(`/api/packages?${query}`, { anonymous: true, signal, cache });
    if (signal.aborted) return;
    const rhythm = stillOffered(packages);
    const chosenId = stillChosen(packages, rhythm);
    catalog.patch({ rhythm, packages: sameOr(catalog.value.packages, packages), chosenId });
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof ApiError)) throw error;
    catalog.patch({ error });
  }
}

/**
 * Packages in another currency or language are not shown while the right ones are on their way.
 * @param {string} wanted
 */
function stillRight(wanted) {
  const isRight = wanted === offeredIn;
  offeredIn = wanted;
  return isRight ? catalog.value.packages : null;
}

/** @param {import("../lib/contract.js").Config} config */
function preferredCurrency(config) {
  const wishes = [recall("currency"), USUAL_CURRENCY[language.value]];
  return wishes.find((wish) => wish && config.currencies.includes(wish)) ?? config.default_currency;
}

/** @param {Package} offer @returns {Rhythm} */
export function rhythmOf({ kind, interval }) {
  return kind === "subscription" && interval ? interval : "once";
}

/** In the order of their size. @param {Package[]} packages @returns {Rhythm[]} */
export function rhythmsOf(packages) {
  const offered = new Set(packages.map(rhythmOf));
  return /** @type {const} */ (["once", "month", "year"]).filter((rhythm) => offered.has(rhythm));
}

/** @param {Package[]} packages */
function stillOffered(packages) {
  const offered = rhythmsOf(packages);
  return offered.includes(catalog.value.rhythm) ? catalog.value.rhythm : (offered[0] ?? "once");
}

/**
 * The choice made before, or the best value, so that paying is two clicks away.
 * @param {Package[]} packages
 * @param {Rhythm} rhythm
 */
function stillChosen(packages, rhythm) {
  const shown = packages.filter((offer) => rhythmOf(offer) === rhythm);
  const before = shown.find((offer) => offer.id === catalog.value.chosenId);
  return (before ?? shown.find((offer) => offer.best_value) ?? shown[0])?.id ?? "";
}

/** @param {Rhythm} rhythm */
export function chooseRhythm(rhythm) {
  catalog.patch({ rhythm, chosenId: stillChosen(catalog.value.packages ?? [], rhythm) });
}

/** What auto-recharge can buy. @returns {Package[]} */
export function offeredOnce() {
  return (catalog.value.packages ?? []).filter((offer) => rhythmOf(offer) === "once");
}

/** @param {string} packageId */
export function choose(packageId) {
  catalog.patch({ chosenId: packageId });
}

export function chosenPackage() {
  return catalog.value.packages?.find((offer) => offer.id === catalog.value.chosenId) ?? null;
}

/** @param {string} currency */
export async function chooseCurrency(currency) {
  remember("currency", currency);
  catalog.patch({ currency, packages: null });
  await loadCatalog();
}
