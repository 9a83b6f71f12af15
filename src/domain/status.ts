/** What `status` says: how the bot is on one screen, what is wrong first. Facts come from memory, so that it can be said when the journal cannot be read. */
import type { Instant, Zone } from "./ids.ts";
import type { Language } from "./person.ts";
import type { Line, Message } from "./say.ts";
import { line, list, message, nested, span, typed, when } from "./say.ts";

declare module "./say.ts" {
  interface Sayings {
    "status.well": Record<never, never>;
    "status.not-well": { count: number };
    "status.starting": Record<never, never>;
    "status.not-synced": { since: When };
    "status.not-sending": Record<never, never>;
    "status.stopping": Record<never, never>;
    "status.safe-mode": { why: string; since: When };
    "status.safe-mode-means": { told: number };
    "status.safe-mode-began": Record<never, never>;
    "status.safe-mode-meanwhile": Record<never, never>;
    "status.safe-mode-blind": Record<never, never>;
    "status.safe-mode-stop": Record<never, never>;
    "status.unsent-urgent": { count: number; waiting: Span };
    "status.unsent-long": { count: number; waiting: Span };
    "status.set-aside": { count: number };
    "status.undecryptable": { count: number };
    "status.rooms": { rooms: List };
    "status.rooms-elsewhere": { count: number };
    "status.up": { since: When; synced: When };
    "status.up-unheard": { since: When };
    "status.waits": { unsent: number; inbox: number };
    "status.case": { codename: string; moving: number; waiting: number; checkpoint: When };
    "status.servers": { codename: string; servers: List };
    "status.server": { server: string; at: When };
    "status.server-unheard": { server: string; since: When };
    "status.more": { line: Typed };
  }
}

/** Why the bot cannot be relied on at this moment, by code, with what it means to an operator. */
export const NOT_READY = {
  "starting": "It has not had a first answer from the homeserver.",
  "not-synced": "It has had no answer from the homeserver for two minutes: what people say is not heard.",
  "not-sending": "For two minutes the homeserver has taken none of its messages, although it tried: nobody hears an answer or an alert.",
  "stopping": "It was asked to end.",
  "safe-mode": "Its journal is unfit: it answers only status and doctor.",
} as const;
/** One of these reasons. */
export type NotReady = keyof typeof NOT_READY;

/** One case as its administrator may know it. */
export interface CaseStatus {
  readonly codename: string;
  /** Deliveries on the move, and those that are prepared. */
  readonly moving: number;
  readonly waiting: number;
  readonly checkpoint: Instant;
  /** Names of its rooms that are not as they should be. */
  readonly undone: readonly Line[];
  /** Homeservers of its people other than the bot's own, and when anybody there was last heard, if since the start. */
  readonly servers: readonly { readonly name: string; readonly heard?: Instant }[];
  readonly language: Language;
}
/** How the bot is, as one person may know it. */
export interface StatusFacts {
  readonly now: Instant;
  readonly started?: Instant;
  readonly synced?: Instant;
  readonly notReady: readonly NotReady[];
  readonly inboxWaiting: number;
  readonly undecryptable: number;
  readonly unsent: number;
  /** Since when the oldest unsent message waits. */
  readonly unsentSince?: Instant;
  /** Unsent stops and P1 alone. */
  readonly urgent: number;
  readonly urgentSince?: Instant;
  readonly setAside: number;
  /** Rooms not as they should be in cases of which the person may not know. */
  readonly undoneElsewhere: number;
  /** Cases that the person administers. */
  readonly cases: readonly CaseStatus[];
}
/** Why the bot is in safe mode, since when, and how many people have been told. */
export interface SafeModeFacts {
  /** Code of the operator error that led to it, as the catalogue has it: `journal_disk_full`. */
  readonly why: string;
  readonly since: Instant;
  readonly told: number;
}

/** A message that waits longer than this has a reason to; an urgent one has it at once. Milliseconds. */
const LONG = 60_000;
const URGENT_LONG = 5_000;

/** One screen: what is wrong, the worst first; then since when it runs, what waits, and the cases of who asks. Times in the reader's zone. */
export function tellStatus(facts: StatusFacts, zone: Zone): Message {
  const wrong = problems(facts, zone);
  return message(wrong.length === 0 ? line("status.well", {}) : line("status.not-well", { count: wrong.length }), ...wrong, ...rest(facts, zone), line("status.more", { line: typed("doctor") }));
}

/** The same in safe mode: the reason comes first, and nothing is promised. Without facts the journal could not be read, and nothing is known of what stands in it. */
export function tellSafeMode(safe: SafeModeFacts, facts: StatusFacts | undefined, zone: Zone): Message {
  const head = [line("status.safe-mode", { why: safe.why, since: when(safe.since, zone) }), line("status.safe-mode-means", { told: safe.told })];
  if (facts === undefined) return message(...head, line("status.safe-mode-blind", {}));
  const { notReady, ...others } = facts;
  return message(...head, ...problems({ ...others, notReady: notReady.filter((reason) => reason !== "safe-mode") }, zone), ...rest(facts, zone));
}

/** What those in charge are told when it begins, and whoever else gives a command then. */
export function tellSafeModeBegan({ why, since }: Omit<SafeModeFacts, "told">, zone: Zone): Message {
  return message(line("status.safe-mode", { why, since: when(since, zone) }), line("status.safe-mode-began", {}), line("status.safe-mode-meanwhile", {}));
}

/** Whoever says stop must know at once that nobody has heard it. */
export function tellStopNotTaken({ why, since }: Omit<SafeModeFacts, "told">, zone: Zone): Message {
  return message(line("status.safe-mode-stop", {}), line("status.safe-mode", { why, since: when(since, zone) }), line("status.safe-mode-meanwhile", {}));
}

function problems(facts: StatusFacts, zone: Zone): Line[] {
  const { now, notReady, synced, urgent, urgentSince, unsent, unsentSince, setAside, undecryptable, undoneElsewhere, cases } = facts;
  const undone = cases.flatMap((each) => each.undone.map((name) => nested(name, each.language)));
  const waiting = (since: Instant | undefined): number => (since === undefined ? 0 : now - since);
  return [
    ...notReady.flatMap((reason): Line[] => {
      switch (reason) {
        case "starting": return [line("status.starting", {})];
        case "not-synced": return synced === undefined ? [] : [line("status.not-synced", { since: when(synced, zone) })];
        case "not-sending": return [line("status.not-sending", {})];
        case "stopping": return [line("status.stopping", {})];
        // Told with its reason by who knows it.
        case "safe-mode": return [];
      }
    }),
    ...(urgent > 0 && waiting(urgentSince) > URGENT_LONG ? [line("status.unsent-urgent", { count: urgent, waiting: span(waiting(urgentSince)) })] : []),
    ...(unsent > urgent && waiting(unsentSince) > LONG ? [line("status.unsent-long", { count: unsent, waiting: span(waiting(unsentSince)) })] : []),
    ...(setAside > 0 ? [line("status.set-aside", { count: setAside })] : []),
    ...(undecryptable > 0 ? [line("status.undecryptable", { count: undecryptable })] : []),
    ...(undone.length > 0 ? [line("status.rooms", { rooms: list(undone) })] : []),
    ...(undoneElsewhere > 0 ? [line("status.rooms-elsewhere", { count: undoneElsewhere })] : []),
  ];
}

function rest({ started, synced, unsent, inboxWaiting, cases }: StatusFacts, zone: Zone): Line[] {
  return [
    ...(started === undefined ? [] : [synced === undefined ? line("status.up-unheard", { since: when(started, zone) }) : line("status.up", { since: when(started, zone), synced: when(synced, zone) })]),
    line("status.waits", { unsent, inbox: inboxWaiting }),
    ...cases.flatMap(({ codename, moving, waiting, checkpoint, servers }) => [
      line("status.case", { codename, moving, waiting, checkpoint: when(checkpoint, zone) }),
      ...(servers.length === 0 || started === undefined ? [] : [line("status.servers", {
        codename,
        servers: list(servers.map(({ name, heard }) => nested(heard === undefined ? line("status.server-unheard", { server: name, since: when(started, zone) }) : line("status.server", { server: name, at: when(heard, zone) })))),
      })]),
    ]),
  ];
}
