/**
 * A backup: the journal's file and its keys in one stream, encrypted and authenticated as a whole. Whoever has the passphrase can open it; nothing else
 * is needed, and nothing can be left out, added, cut off or exchanged unseen. Byte layout: docs/journal-format.md, "Backup".
 */
import { z } from "zod";
import type { Instant } from "../domain/ids.ts";
import { OperatorError } from "../operator-error.ts";
import type { Random } from "../ports.ts";
import { ByteReader } from "./byte-reader.ts";
import type { Keys } from "./keys.ts";
import { CHAIN_KEYS_FOLDER, JOURNAL_FILE } from "./keys.ts";
import { ROOT_FILE_BYTES, RootFile } from "./root-file.ts";
import { bound, NONCE_BYTES, seal, sha256, unseal } from "./seal.ts";

const MAGIC = Buffer.from("relevo-backup-1\n");
/** Bytes sealed at once. */
const FRAME = 1024 * 1024;
const SALT_BYTES = 32;
/** A frame's nonce, tag, and its first byte. */
const FRAME_EXTRA = 64;
const NAME = new RegExp(`^(?:${JOURNAL_FILE.replace(".", "\\.")}|${CHAIN_KEYS_FOLDER}/[0-9a-f]{32}\\.key)$`);
const NAME_BYTES = 128;
/** Files of one backup: the journal and a key for each chain. */
const MOST_FILES = 100_000;

const Header = z.strictObject({
  format: z.literal("relevo-backup-1"),
  /** When it was made, milliseconds since 1970. */
  at: z.int().min(0),
  /** Relevo's version that made it. */
  version: z.string().max(64),
  salt: z.base64url().length(43),
  root: RootFile,
});

/** What stands in clear at the beginning of a backup. */
export type BackupHeader = z.infer<typeof Header>;

/** One file of a backup: its name inside the data folder, and exactly `bytes` bytes. */
export interface BackupFile {
  readonly name: string;
  readonly bytes: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/** What a backup is made of. */
export interface MakeBackup {
  readonly at: Instant;
  readonly version: string;
  readonly root: RootFile;
  readonly keys: Pick<Keys, "derive">;
  readonly random: Pick<Random, "bytes">;
  readonly files: AsyncIterable<BackupFile>;
}

/** The bytes of a backup. Throws if a file gives other than the bytes announced. */
export async function* backupBytes({ at, version, root, keys, random, files }: MakeBackup): AsyncGenerator<Buffer> {
  const header: BackupHeader = { format: "relevo-backup-1", at, version, salt: Buffer.from(random.bytes(SALT_BYTES)).toString("base64url"), root };
  const clear = Buffer.from(JSON.stringify(header));
  yield Buffer.concat([MAGIC, u32(clear.length), clear]);
  const key = frameKey(keys, header);
  const about = sha256(clear).toString("hex");
  let index = 0;
  const frame = (plain: Uint8Array, last: boolean): Buffer => {
    const sealed = seal(key, random.bytes(NONCE_BYTES), plain, boundTo(about, index++, last));
    return Buffer.concat([u32(sealed.length), Buffer.from([last ? 1 : 0]), sealed]);
  };
  let waiting: Uint8Array[] = [];
  let length = 0;
  for await (const piece of plainBytes(files)) {
    for (let from = 0; from < piece.length;) {
      const part = piece.subarray(from, from + FRAME - length);
      // A copy, since the source may use its buffer again.
      waiting.push(Uint8Array.from(part));
      length += part.length;
      from += part.length;
      if (length < FRAME) continue;
      yield frame(Buffer.concat(waiting), false);
      [waiting, length] = [[], 0];
    }
  }
  yield frame(Buffer.concat(waiting), true);
}

async function* plainBytes(files: AsyncIterable<BackupFile>): AsyncGenerator<Uint8Array> {
  let count = 0;
  for await (const { name, bytes, content } of files) {
    if (!NAME.test(name) || ++count > MOST_FILES) throw new Error("a file that does not belong into a backup");
    const nameBytes = Buffer.from(name);
    yield Buffer.concat([Buffer.from([nameBytes.length]), nameBytes, u48(bytes)]);
    let given = 0;
    for await (const piece of content) {
      given += piece.length;
      yield piece;
    }
    if (given !== bytes) throw new Error("a file changed its size while it was copied");
  }
  yield Buffer.from([0]);
}

/** A backup that is being read: who it is from, then its files in order. */
export interface OpenedBackup {
  readonly header: BackupHeader;
  /** Each file has to be read to its end before the next is asked for. Throws `backup.damaged`, also at the very end if it was cut. */
  files(keys: Pick<Keys, "derive">): AsyncGenerator<BackupFile>;
}

/** Reads the beginning of a backup. Throws an {@link OperatorError} `backup.not-one` or `backup.damaged`; `file` is only named. */
export async function openBackup(file: string, bytes: AsyncIterable<Uint8Array>): Promise<OpenedBackup> {
  const reader = new ByteReader(bytes);
  const magic = await reader.take(MAGIC.length);
  if (magic === undefined || !magic.equals(MAGIC)) {
    throw new OperatorError("backup.not-one", `${file} is not a backup that this version of Relevo can read.`, "Name a file that relevo backup has written; if a newer Relevo has written it, use that.");
  }
  const length = (await reader.take(4))?.readUInt32BE(0) ?? 0;
  const clear = length > 2 * ROOT_FILE_BYTES ? undefined : await reader.take(length);
  const header = Header.safeParse(parsed(clear));
  if (clear === undefined || !header.success) throw damagedBackup(file);
  const about = sha256(clear).toString("hex");
  return {
    header: header.data,
    async *files(keys) {
      const plain = new ByteReader(frames(file, reader, frameKey(keys, header.data), about));
      for (let count = 0; count <= MOST_FILES; count++) {
        const size = (await plain.take(1))?.[0];
        if (size === undefined || size > NAME_BYTES) throw damagedBackup(file);
        if (size === 0) {
          // Only the last frame says that nothing was cut off.
          if (!(await plain.atEnd())) throw damagedBackup(file);
          return;
        }
        const name = (await plain.take(size))?.toString();
        const bytes = (await plain.take(6))?.readUIntBE(0, 6);
        if (name === undefined || bytes === undefined || !NAME.test(name)) throw damagedBackup(file);
        yield { name, bytes, content: exactly(file, plain, bytes) };
      }
      throw damagedBackup(file);
    },
  };
}

async function* exactly(file: string, plain: ByteReader, bytes: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0;) {
    const piece = await plain.some(left);
    if (piece === undefined) throw damagedBackup(file);
    left -= piece.length;
    yield piece;
  }
}

async function* frames(file: string, reader: ByteReader, key: Uint8Array, about: string): AsyncGenerator<Uint8Array> {
  for (let index = 0; ; index++) {
    const length = (await reader.take(4))?.readUInt32BE(0);
    const last = (await reader.take(1))?.[0] === 1;
    const sealed = length === undefined || length > FRAME + FRAME_EXTRA ? undefined : await reader.take(length);
    const plain = sealed === undefined ? undefined : unseal(key, sealed, boundTo(about, index, last));
    if (plain === undefined) throw damagedBackup(file);
    yield plain;
    if (!last) continue;
    if (!(await reader.atEnd())) throw damagedBackup(file);
    return;
  }
}

function frameKey(keys: Pick<Keys, "derive">, { salt }: BackupHeader): Buffer {
  return keys.derive(`backup/1/${salt}`);
}

function boundTo(about: string, index: number, last: boolean): Buffer {
  return bound("relevo-backup-1", about, index, last ? "last" : "more");
}

function damagedBackup(file: string): OperatorError {
  return new OperatorError("backup.damaged", `The backup ${file} is damaged, was cut off or was changed; nothing of it was used.`, "Use an older backup, or another copy of this one.");
}

function parsed(bytes: Buffer | undefined): unknown {
  try {
    return bytes === undefined ? undefined : JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
function u48(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(6);
  bytes.writeUIntBE(value, 0, 6);
  return bytes;
}
