/** Canonical JSON (RFC 8785) of plain data only: what JSON would change in silence (a Map, a Date, a gap in a list) is refused instead. */
import canonicalize from "canonicalize";
import { boundBytes, LIMITS } from "./limits.ts";

/** How large a value may be. */
export interface Bounds {
  readonly bytes: number;
  readonly nodes: number;
  readonly depth: number;
}
const EVENT: Bounds = { bytes: LIMITS.eventBytes, nodes: LIMITS.nodes, depth: LIMITS.depth };

/** The one text of a plain value. Properties that are `undefined` count as absent. Throws a TypeError or RangeError that quotes nothing of the value. */
export function canonical(value: unknown, bounds: Bounds = EVENT): string {
  // Most values are a number, a truth or a text of an event, and need no look into their parts.
  if (typeof value === "number" ? Number.isFinite(value) : typeof value === "boolean" || (typeof value === "string" && value.isWellFormed())) {
    const plain = JSON.stringify(value);
    boundBytes(plain, bounds.bytes, "a value");
    return plain;
  }
  // What was read back stands in its order already: then JSON's own text is the canonical one, and is made many times faster.
  const text = isInOrder(value, bounds) ? JSON.stringify(value) : canonicalize(value);
  if (text === undefined) throw new TypeError("undefined has no canonical form");
  boundBytes(text, bounds.bytes, "a value");
  return text;
}

/** Throws unless JSON keeps the value as it is, within bounds. */
export function requirePlain(value: unknown, bounds: Pick<Bounds, "nodes" | "depth">): void {
  isInOrder(value, bounds);
}

/** The same; and whether all its properties stand in the order of their names (as UTF-16 code units) and no text holds half a surrogate pair. */
function isInOrder(value: unknown, bounds: Pick<Bounds, "nodes" | "depth">): boolean {
  let left = bounds.nodes;
  let inOrder = true;
  const visit = (each: unknown, depth: number): void => {
    if (--left < 0) throw new RangeError(`a value has more than ${bounds.nodes} parts`);
    if (typeof each === "string") {
      inOrder &&= each.isWellFormed();
      return;
    }
    if (typeof each === "number" && !Number.isFinite(each)) throw new TypeError("a number that is not finite cannot be kept as JSON");
    if (each === null || typeof each === "number" || typeof each === "boolean") return;
    if (typeof each !== "object") throw new TypeError(`a ${typeof each} cannot be kept as JSON`);
    if (depth >= bounds.depth) throw new RangeError(`a value is nested deeper than ${bounds.depth}`);
    if (Array.isArray(each)) {
      // By index, because forEach passes over the gaps that JSON would turn into null.
      for (let index = 0; index < each.length; index++) visit(each[index], depth + 1);
      return;
    }
    const prototype: unknown = Object.getPrototypeOf(each);
    if (prototype !== Object.prototype && prototype !== null) throw new TypeError("only plain objects can be kept as JSON");
    let before = "";
    for (const name of Object.keys(each)) {
      const part = (each as Readonly<Record<string, unknown>>)[name];
      if (part === undefined) continue;
      inOrder &&= before <= name && name.isWellFormed();
      before = name;
      visit(part, depth + 1);
    }
  };
  visit(value, 0);
  return inOrder;
}
