/**
 * Bounds of the journal: what is larger is refused before anything is written. Far above what the product makes, so that reaching one is a bug or an
 * attack. Whoever feeds the journal from the wire checks {@link LIMITS}.wireBytes first, so that one huge event never makes a whole batch fail.
 */
export const LIMITS = {
  /** Canonical JSON of one event, bytes. */
  eventBytes: 256 * 1024,
  /** Top-level fields of one event. */
  fields: 64,
  /** Nesting of any JSON value stored. */
  depth: 32,
  /** Values (objects, lists, strings, numbers …) in one event. */
  nodes: 20_000,
  /** Clear header of a row, bytes. */
  headerBytes: 4_096,
  /** One wire event in the inbox, bytes. Matrix allows 65,536 before the server adds its own; written as JSON a hostile one may take six times that. */
  wireBytes: 2 * 1024 * 1024,
  /** Body or ciphertext of one outbox row, bytes. */
  outboxBytes: 1024 * 1024,
  /** One small durable value, bytes. */
  valueBytes: 4 * 1024 * 1024,
  /** Keys, ids, codes, characters. */
  nameLength: 512,
  /** Entries of each list in one batch. */
  batch: 20_000,
  /** JSON of one snapshot, bytes. */
  snapshotBytes: 64 * 1024 * 1024,
  /** Values in one snapshot. */
  snapshotNodes: 5_000_000,
} as const;

/** Throws if a text has more than `most` UTF-8 bytes; `what` names it and must hold nothing of its content. */
export function boundBytes(text: string, most: number, what: string): void {
  // A UTF-16 code unit takes at most three bytes: short texts need not be measured.
  if (text.length * 3 > most && Buffer.byteLength(text) > most) throw new RangeError(`${what} has more than ${most} bytes`);
}

/** Throws if a list has more than {@link LIMITS}.batch entries. */
export function boundBatch(items: readonly unknown[] | undefined, what: string): void {
  if (items !== undefined && items.length > LIMITS.batch) throw new RangeError(`a batch has more than ${LIMITS.batch} ${what}`);
}

/** Throws unless a name is there and short enough to be stored. */
export function boundName(name: string, what: string): void {
  if (name.length === 0 || name.length > LIMITS.nameLength) throw new RangeError(`${what} is empty or longer than ${LIMITS.nameLength} characters`);
}
