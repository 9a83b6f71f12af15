/** Reads chains of the journal through, to see whether they hold. */
import type { ChainId } from "../domain/ids.ts";
import { OperatorError } from "../operator-error.ts";
import type { Journal } from "../ports.ts";

/** Rows before the last known one that are read again. */
const LAST = 1_000;
/** Code of the error with which reading ends where a chain is broken. */
const DAMAGED = "journal.damaged";

/** Rows read, and chains that did not hold. */
export interface ChainsRead {
  readonly rows: number;
  readonly broken: number;
}

/** The last rows of each chain and all after `last` (a row that is known to be there): what may have been damaged lately. Throws what is not damage. */
export async function lastRows(journal: Pick<Journal, "chains" | "read">, last: (chain: ChainId) => Promise<number> | number): Promise<ChainsRead> {
  let [rows, broken] = [0, 0];
  for (const chain of await journal.chains()) {
    try {
      for await (const _row of journal.read(chain, Math.max(0, (await last(chain)) - LAST))) rows += 1;
    } catch (error) {
      if (!(error instanceof OperatorError) || error.code !== DAMAGED) throw error;
      broken += 1;
    }
  }
  return { rows, broken };
}

/** Every row of every chain, with its content: as long as the journal is. */
export async function wholeChains(journal: Pick<Journal, "chains" | "verify">): Promise<ChainsRead> {
  let [rows, broken] = [0, 0];
  for (const chain of await journal.chains()) {
    const verified = await journal.verify(chain, []);
    rows += verified.rows;
    if (!verified.ok) broken += 1;
  }
  return { rows, broken };
}
