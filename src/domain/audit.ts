/** Results of checking the journal: codes and places, nothing of the content. */
import type { ChainId, Instant, Zone } from "./ids.ts";
import type { Message } from "./say.ts";
import { line, message, when } from "./say.ts";

declare module "./say.ts" {
  interface Sayings {
    "audit.verified": { entries: number; since: When };
    "audit.checkpoint": { at: When };
    "audit.no-checkpoint": Record<never, never>;
    "audit.not-covered": { entries: number };
    "audit.shows": Record<never, never>;
    "audit.broken": { seq: number; what: FaultKind };
    "audit.broken-means": Record<never, never>;
    "audit.empty": Record<never, never>;
    "audit.lost": { count: number; from: number; to: number; signed: When; restored: When };
    "audit.lost-means": Record<never, never>;
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

/** Rows that were signed and are gone: the chain goes on, on record, from a copy made before them. Lost with a disk, not changed. */
export interface Lost {
  /** First and last row known to be gone, as they were numbered then. */
  readonly from: number;
  readonly to: number;
  /** When the checkpoint was signed that shows them. */
  readonly signed: Instant;
  /** When the copy was put in place. */
  readonly restored: Instant;
}

/** What checking a chain found. */
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
  /** One for each restore of which a checkpoint shows that rows were lost. */
  readonly lost?: readonly Lost[];
}

/** What is said of a chain that was checked: what was found, up to where it is proven, and what it does not prove. Times in the reader's zone. */
export function tellVerified(verified: Verified, zone: Zone): Message {
  const { rows, first, fault, lastCheckpoint, notCovered, lost = [] } = verified;
  if (fault !== undefined) return message(line("audit.broken", { seq: fault.seq, what: fault.what }), line("audit.broken-means", {}));
  if (first === undefined) return message(line("audit.empty", {}));
  return message(
    line("audit.verified", { entries: rows, since: when(first, zone) }),
    lastCheckpoint === undefined ? line("audit.no-checkpoint", {}) : line("audit.checkpoint", { at: when(lastCheckpoint.at, zone) }),
    // Without any checkpoint the line before has said that nothing is covered.
    notCovered === 0 || lastCheckpoint === undefined ? undefined : line("audit.not-covered", { entries: notCovered }),
    ...lost.map(({ from, to, signed, restored }) => line("audit.lost", { count: to - from + 1, from, to, signed: when(signed, zone), restored: when(restored, zone) })),
    lost.length === 0 ? undefined : line("audit.lost-means", {}),
    line("audit.shows", {}),
  );
}
