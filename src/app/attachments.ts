/** Long answers as encrypted files: the address and the keys are durable before the upload, so that a crash never makes a second file of one answer. */
import { encryptFile, mediaKeys } from "../matrix/media.ts";
import type { Gateway, Journal, MediaKeys, Mxc, Random } from "../ports.ts";
import { faultOf } from "./gateway-fault.ts";

type Content = Readonly<Record<string, unknown>>;

/** What attaching needs. */
export interface AttachmentParts {
  readonly journal: Pick<Journal, "value" | "commit">;
  readonly gateway: Pick<Gateway, "reserve" | "upload">;
  readonly random: Pick<Random, "bytes">;
}
interface Kept extends MediaKeys {
  readonly url: Mxc;
}

/** The same for every file: names tell something, and servers of other people's clients may see them. */
const FILE_NAME = "relevo.txt";

/** Under what name the address and the keys of a row's file are kept until it is sent. */
export function mediaValue(row: string): string {
  return `media:${row}`;
}

/** The message with its file, which has been uploaded when this resolves. */
export async function withFile(parts: AttachmentParts, row: string, content: Content, text: string): Promise<Content> {
  const { gateway, journal } = parts;
  const kept = await keptFor(parts, row);
  const clear = new TextEncoder().encode(text);
  const { bytes, file } = encryptFile(clear, kept, kept.url);
  try {
    await gateway.upload(kept.url, bytes);
  } catch (fault) {
    // An address that was not used for a day is forgotten by the homeserver: the next attempt asks for another.
    if (faultOf(fault)?.kind === "refused") await journal.commit({ values: { [mediaValue(row)]: null } });
    throw fault;
  }
  return { ...content, msgtype: "m.file", filename: FILE_NAME, file, info: { mimetype: "text/plain", size: clear.length } };
}

async function keptFor({ journal, gateway, random }: AttachmentParts, row: string): Promise<Kept> {
  const before = await journal.value(mediaValue(row));
  if (before !== undefined) return JSON.parse(before) as Kept;
  const kept: Kept = { ...mediaKeys((length) => random.bytes(length)), url: await gateway.reserve() };
  await journal.commit({ values: { [mediaValue(row)]: JSON.stringify(kept) } });
  return kept;
}
