/**
 * A list that is read a page at a time.
 *
 *     pagedList({ signal, ask: async (query) => ({ items, next }), row, nothing, loading: "…" })
 */
import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { bones } from "./bones.js";
import { whileBusy } from "./busy.js";
import { icon } from "./icons.js";
import { notice } from "./notice.js";

const PAGE_SIZE = 20;

/**
 * @template Item
 * @param {object} context
 * @param {AbortSignal} context.signal
 * @param {(query: URLSearchParams, signal: AbortSignal) => Promise<{items: Item[], next: string | null}>} context.ask
 * @param {(item: Item) => HTMLLIElement} context.row that can take the focus
 * @param {string} context.loading
 * @param {{title: string, text: string}} context.nothing
 * @param {HTMLElement[]} [context.tools] beside "Show more", once there is something
 */
export function pagedList({ signal, ask, row, loading, nothing, tools = [] }) {
  const rows = el("ol", { class: "transactions" });
  const state = el("div");
  const more = el("button", {
    type: "button", class: "button", hidden: true, onclick: readOn,
  }, t("history.more"));
  let cursor = "";
  for (const tool of tools) tool.hidden = true;

  /** Once at a time: a page that is asked for twice would be listed twice. */
  function readOn() {
    return whileBusy(more, load);
  }

  async function load() {
    state.replaceChildren(...(cursor ? [] : [bones(5, "bone-line", loading)]));
    const query = new URLSearchParams({ limit: String(PAGE_SIZE), ...(cursor && { cursor }) });
    try {
      show(await ask(query, signal));
    } catch (error) {
      if (!signal.aborted) state.replaceChildren(notice(error, readOn));
    }
  }

  /** @param {{items: Item[], next: string | null}} page */
  function show({ items, next }) {
    const added = items.map(row);
    const isFirstPage = cursor === "";
    rows.append(...added);
    cursor = next ?? "";
    more.hidden = !next;
    const isEmpty = rows.childElementCount === 0;
    for (const tool of tools) tool.hidden = isEmpty;
    state.replaceChildren(...(isEmpty ? [nothingYet(nothing)] : []));
    if (!isFirstPage) added[0]?.focus();
  }

  void readOn();
  return el("div", { class: "history" }, rows, state, el("div", { class: "history-foot" }, tools, more));
}

/** @param {{title: string, text: string}} words */
function nothingYet({ title, text }) {
  return el("div", { class: "empty" }, icon("mark", 28), el("p", {}, title), el("p", { class: "small" }, text));
}
