/** Files that only their owner may read, written so that they are whole on the disk before anything rests on them. */
import { closeSync, constants, fstatSync, fsyncSync, linkSync, mkdirSync, openSync, readSync, renameSync, statSync, unlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { OperatorError } from "../operator-error.ts";

/** Windows has no such bits: there the access list of the folder has to do it. */
const HAS_MODES = process.platform !== "win32";

/** The code of a failed system call, `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/**
 * Content of a private file of at most `most` bytes, or undefined if there is none.
 * Throws an {@link OperatorError} `journal.file-mode` if others can read or write it, `journal.file-unreadable` for all else.
 */
export function readPrivate(file: string, most: number): Buffer | undefined {
  let handle: number;
  try {
    handle = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw unreadable(file, systemCode(error) ?? "unknown");
  }
  try {
    const found = fstatSync(handle);
    if (!found.isFile()) throw unreadable(file, "not a regular file");
    refuseOpenMode(file, found.mode, "600");
    if (found.size > most) throw unreadable(file, `more than ${most} bytes`);
    const bytes = Buffer.alloc(found.size);
    let read = 0;
    while (read < bytes.length) {
      const got = readSync(handle, bytes, read, bytes.length - read, read);
      if (got === 0) throw unreadable(file, "shorter than the file system says");
      read += got;
    }
    return bytes;
  } finally {
    closeSync(handle);
  }
}

/**
 * Writes a file that must not exist yet, mode 0600; when it returns, file and folder entry are on the disk. A crash in the middle leaves no file of
 * this name, at most one with the ending `.new`.
 */
export function writePrivate(file: string, content: Uint8Array): void {
  const unfinished = `${file}.new`;
  unlinkIfThere(unfinished);
  const handle = openSync(unfinished, "wx", 0o600);
  try {
    let written = 0;
    while (written < content.length) written += writeSync(handle, content, written);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  // A link, unlike a rename, fails if another process was faster: its key is never overwritten by ours.
  linkSync(unfinished, file);
  unlinkSync(unfinished);
  syncFolder(dirname(file));
}

/** Puts a private file in the place of another; after a crash in the middle the old one is there, or the new one, whole. */
export function replacePrivate(file: string, content: Uint8Array): void {
  const unfinished = `${file}.new`;
  unlinkIfThere(unfinished);
  writePrivate(unfinished, content);
  renameSync(unfinished, file);
  syncFolder(dirname(file));
}

/** Overwrites, removes and forgets a file; nothing happens if it is gone already. The overwriting is a courtesy: a disk may keep old blocks. */
export function destroy(file: string): void {
  let handle: number;
  try {
    handle = openSync(file, "r+");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  try {
    writeSync(handle, Buffer.alloc(fstatSync(handle).size), 0);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  unlinkSync(file);
  syncFolder(dirname(file));
}

/** Makes a folder for its owner alone, or checks the one that is there. Throws an {@link OperatorError} `journal.file-mode`. */
export function privateFolder(folder: string): void {
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (made !== undefined) syncFolder(dirname(made));
  refuseOpenMode(folder, statSync(folder).mode, "700");
}

/** Throws an {@link OperatorError} if an existing file can be read or written by others; a missing one is no mistake. */
export function refuseIfShared(file: string): void {
  try {
    refuseOpenMode(file, statSync(file).mode, "600");
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}

/** Makes the entries of a folder durable. */
export function syncFolder(folder: string): void {
  if (!HAS_MODES) return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function unlinkIfThere(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}

function refuseOpenMode(path: string, mode: number, wanted: string): void {
  if (!HAS_MODES || (mode & 0o077) === 0) return;
  throw new OperatorError("journal.file-mode", `${path} can be read or changed by other users of this machine.`, `Run: chmod ${wanted} ${path}`);
}

function unreadable(file: string, why: string): OperatorError {
  return new OperatorError("journal.file-unreadable", `${file} cannot be read (${why}).`, `Check that it is the file that Relevo wrote and that the user who runs Relevo owns it: chmod 600 ${file}`);
}
