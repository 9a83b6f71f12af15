import { OperatorError } from "../operator-error.ts";
import type { ChainId } from "../domain/ids.ts";
import type { Fault } from "../domain/audit.ts";

/** What stood in the way of a batch. */
export type ConflictKind = "ratchet" | "inbox" | "effect" | "outbox" | "chain";

/**
 * A batch that contradicts what is already durable; nothing of it was written.
 * - `ratchet`: the same room, session and index with another event or other bytes: a replay.
 * - `inbox`: an event that is not in the inbox or was dealt with before: a command would have counted twice.
 * - `effect`: an effect id that exists. - `outbox`: a step that the row's state does not allow. - `chain`: a chain whose content was erased.
 */
export class JournalConflict extends Error {
  override readonly name = "JournalConflict";
  readonly kind: ConflictKind;

  constructor(kind: ConflictKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** What to do where the journal, or a key of it, is lost or damaged. */
export const FROM_BACKUP = "Move the data folder away as it is, never delete it, and go on from the last backup: relevo recover --config FILE --backup FILE --password-file FILE (docs/recovery.md).";

/** The journal's content does not hold together: the start or the read is stopped, and the place is named. */
export function damaged(file: string, fault: Fault): OperatorError {
  return new OperatorError(
    "journal.damaged",
    `The journal ${file} is damaged or was changed: chain ${fault.chain}, row ${fault.seq}, ${fault.what}.`,
    FROM_BACKUP,
  );
}

/** An event that this build cannot read. */
export function unknownEvent(type: string, v: number, chain: ChainId, seq: number): OperatorError {
  return new OperatorError(
    "journal.unknown-event",
    `The journal holds an event that this version of Relevo cannot read: "${type}" version ${v} (chain ${chain}, row ${seq}).`,
    "Start the version of Relevo that wrote it, or a newer one.",
  );
}

interface SqliteFault {
  readonly code: string;
}
function isSqliteFault(error: unknown): error is SqliteFault {
  return error instanceof Error && error.name === "SqliteError" && "code" in error && typeof error.code === "string";
}

/** Turns what SQLite says about disk, file and key into an operator error; anything else stays what it is. */
export function translated(error: unknown, file: string): unknown {
  if (!isSqliteFault(error)) return error;
  const { code } = error;
  if (code === "SQLITE_FULL") {
    return new OperatorError("journal.disk-full", `No room left for the journal ${file}; nothing was written.`, `Free space on the disk of ${file} (delete nothing in its folder), then start Relevo again.`);
  }
  if (code === "SQLITE_NOTADB") {
    return new OperatorError(
      "journal.wrong-key",
      `The journal ${file} cannot be opened with this key.`,
      "Use the key folder and the passphrase file that belong to this journal: they are kept and restored together.",
    );
  }
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) {
    return new OperatorError("journal.in-use", `The journal ${file} is in use by another process.`, "If that is the bot itself, nothing is wrong: it runs. Else find the process (fuser -v on that file) and end it.");
  }
  if (code.startsWith("SQLITE_CORRUPT")) {
    return new OperatorError(
      "journal.damaged",
      `The journal ${file} is damaged or was changed: a page is not whole.`,
      FROM_BACKUP,
    );
  }
  if (/^SQLITE_(IOERR|CANTOPEN|READONLY|PERM|AUTH)/.test(code)) {
    return new OperatorError("journal.disk-broken", `The journal ${file} cannot be read or written (${code}).`, `Check the disk, and that the user who runs Relevo owns ${file} and its folder.`);
  }
  return error;
}
