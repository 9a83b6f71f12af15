/**
 * The export for whoever verifies without being told anything: clear headers, commitments and sealed bodies as JSON lines. It holds no key that opens
 * a body. Layout: docs/journal-format.md, "Export".
 */
import type { ChainId } from "../domain/ids.ts";
import { rowLine } from "./exported-row.ts";
import type { SqliteJournal } from "./journal.ts";

/** Stands in the first line of an export. */
export const EXPORT_FORMAT = "journal-export-1";
/** Hash and signature, as the first line of an export names them. */
export const ALGORITHMS = "sha-256 ed25519";

/** Lines of the export, each with its line break. `chains` limits it to some of them (one case, for a court); the default is all. */
export async function* exportLines(journal: SqliteJournal, chains: readonly ChainId[] = journal.allChains()): AsyncGenerator<string> {
  yield line({ relevo: EXPORT_FORMAT, algorithms: ALGORITHMS, checkpointKey: journal.checkpointKey });
  let rows = 0;
  for (const chain of chains) {
    for await (const stored of journal.storedRows(chain)) {
      rows += 1;
      yield `${rowLine(stored)}\n`;
    }
  }
  yield line({ end: true, rows });
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
