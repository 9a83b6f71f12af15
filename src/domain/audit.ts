/** Results of checking the journal: codes and places, nothing of the content. */
import type { ChainId, Instant } from "./ids.ts";

declare module "./say.ts" {
  interface Sayings {
    "audit.verified": { entries: number; since: When; last: When };
    "audit.verified-without-checkpoint": { entries: number; since: When };
    "audit.not-yet-covered": { rows: number };
    "audit.shows": Record<never, never>;
    "audit.shows-without-checkpoint": Record<never, never>;
    "audit.broken": { seq: number; what: Nested };
    "audit.empty": Record<never, never>;
    "audit.tell-the-other-administrators": Record<never, never>;
    "audit.what-hash": Record<never, never>;
    "audit.what-link": Record<never, never>;
    "audit.what-missing": Record<never, never>;
    "audit.what-commitment": Record<never, never>;
    "audit.what-checkpoint": Record<never, never>;
    "audit.what-unreadable": Record<never, never>;
  }
}

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

/**
 * What is wrong with a row.
 * - hash: its bytes are not those that were hashed. - link: it does not follow the row before it. - missing: a row that must be there is not.
 * - commitment: its sealed content is not the one committed to. - checkpoint: the chain is not the one that was signed, or the signature is not ours.
 * - unreadable: it is no row at all.
 */
export type FaultKind = "hash" | "link" | "missing" | "commitment" | "checkpoint" | "unreadable";

/** The place where something was found wrong. */
export interface Fault {
  readonly chain: ChainId;
  readonly seq: number;
  readonly what: FaultKind;
}

export interface Verified {
  /** Rows of the chain. */
  readonly rows: number;
  readonly first?: Instant;
  readonly ok: boolean;
  /** The first thing found wrong. */
  readonly fault?: Fault;
  /** Rows after the last checkpoint given. */
  readonly notCovered: number;
  readonly lastCheckpoint?: Checkpoint;
}
