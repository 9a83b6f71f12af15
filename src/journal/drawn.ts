/** Random bytes drawn from the source some thousands at a time: a call to the system for each nonce and salt would cost more than the sealing. */
import type { Random } from "../ports.ts";

type Source = Pick<Random, "bytes">;
const POOL_BYTES = 4_096;

/** A source that gives every byte of `source` once, in order; for nonces and salts. Keys are drawn one by one. */
export function drawnAhead(source: Source): Source {
  let pool: Uint8Array = new Uint8Array(0);
  let next = 0;
  return {
    bytes(length) {
      if (length > POOL_BYTES) return source.bytes(length);
      if (next + length > pool.length) {
        pool = source.bytes(POOL_BYTES);
        next = 0;
      }
      // A copy by all means: `slice` of a Buffer would be a view, and the next line would make it all zeros.
      const given = new Uint8Array(pool.subarray(next, next + length));
      // What has been given away is kept here no longer.
      pool.fill(0, next, next + length);
      next += length;
      return given;
    },
  };
}
