/** A schema as a list of fields: name, kind, whether it must be there, and what it means. */
import { el } from "../../lib/dom.js";
import { inline } from "./prose.js";

/**
 * @typedef {import("./specification.js").Specification} Specification
 * @typedef {import("./specification.js").Node} SpecNode
 */

// Ours are nested three deep; a schema that contains itself would be shown for ever.
const DEPTH_MAX = 4;

/**
 * @param {Specification} specification
 * @param {SpecNode} schema an object's, resolved
 * @param {boolean} asked true: what you send, so say what is required; answers have every field
 * @param {number} [depth]
 * @returns {HTMLElement | null}
 */
export function fields(specification, schema, asked, depth = 0) {
  if (!schema.properties || depth > DEPTH_MAX) return null;
  const required = new Set(schema.required);
  return el(
    "ul",
    { class: "fields" },
    Object.entries(schema.properties).map(([name, node]) => {
      const field = specification.resolve(node);
      return el(
        "li",
        {},
        el(
          "div",
          { class: "field" },
          el("span", { class: "name" }, name),
          el("span", { class: "kind" }, kind(specification, field)),
          required.has(name) === asked && el("span", { class: "must" }, asked ? "required" : "optional"),
        ),
        field.description && el("p", { class: "note" }, inline(field.description)),
        values(field),
        fields(specification, inner(specification, field), asked, depth + 1),
      );
    }),
  );
}

/**
 * The object that a field is, may be, or is a list of.
 * @param {Specification} specification
 * @param {SpecNode} field
 * @returns {SpecNode}
 */
function inner(specification, field) {
  if (field.items) return specification.resolve(field.items);
  const objects = (field.anyOf ?? []).map((/** @type {SpecNode} */ each) => specification.resolve(each));
  return objects.find((/** @type {SpecNode} */ each) => each.properties) ?? field;
}

/**
 * `integer · minor units`, `string or null · 2 to 35 characters`, `list of object`
 * @param {Specification} specification
 * @param {SpecNode} field
 */
function kind(specification, field) {
  const parts = [type(specification, field), ...limits(field)];
  if (field.default !== undefined && field.default !== null && typeof field.default !== "object") {
    parts.push(`${field.default} unless given`);
  }
  return parts.join(" · ");
}

/**
 * @param {Specification} specification
 * @param {SpecNode} field
 * @returns {string}
 */
function type(specification, field) {
  if (field.anyOf) {
    const kinds = field.anyOf.map((/** @type {SpecNode} */ each) => type(specification, specification.resolve(each)));
    return [...new Set(kinds)].join(" or ");
  }
  if (field.const !== undefined) return JSON.stringify(field.const);
  if (field.enum) return field.enum.includes(null) ? "one of these or null" : "one of these";
  const names = [field.type].flat().join(" or ");
  if (field.items) return `list of ${type(specification, specification.resolve(field.items))}`;
  const meaning = field.title ?? FORMATS[field.format];
  return meaning ? `${names} · ${meaning}` : names;
}

/** @type {Record<string, string>} */
const FORMATS = { "date-time": "time", date: "day", uuid: "UUID", uri: "address" };

/** @param {SpecNode} field */
function limits(field) {
  const { minimum, maximum, minLength, maxLength } = field;
  const number = new Intl.NumberFormat("en");
  return [
    minimum !== undefined && maximum !== undefined && `${number.format(minimum)} to ${number.format(maximum)}`,
    minimum === undefined || maximum !== undefined ? false : `${number.format(minimum)} or more`,
    maxLength !== undefined && `${minLength ?? 0} to ${number.format(maxLength)} characters`,
  ].filter((limit) => limit !== false);
}

/** @param {SpecNode} field */
function values(field) {
  const all = (field.enum ?? []).filter((/** @type {unknown} */ value) => value !== null);
  if (all.length === 0) return null;
  return el("p", { class: "values" }, all.map((/** @type {unknown} */ value) => el("code", {}, String(value))));
}
