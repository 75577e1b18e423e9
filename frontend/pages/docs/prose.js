/**
 * The little of Markdown that our descriptions use: paragraphs, `## ` headings, `code` and bare
 * https addresses.
 */
import { el } from "../../lib/dom.js";
import { anchorOf } from "./specification.js";

/**
 * @param {string | undefined} text
 * @param {Record<string, Node | null>} [additions] what closes a chapter, by the anchor of its heading
 */
export function prose(text, additions = {}) {
  const [opening = "", ...chapters] = (text ?? "").split(/^## /m);
  return el("div", { class: "prose" }, paragraphs(opening), chapters.map((chapter) => {
    const [name = "", ...rest] = chapter.split("\n\n");
    const anchor = anchorOf(name);
    return el("section", { id: anchor }, el("h2", {}, name), paragraphs(rest.join("\n\n")), additions[anchor]);
  }));
}

/** @param {string} text */
function paragraphs(text) {
  return text.split("\n\n").filter(Boolean).map((each) => el("p", {}, inline(each)));
}

/**
 * @param {string} text
 * @returns {(Node | string)[]}
 */
export function inline(text) {
  return text.split(/(`[^`]+`|https:\/\/[^\s)]+)/).map((part) => {
    if (part.startsWith("`")) return el("code", {}, part.slice(1, -1));
    return part.startsWith("https://") ? el("a", { href: part }, part.slice(8)) : part;
  });
}

/** @param {string} text */
export function headings(text) {
  return text.split("\n\n").filter((block) => block.startsWith("## ")).map((block) => block.slice(3));
}
