/**
 * Builds DOM nodes. Data can only become text or an attribute's value: nothing here parses markup,
 * so a package name with a tag in it is shown as it is written.
 *
 *     el("button", { type: "button", class: "pay", onclick: pay }, "Pay ", price)
 *
 * A function under an `on…` name becomes a listener; `true` an empty attribute; `false`, null and
 * undefined leave the attribute or the child out.
 */

/** @typedef {Node | string | number | null | undefined | false | Child[]} Child */

const SVG = "http://www.w3.org/2000/svg";
const ADDRESSES = new Set(["href", "src", "action", "formaction"]);
const REFUSED = new Set(["style", "srcdoc"]);

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  fill(element, attributes, children);
  return element;
}

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  fill(element, attributes, children);
  return element;
}

/**
 * @param {Element} element
 * @param {Record<string, unknown>} attributes
 * @param {Child[]} children
 */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  append(element, children);
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {unknown} value
 */
function setAttribute(element, name, value) {
  if (value === false || value === null || value === undefined) return;
  if (typeof value === "function" && name.startsWith("on")) {
    element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    return;
  }
  if (name.startsWith("on") || REFUSED.has(name)) {
    throw new TypeError(`attribute ${name} would need inline code, which the page's policy forbids`);
  }
  const text = value === true ? "" : String(value);
  if (ADDRESSES.has(name) && !isSafeAddress(text)) {
    throw new TypeError(`attribute ${name} must be an http(s) or a relative address`);
  }
  element.setAttribute(name, text);
}

/** @param {string} text */
function isSafeAddress(text) {
  return ["http:", "https:"].includes(new URL(text, "https://relative.invalid").protocol);
}

/**
 * @param {Element} element
 * @param {Child[]} children
 */
function append(element, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(element, child);
    else if (child !== null && child !== undefined && child !== false) {
      element.append(typeof child === "number" ? String(child) : child);
    }
  }
}

/**
 * Changes what is shown in a place. Where that takes away what had the focus, `next` gets it.
 * @param {Element | ShadowRoot} place
 * @param {() => void} change
 * @param {() => Element | null | undefined} next
 */
export function keepFocus(place, change, next) {
  const hadFocus = hasFocus(place);
  change();
  if (hadFocus && !hasFocus(place)) focus(next());
}

/** Leaves a part that is about to go: what is around it gets the focus. @param {Element} part */
export function stepOut(part) {
  focus(part.closest("[tabindex='-1']"));
}

/** @param {Element | ShadowRoot} place */
function hasFocus(place) {
  const root = /** @type {Document | ShadowRoot} */ (place.getRootNode());
  return place.contains(root.activeElement);
}

/** @param {Element | null | undefined} element */
function focus(element) {
  if (element instanceof HTMLElement) element.focus();
}

/** What has the focus, inside of shadow roots too. */
export function focusedElement() {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element instanceof HTMLElement ? element : null;
}
