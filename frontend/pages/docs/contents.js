/** The table of contents: beside the text, and on a phone folded above it. */
import { el } from "../../lib/dom.js";
import { headings } from "./prose.js";
import { anchorOf } from "./specification.js";

const FOLDED = matchMedia("(max-width: 760px)");

/** @param {import("./specification.js").Specification} specification */
export function contents(specification) {
  const chapters = headings(specification.document.info.description);
  const folder = el(
    "details",
    {},
    el("summary", {}, "Contents"),
    el("ul", {}, chapters.map((name) => el("li", {}, link(anchorOf(name), name)))),
    specification.tags().map((tag) =>
      el(
        "div",
        { class: "group" },
        link(tag.anchor, tag.name),
        el("ul", {}, tag.operations.map((operation) => el("li", {}, link(operation.anchor, operation.node.summary)))),
      ),
    ),
  );
  const unfold = () => folder.toggleAttribute("open", !FOLDED.matches);
  FOLDED.addEventListener("change", unfold);
  folder.addEventListener("click", (event) => {
    if (FOLDED.matches && event.target instanceof HTMLAnchorElement) folder.open = false;
  });
  unfold();
  return folder;
}

/**
 * Mark what is being read.
 * @param {HTMLElement} nav
 */
export function followReading(nav) {
  const links = new Map([...nav.querySelectorAll("a")].map((each) => [each.hash.slice(1), each]));
  const observer = new IntersectionObserver(
    (entries) => {
      const read = entries.filter((entry) => entry.isIntersecting).at(-1);
      if (!read) return;
      for (const each of links.values()) each.removeAttribute("aria-current");
      const current = links.get(read.target.id);
      current?.setAttribute("aria-current", "true");
      if (current) keepInView(nav, current);
    },
    // A line at a fifth of the window: whatever crosses it is being read.
    { rootMargin: "-20% 0px -80% 0px" },
  );
  for (const anchor of links.keys()) {
    const part = document.getElementById(anchor);
    if (part) observer.observe(part);
  }
}

/**
 * Scrolls the contents alone: `scrollIntoView` would move the page as well.
 * @param {HTMLElement} nav
 * @param {HTMLElement} current
 */
function keepInView(nav, current) {
  const frame = nav.getBoundingClientRect();
  const { top, bottom } = current.getBoundingClientRect();
  if (top < frame.top || bottom > frame.bottom) nav.scrollTop += top - frame.top - frame.height / 2;
}

/**
 * @param {string} anchor
 * @param {string} name
 */
function link(anchor, name) {
  return el("a", { href: `#${anchor}` }, name);
}
