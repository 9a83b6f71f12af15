/**
 * Loaded into the bot's process before it starts (`node --import`): sets its wall clock ahead by the milliseconds that stand in a file, if there are
 * any. So a case can be met long after its agreement has ended; the product has no switch for it.
 */
import { existsSync, readFileSync } from "node:fs";

/** Environment variable with the path of that file. */
export const AHEAD = "RELEVO_TEST_CLOCK_AHEAD";

const file = process.env[AHEAD];
if (file !== undefined && existsSync(file)) {
  const ahead = Number(readFileSync(file, "utf8"));
  const now = Date.now.bind(Date);
  Date.now = () => now() + ahead;
}
