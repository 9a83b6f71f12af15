/** What `doctor CV-4` says: whether this person's devices can read, whether they are there, and whether their phone rings. */
import type { CutOff, Suspension } from "./access.ts";
import type { CallSign, Instant, Zone } from "./ids.ts";
import type { Language } from "./person.ts";
import type { Line, Message } from "./say.ts";
import { line, list, message, nested, when } from "./say.ts";
import type { WakeTest } from "./wake-test.ts";

declare module "./say.ts" {
  interface Sayings {
    "doctor-person.title": { callSign: CallSign; codename: string };
    "doctor-person.unknown": { callSign: string };
    "doctor-person.identity": { standing: string };
    "doctor-person.identity-cure": Record<never, never>;
    "doctor-person.confirmed": { state: Nested };
    "doctor-person.unconfirmed-cure": { line: Typed };
    "doctor-person.suspended": { since: When };
    "doctor-person.cut-off": { since: When };
    "doctor-person.kept-out-cure": { line: Typed };
    "doctor-person.devices": { signed: number; unsigned: number };
    "doctor-person.devices-none": { unsigned: number };
    "doctor-person.devices-none-cure": Record<never, never>;
    "doctor-person.devices-unsigned": { signed: number; unsigned: number };
    "doctor-person.devices-unsigned-cure": Record<never, never>;
    "doctor-person.devices-unknown": Record<never, never>;
    "doctor-person.devices-unknown-cure": Record<never, never>;
    "doctor-person.rooms": Record<never, never>;
    "doctor-person.rooms-invited": { rooms: List };
    "doctor-person.rooms-invited-cure": Record<never, never>;
    "doctor-person.rooms-out": { rooms: List };
    "doctor-person.rooms-out-cure": Record<never, never>;
    "doctor-person.direct-none": Record<never, never>;
    "doctor-person.direct-none-cure": Record<never, never>;
    "doctor-person.heard": { at: When };
    "doctor-person.heard-not": { since: When };
    "doctor-person.wake": { at: When; seconds: number };
    "doctor-person.wake-missed": { at: When };
    "doctor-person.wake-waiting": Record<never, never>;
    "doctor-person.wake-never": Record<never, never>;
    "doctor-person.wake-cure": { line: Typed };
  }
}

/** Whether somebody is still who is pinned: `proven`, or why not. */
export type PersonStanding = "proven" | "identity-changed" | "not-pinned" | "device-unproven" | "unknown";
/** A room that the person should be in, and whether they are. */
export interface PersonRoom {
  readonly name: Line;
  readonly language: Language;
  readonly is: "in" | "invited" | "out";
}
/** What is known of somebody, for an administrator of a case they are in. */
export interface PersonFacts {
  readonly callSign: CallSign;
  readonly codename: string;
  readonly standing: PersonStanding;
  /** Whether anybody has made sure that the pinned identity is theirs, as a line of {@link identityState}. */
  readonly confirmed: { readonly is: boolean; readonly state: Line };
  /** Set while they are kept out, for either reason or both. */
  readonly suspended?: Suspension;
  readonly cutOff?: CutOff;
  /** Devices that their identity has signed, which alone are given keys, and others. Missing if the homeserver could not be asked. */
  readonly devices?: { readonly signed: number; readonly unsigned: number };
  readonly rooms: readonly PersonRoom[];
  /** Whether they have a direct chat with the bot that works. */
  readonly direct: "in" | "invited" | "out";
  readonly heard?: Instant;
  /** Since when the bot listens: what was before, it does not remember. */
  readonly since: Instant;
  readonly wakeTest?: WakeTest;
}

type Mark = "ok" | "attention" | "wrong";

/** What is known of a person, all of it, each with its cure; times in the reader's zone. */
export function tellPerson(facts: PersonFacts, zone: Zone): Message {
  return message(line("doctor-person.title", { callSign: facts.callSign, codename: facts.codename }), ...accessLines(facts, zone), ...identityLines(facts), ...confirmedLines(facts), ...deviceLines(facts), ...roomLines(facts), heardLine(facts, zone), ...wakeLines(facts, zone));
}

function marked(mark: Mark, found: Line, cure?: Line): Line[] {
  const code = mark === "ok" ? "doctor.fine" : mark === "attention" ? "doctor.attention" : "doctor.wrong";
  return [line(code, { found: nested(found) }), ...(cure === undefined ? [] : [line("doctor.cure", { cure: nested(cure) })])];
}

function accessLines({ callSign, suspended, cutOff }: PersonFacts, zone: Zone): Line[] {
  const cure = (command: string): Line => line("doctor-person.kept-out-cure", { line: { fact: "typed", line: `${command} ${callSign}` } });
  return [
    ...(suspended === undefined ? [] : marked("wrong", line("doctor-person.suspended", { since: when(suspended.since, zone) }), cure("jit restore"))),
    ...(cutOff === undefined ? [] : marked("wrong", line("doctor-person.cut-off", { since: when(cutOff.since, zone) }), cure("phone back"))),
  ];
}

function identityLines({ standing }: PersonFacts): Line[] {
  // Whether a device is proven is told below; the identity is the pinned one then.
  const isPinned = standing === "proven" || standing === "device-unproven";
  const found = line("doctor-person.identity", { standing: isPinned ? "proven" : standing.replaceAll("-", "_") });
  return isPinned ? marked("ok", found) : marked(standing === "unknown" ? "attention" : "wrong", found, line("doctor-person.identity-cure", {}));
}

function confirmedLines({ confirmed, callSign }: PersonFacts): Line[] {
  const found = line("doctor-person.confirmed", { state: nested(confirmed.state) });
  return confirmed.is ? marked("ok", found) : marked("attention", found, line("doctor-person.unconfirmed-cure", { line: { fact: "typed", line: `jit confirm ${callSign}` } }));
}

function deviceLines({ devices }: PersonFacts): Line[] {
  if (devices === undefined) return marked("attention", line("doctor-person.devices-unknown", {}), line("doctor-person.devices-unknown-cure", {}));
  if (devices.signed === 0) return marked("wrong", line("doctor-person.devices-none", { unsigned: devices.unsigned }), line("doctor-person.devices-none-cure", {}));
  if (devices.unsigned > 0) return marked("attention", line("doctor-person.devices-unsigned", devices), line("doctor-person.devices-unsigned-cure", {}));
  return marked("ok", line("doctor-person.devices", devices));
}

function roomLines({ rooms, direct }: PersonFacts): Line[] {
  const named = (is: PersonRoom["is"]) => rooms.filter((room) => room.is === is).map(({ name, language }) => nested(name, language));
  const [invited, out] = [named("invited"), named("out")];
  return [
    ...(invited.length + out.length === 0 ? marked("ok", line("doctor-person.rooms", {})) : []),
    ...(invited.length === 0 ? [] : marked("attention", line("doctor-person.rooms-invited", { rooms: list(invited) }), line("doctor-person.rooms-invited-cure", {}))),
    ...(out.length === 0 ? [] : marked("attention", line("doctor-person.rooms-out", { rooms: list(out) }), line("doctor-person.rooms-out-cure", {}))),
    ...(direct === "in" ? [] : marked("attention", line("doctor-person.direct-none", {}), line("doctor-person.direct-none-cure", {}))),
  ];
}

function heardLine({ heard, since }: PersonFacts, zone: Zone): Line {
  // Silence proves nothing: it is told, not judged.
  return heard === undefined ? line("doctor-person.heard-not", { since: when(since, zone) }) : line("doctor-person.heard", { at: when(heard, zone) });
}

function wakeLines({ wakeTest }: PersonFacts, zone: Zone): Line[] {
  const cure = line("doctor-person.wake-cure", { line: { fact: "typed", line: "me test" } });
  if (wakeTest?.last?.heard === true) return marked("ok", line("doctor-person.wake", { at: when(wakeTest.last.rung, zone), seconds: Math.round(wakeTest.last.after / 1_000) }));
  if (wakeTest?.last !== undefined) return marked("wrong", line("doctor-person.wake-missed", { at: when(wakeTest.last.rung, zone) }), cure);
  if (wakeTest !== undefined) return marked("attention", line("doctor-person.wake-waiting", {}), cure);
  return marked("attention", line("doctor-person.wake-never", {}), cure);
}
