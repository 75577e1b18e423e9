/**
 * An OpenAPI document, in the order in which it is read.
 *
 * @typedef {Record<string, any>} Node any object of the document; its shape is OpenAPI's
 * @typedef {{ name: string, description: string, anchor: string, operations: Operation[] }} Tag
 * @typedef {object} Operation
 * @property {string} anchor
 * @property {string} method in capitals
 * @property {string} path of an outgoing webhook, its name
 * @property {boolean} outgoing true: we call, you answer
 * @property {Node[]} parameters
 * @property {Node} node
 */
const METHODS = ["get", "post", "put", "patch", "delete"];

export class Specification {
  /** @param {Node} document */
  constructor(document) {
    this.document = document;
  }

  /** @returns {Tag[]} */
  tags() {
    const operations = [
      ...this.#operations(this.document.paths, false),
      ...this.#operations(this.document.webhooks ?? {}, true),
    ];
    return this.document.tags.map((/** @type {Node} */ tag) => ({
      name: tag.name,
      description: tag.description,
      anchor: anchorOf(tag.name),
      operations: operations.filter((operation) => operation.node.tags.includes(tag.name)),
    }));
  }

  /**
   * What a `$ref` stands for, with whatever is said beside it.
   * @param {Node} node
   * @returns {Node}
   */
  resolve(node) {
    const { $ref, ...beside } = node;
    if (typeof $ref !== "string") return node;
    const target = $ref.slice(2).split("/").reduce((within, name) => within[name], this.document);
    return { ...this.resolve(target), ...beside };
  }

  /**
   * @param {Record<string, Node>} items
   * @param {boolean} outgoing
   * @returns {Operation[]}
   */
  #operations(items, outgoing) {
    return Object.entries(items).flatMap(([path, item]) =>
      METHODS.filter((method) => method in item).map((method) => ({
        anchor: anchorOf(item[method].operationId),
        method: method.toUpperCase(),
        path,
        outgoing,
        parameters: [...(item.parameters ?? []), ...(item[method].parameters ?? [])].map((each) => this.resolve(each)),
        node: item[method],
      })),
    );
  }
}

/**
 * `Who calls` → `who-calls`
 * @param {string} name
 */
export function anchorOf(name) {
  return name.replaceAll(/\W+/g, "-").toLowerCase();
}
