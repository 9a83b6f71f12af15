/** `relevo passphrase`: seals the keys under another passphrase. */
import { rename, rm, writeFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import type { Settings } from "../app/settings.ts";
import { changePassphrase } from "../journal/keys.ts";
import { OperatorError } from "../operator-error.ts";
import type { Random } from "../ports.ts";
import { PASSPHRASE, readSecretFile, readSecretInput } from "./secret-file.ts";

/**
 * Changes the passphrase to the one in a file (`-`: standard input) and puts that into the passphrase file of the configuration. A crash in the middle is
 * mended by running it again with the same new passphrase. A bot that runs goes on; it needs the new one at its next start. Gives the lines to show.
 *
 * Throws an {@link OperatorError}: `passphrase.same`, `passphrase.not-written`, `keys.missing`, `keys.wrong-passphrase`, and what the files throw.
 */
export async function passphrase(settings: Pick<Settings, "data" | "secrets">, nextFile: string, input: Readable, random: Random): Promise<readonly string[]> {
  const { passphraseFile } = settings.secrets;
  const now = await readSecretFile(passphraseFile, PASSPHRASE);
  const next = nextFile === "-" ? await readSecretInput(input, PASSPHRASE) : await readSecretFile(nextFile, PASSPHRASE);
  if (now === next) throw new OperatorError("passphrase.same", "The new passphrase is the one in use.", "Write another one into the file given with --new-passphrase-file.");
  changePassphrase({ folder: settings.data, random, passphrase: now, next });
  await replaceSecret(passphraseFile, next).catch((error: unknown) => {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new OperatorError("passphrase.not-written", `The keys are sealed under the new passphrase, but ${passphraseFile} could not be written (${code}).`,
      `Free space or mend rights, then run the same command again; or write the new passphrase into ${passphraseFile} by hand (chmod 600).`);
  });
  return [
    `Changed: the keys are sealed under the new passphrase, and it stands in ${passphraseFile}.`,
    "Keep a copy of it apart. Backups made before still open with the old passphrase, and only with it: make a new backup now, and keep the old passphrase as long as you keep them.",
    "Whoever had both the old passphrase and a copy of the data folder can still read that copy.",
  ];
}

/** Written whole beside it first: a crash leaves the old one or the new one. */
async function replaceSecret(file: string, secret: string): Promise<void> {
  const fresh = `${file}.new`;
  await rm(fresh, { force: true });
  await writeFile(fresh, `${secret}\n`, { mode: 0o600, flag: "wx", flush: true });
  await rename(fresh, file);
}
