/** One operation: what it takes and answers on the left, how that looks on the right. */
import { el } from "../../lib/dom.js";
import { who } from "./callers.js";
import { fields } from "./fields.js";
import { inline, prose } from "./prose.js";
import { samples } from "./samples.js";

/**
 * @typedef {import("./specification.js").Specification} Specification
 * @typedef {import("./specification.js").Operation} Operation
 * @typedef {import("./specification.js").Node} SpecNode
 */

const PLACES = { path: "In the address", query: "In the query string", header: "In the headers" };

/**
 * @param {Specification} specification
 * @param {Operation} operation
 */
export function operation(specification, operation) {
  const { anchor, node } = operation;
  return el(
    "article",
    { class: "operation", id: anchor, "aria-labelledby": `${anchor}-name` },
    el(
      "header",
      {},
      el("h3", { id: `${anchor}-name` }, el("a", { href: `#${anchor}` }, node.summary)),
      el(
        "p",
        { class: "address" },
        el("span", { class: "method" }, operation.method),
        el("span", { class: "path" }, path(operation.path)),
        el("span", { class: "who" }, who(operation)),
      ),
    ),
    el(
      "div",
      { class: "facts" },
      node.description && el("div", { class: "said" }, prose(node.description)),
      parameters(specification, operation),
      body(specification, node),
      answers(specification, node),
    ),
    el("div", { class: "samples" }, samples(specification, operation)),
  );
}

/**
 * With its parameters set apart.
 * @param {string} address
 */
function path(address) {
  return address.split(/(\{\w+\})/).map((part) => (part.startsWith("{") ? el("em", {}, part) : part));
}

/**
 * @param {Specification} specification
 * @param {Operation} operation
 */
function parameters(specification, operation) {
  return Object.entries(PLACES).map(([place, title]) => {
    const here = operation.parameters.filter((parameter) => parameter.in === place);
    if (here.length === 0) return null;
    /** @type {Record<string, SpecNode>} */
    const properties = {};
    for (const { name, schema, description } of here) {
      properties[name] = { ...specification.resolve(schema), ...(description && { description }) };
    }
    const required = here.filter((parameter) => parameter.required).map((parameter) => parameter.name);
    return [el("h4", {}, title), fields(specification, { properties, required }, true)];
  });
}

/**
 * @param {Specification} specification
 * @param {SpecNode} node
 */
function body(specification, node) {
  if (!node.requestBody) return null;
  const { content, description, required } = specification.resolve(node.requestBody);
  const schema = specification.resolve(content["application/json"].schema);
  const note = description ?? (schema.properties ? null : schema.description);
  return [
    el("h4", {}, required ? "The body" : "The body, which may be left out"),
    note && el("p", { class: "note" }, inline(note)),
    fields(specification, schema, true),
  ];
}

/**
 * @param {Specification} specification
 * @param {SpecNode} node
 */
function answers(specification, node) {
  return el(
    "div",
    { class: "answers" },
    el("h4", {}, "Answers"),
    Object.entries(node.responses).map(([status, response], index) =>
      answer(specification, status, specification.resolve(response), index === 0),
    ),
  );
}

/**
 * @param {Specification} specification
 * @param {string} status
 * @param {SpecNode} response
 * @param {boolean} open
 */
function answer(specification, status, response, open) {
  const isError = Number(status[0]) >= 4;
  const contents = Object.entries(response.content ?? {});
  return el(
    "details",
    { class: isError ? "bad" : "good", open },
    el("summary", {}, el("b", {}, status), el("span", {}, inline(response.description))),
    el(
      "div",
      { class: "body" },
      contents.length === 0 && el("p", { class: "note" }, "No body."),
      contents.map(([mediaType, content]) => [
        el("p", { class: "note" }, el("code", {}, mediaType)),
        mediaType === "application/problem+json"
          ? problem(content)
          : fields(specification, specification.resolve(content.schema), false),
      ]),
      headers(specification, response),
    ),
  );
}

/**
 * All problems have one shape; what differs is the code, and here and there a member.
 * @param {SpecNode} content
 */
function problem({ schema, example }) {
  return [
    el("p", { class: "values" }, schema.properties.code.enum.map((/** @type {string} */ code) => el("code", {}, code))),
    el("p", { class: "note" }, `“${example.detail}”`),
    schema.required && el("p", { class: "note" }, "With ", inline(schema.required.map((/** @type {string} */ name) => `\`${name}\``).join(" and ")), "."),
  ];
}

/**
 * @param {Specification} specification
 * @param {SpecNode} response
 */
function headers(specification, response) {
  const named = Object.entries(response.headers ?? {}).filter(([name]) => name !== "X-Request-Id");
  if (named.length === 0) return null;
  return named.map(([name, header]) =>
    el("p", { class: "note" }, el("code", {}, name), " ", inline(specification.resolve(header).description ?? "")),
  );
}
