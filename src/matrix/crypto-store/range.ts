import { encodeKey } from "./key.ts";

/** `IDBKeyRange`: keys between two bounds; either may be missing. Bounds are kept as the bytes they are compared by. */
export class StoreKeyRange {
  readonly lower: Buffer | undefined;
  readonly upper: Buffer | undefined;
  readonly lowerOpen: boolean;
  readonly upperOpen: boolean;

  private constructor(lower: Buffer | undefined, upper: Buffer | undefined, lowerOpen: boolean, upperOpen: boolean) {
    this.lower = lower;
    this.upper = upper;
    this.lowerOpen = lowerOpen;
    this.upperOpen = upperOpen;
  }

  static only(key: unknown): StoreKeyRange {
    const bytes = encodeKey(key);
    return new StoreKeyRange(bytes, bytes, false, false);
  }

  /** Throws a `DataError` for a range that cannot hold anything. */
  static bound(lower: unknown, upper: unknown, lowerOpen = false, upperOpen = false): StoreKeyRange {
    const [from, to] = [encodeKey(lower), encodeKey(upper)];
    const order = Buffer.compare(from, to);
    if (order > 0 || (order === 0 && (lowerOpen || upperOpen))) throw new DOMException("The lower key is greater than the upper key", "DataError");
    return new StoreKeyRange(from, to, lowerOpen, upperOpen);
  }

  static lowerBound(lower: unknown, open = false): StoreKeyRange {
    return new StoreKeyRange(encodeKey(lower), undefined, open, true);
  }

  static upperBound(upper: unknown, open = false): StoreKeyRange {
    return new StoreKeyRange(undefined, encodeKey(upper), true, open);
  }
}

/** What a query argument means: a range, one key, or (missing) everything. */
export function toRange(query: unknown): StoreKeyRange | undefined {
  if (query === undefined || query === null) return undefined;
  return query instanceof StoreKeyRange ? query : StoreKeyRange.only(query);
}

/** The range as a condition on `column` and its parameters; begins with ` AND` unless empty. */
export function rangeCondition(range: StoreKeyRange | undefined, column: string): { readonly sql: string; readonly params: readonly Buffer[] } {
  const params: Buffer[] = [];
  let sql = "";
  if (range?.lower !== undefined) {
    sql += ` AND ${column} ${range.lowerOpen ? ">" : ">="} ?`;
    params.push(range.lower);
  }
  if (range?.upper !== undefined) {
    sql += ` AND ${column} ${range.upperOpen ? "<" : "<="} ?`;
    params.push(range.upper);
  }
  return { sql, params };
}
