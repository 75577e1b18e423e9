/** How a request and its answer look: a line for curl, and JSON. */
import { el } from "../../lib/dom.js";

/**
 * @typedef {import("./specification.js").Specification} Specification
 * @typedef {import("./specification.js").Operation} Operation
 * @typedef {import("./specification.js").Node} SpecNode
 */

/** @type {Record<string, string>} the environment variable that stands for a credential */
const CREDENTIALS = { user: "$ACCESS_TOKEN", admin: "$ADMIN_TOKEN", service: "$SERVICE_API_KEY", job: "$CRON_SECRET" };

/**
 * @param {Specification} specification
 * @param {Operation} operation
 */
export function samples(specification, operation) {
  const { node, outgoing } = operation;
  const request = exampleOf(specification, node.requestBody);
  const [status, response] = Object.entries(node.responses).find(([, each]) => exampleOf(specification, each)) ?? [];
  const answer = exampleOf(specification, response);
  return [
    outgoing || node.security.some((/** @type {SpecNode} */ way) => "stripe" in way)
      ? null
      : figure("Request", [curl(operation, request)]),
    outgoing && request ? figure("Body", json(request)) : null,
    answer && Number(status) < 300 ? figure(`Answer ${status}`, json(answer)) : null,
  ];
}

/**
 * @param {Specification} specification
 * @param {SpecNode | undefined} carrier a request body or a response
 */
function exampleOf(specification, carrier) {
  if (!carrier) return undefined;
  const { content = {} } = specification.resolve(carrier);
  const { schema, example } = content["application/json"] ?? {};
  return example ?? (schema?.$ref && firstExample(specification, schema.$ref));
}

/**
 * An answer without an example of its own looks like the others of its schema.
 * @param {Specification} specification
 * @param {string} $ref
 */
function firstExample(specification, $ref) {
  for (const { operations } of specification.tags()) {
    for (const response of operations.flatMap(({ node }) => Object.values(node.responses))) {
      const { schema, example } = specification.resolve(response).content?.["application/json"] ?? {};
      if (example && schema?.$ref === $ref) return example;
    }
  }
  return undefined;
}

/**
 * @param {Operation} operation
 * @param {unknown} body
 */
function curl({ method, path, parameters, node }, body) {
  const query = parameters
    .filter((parameter) => parameter.in === "query" && parameter.example)
    .map((parameter) => `${parameter.name}=${parameter.example}`)
    .join("&");
  const credential = node.security.flatMap(Object.keys).find((/** @type {string} */ name) => name in CREDENTIALS);
  const key = parameters.find((parameter) => parameter.name === "Idempotency-Key");
  return [
    `curl ${method === "GET" ? "" : `-X ${method} `}"$SHOP${path}${query && `?${query}`}"`,
    credential && `-H "Authorization: Bearer ${CREDENTIALS[credential]}"`,
    key && `-H "Idempotency-Key: ${key.example}"`,
    body !== undefined && '-H "Content-Type: application/json"',
    body !== undefined && `-d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`,
  ].filter(Boolean).join(" \\\n  ");
}

/**
 * JSON with its keys set apart.
 * @param {unknown} value
 */
function json(value) {
  return JSON.stringify(value, null, 2)
    .split(/^(\s*"[^"]+")(?=:)/m)
    .map((part, index) => (index % 2 ? el("span", { class: "key" }, part) : part));
}

/**
 * Can be scrolled with the keyboard, so it has a name.
 * @param {string} title
 * @param {(Node | string)[]} text
 */
function figure(title, text) {
  return el("figure", {}, el("figcaption", {}, title), el("pre", { tabindex: 0, role: "group", "aria-label": title }, el("code", {}, text)));
}
