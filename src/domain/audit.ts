/** Results of checking the journal: codes and places, nothing of the content. */
import type { ChainId, Instant } from "./ids.ts";

/** A signed statement of where a chain stood: what is at or before it can no longer be changed, cut or rewritten unseen. */
export interface Checkpoint {
  readonly chain: ChainId;
  readonly seq: number;
  /** Hash of the row `seq`, hex. */
  readonly head: string;
  readonly at: Instant;
  /** Ed25519 over the domain-separated text of the above, base64url. */
  readonly signature: string;
}

export interface Verified {
  /** Rows of the chain. */
  readonly rows: number;
  readonly first?: Instant;
  readonly ok: boolean;
  /** The first thing found wrong. */
  readonly fault?: { readonly chain: ChainId; readonly seq: number; readonly what: "hash" | "link" | "missing" | "commitment" | "checkpoint" };
  /** Rows after the last checkpoint given. */
  readonly notCovered: number;
  readonly lastCheckpoint?: Checkpoint;
}
