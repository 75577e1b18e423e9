/**
 * The page at /api/docs: shows the API's own specification. Everything on it stands in
 * /api/openapi.json; nothing is known here of any single route.
 */
import { get } from "../lib/api.js";
import { el } from "../lib/dom.js";
import { contents, followReading } from "./docs/contents.js";
import { callers } from "./docs/callers.js";
import { fields } from "./docs/fields.js";
import { operation } from "./docs/operation.js";
import { prose } from "./docs/prose.js";
import { Specification } from "./docs/specification.js";

const main = /** @type {HTMLElement} */ (document.querySelector("#content"));
const nav = /** @type {HTMLElement} */ (document.querySelector("#contents"));

try {
  show(new Specification(await get("/api/openapi.json", { anonymous: true })));
} catch (error) {
  main.append(el("p", { role: "alert" }, "The specification can't be loaded right now. ", el("a", { href: "" }, "Try again")));
  throw error;
} finally {
  main.setAttribute("aria-busy", "false");
}

/** @param {Specification} specification */
function show(specification) {
  const { info } = specification.document;
  nav.append(contents(specification));
  main.replaceChildren(
    el("h1", {}, `${info.title} API`),
    el("p", { class: "lead" }, info.summary),
    prose(info.description, { "who-calls": callers(specification), errors: problem(specification) }),
    ...specification.tags().map((tag) =>
      el(
        "section",
        { class: "tag", id: tag.anchor, "aria-labelledby": `${tag.anchor}-name` },
        el("h2", { id: `${tag.anchor}-name` }, tag.name),
        prose(tag.description),
        tag.operations.map((each) => operation(specification, each)),
      ),
    ),
  );
  // The address may name a part that was not there when the browser looked for it.
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  followReading(nav);
}

/** @param {Specification} specification */
function problem(specification) {
  return fields(specification, specification.document.components.schemas.Problem, false);
}
