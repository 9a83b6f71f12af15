/**
 * How a parameter is read from what a person typed. A command's zod object names its parameters in the order typed; each schema carries a
 * {@link Reading} in {@link readings}, so that parsing, complaints, help and docs all come from that one object.
 */
import { z } from "zod";
import type { AlertId, CallSign, CaseId, DeliveryId, Instant, TaskId, UserId, Zone } from "../domain/ids.ts";
import type { Language } from "../domain/person.ts";
import type { Line } from "../domain/say.ts";

/** One word of what was typed, or one quoted passage. */
export interface Token {
  /** Cleaned text: NFC, plain quotes and dashes, no invisible characters; without its quotation marks. */
  readonly text: string;
  /** It stood in quotation marks: it is text and nothing else. */
  readonly quoted: boolean;
  /** The person that a pill or a matrix.to link points to. */
  readonly user?: UserId;
}

/** Somebody of a case, as far as reading needs them. */
export interface KnownMember {
  readonly callSign: CallSign;
  readonly user: UserId;
}

/** What may be looked up in one case while reading. */
export interface KnownCase {
  readonly id: CaseId;
  readonly codename: string;
  readonly members: readonly KnownMember[];
  hasTask(id: TaskId): boolean;
  hasDelivery(id: DeliveryId): boolean;
  /** Those that the author may know of, the latest last. */
  deliveries(): readonly DeliveryId[];
  hasAlert(id: AlertId): boolean;
}

/** What reading may know besides the text: the moment, the author's language and zone, the case that it is about. */
export interface World {
  readonly now: Instant;
  readonly language: Language;
  readonly zone: Zone;
  /** The case of the room, or the one the author means in a direct chat; missing for somebody who is in none. */
  readonly case?: KnownCase;
  /** In a delivery's room, or in a direct chat with one live delivery: the one that is meant when none is named. */
  readonly delivery?: DeliveryId;
}

/** One sensible meaning of a parameter; `label` says it in a few words when several are offered. */
export interface Meaning<T> {
  readonly value: T;
  readonly label?: Line;
}

/** Tokens up to `next` (exclusive) read as this parameter: one or more meanings, or clearly meant as one but wrong. */
export type Candidate<T> =
  | { readonly next: number; readonly meanings: readonly Meaning<T>[] }
  | { readonly next: number; readonly complaint: Line };

/** How one type of parameter is read, and what it is called when it is missing. */
export interface Reading<T> {
  /** Name of the type, for help and docs. */
  readonly kind: string;
  /** What could start at `from`, best first; empty if nothing can. Never looks beyond the end of `tokens`. */
  read(tokens: readonly Token[], from: number, world: World): readonly Candidate<T>[];
  /** The value where nothing is typed. */
  implied?(world: World): T | undefined;
  /** The text holds something of this type although it could not be read as one: it must not be swallowed by a text in silence. */
  looksLike?(tokens: readonly Token[], world: World): Line | undefined;
  /** Its value follows this word (a key of `keywords` in config/locales), in any place. */
  readonly keyword?: string;
  /** What a person could type, for usage lines and generated tests. */
  readonly sample: string;
  /** Longest text in characters, where it has a bound of its own. */
  readonly max?: number;
  /** The words of a choice, for help. */
  readonly words?: Readonly<Record<string, Readonly<Record<Language, readonly string[]>>>>;
}

/** Every parameter schema made by chat/params.ts, with its reading; zod's own registry would rewrite the types of the functions in it. */
const readings = new WeakMap<z.core.$ZodType, Reading<unknown>>();

/** Gives a schema of values its reading. */
export function parameter<T>(values: z.ZodType<T>, reading: Reading<T>): z.ZodType<T> {
  readings.set(values, reading);
  return values;
}

/** The reading of a parameter, looking through `.optional()`. Throws for a schema that chat/params.ts did not make: a mistake in a command. */
export function readingOf(schema: z.core.$ZodType): { readonly reading: Reading<unknown>; readonly optional: boolean } {
  if (schema instanceof z.ZodOptional) return { reading: readingOf(schema.unwrap()).reading, optional: true };
  const reading = readings.get(schema);
  if (reading === undefined) throw new Error("a command uses a parameter that was not made by chat/params.ts");
  return { reading, optional: false };
}
