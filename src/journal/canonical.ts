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
  requirePlain(value, bounds);
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("undefined has no canonical form");
  boundBytes(text, bounds.bytes, "a value");
  return text;
}

/** Throws unless JSON keeps the value as it is, within bounds. */
export function requirePlain(value: unknown, bounds: Pick<Bounds, "nodes" | "depth">): void {
  let left = bounds.nodes;
  const visit = (each: unknown, depth: number): void => {
    if (--left < 0) throw new RangeError(`a value has more than ${bounds.nodes} parts`);
    if (typeof each === "number" && !Number.isFinite(each)) throw new TypeError("a number that is not finite cannot be kept as JSON");
    if (each === null || typeof each === "string" || typeof each === "number" || typeof each === "boolean") return;
    if (typeof each !== "object") throw new TypeError(`a ${typeof each} cannot be kept as JSON`);
    if (depth >= bounds.depth) throw new RangeError(`a value is nested deeper than ${bounds.depth}`);
    if (Array.isArray(each)) {
      // By index, because forEach passes over the gaps that JSON would turn into null.
      for (let index = 0; index < each.length; index++) visit(each[index], depth + 1);
      return;
    }
    const prototype: unknown = Object.getPrototypeOf(each);
    if (prototype !== Object.prototype && prototype !== null) throw new TypeError("only plain objects can be kept as JSON");
    for (const part of Object.values(each)) if (part !== undefined) visit(part, depth + 1);
  };
  visit(value, 0);
}
