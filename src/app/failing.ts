/** What becomes of a message that could not be sent: tried again at once, set aside so that others go first, or given up and put on record. */
import type { Instant } from "../domain/ids.ts";
import type { GatewayFault, Outbox } from "../ports.ts";

/** Milliseconds before the next attempt in the same place. */
const BACK_OFF = [500, 1_000, 2_000, 5_000, 10_000, 30_000] as const;
/** So often a message is tried before those after it go first. */
const TRIES_AT_THE_HEAD = 3;
/** How long it is set aside, in milliseconds: longer each time. What the room may be to blame for is tried sooner. */
const FIRST_SET_ASIDE = 600_000;
const FIRST_SET_ASIDE_REFUSED = 30_000;
const LONGEST_SET_ASIDE = 4 * 3_600_000;
/** So long after it was first set aside, or at this age if somebody starts the bot again and again, it is given up. Milliseconds. */
const GIVE_UP = 10 * 3_600_000;
const LONGEST_LIFE = 86_400_000;
/** The longest wait that the homeserver may impose, in milliseconds: what a stop is kept back by is asked again sooner. */
const LONGEST_WAIT = 600_000;
const LONGEST_WAIT_URGENT = 30_000;

/** What to do next with a message that failed. */
export type Verdict =
  | { readonly then: "retry"; readonly after: number }
  /** `tell`: for the first time, and others were sent meanwhile or it fails by itself, so people have to know. */
  | { readonly then: "set-aside"; readonly until: Instant; readonly tell: boolean }
  | { readonly then: "give-up"; readonly why: string };

interface Aside {
  readonly rounds: number;
  readonly at: Instant;
  readonly until: Instant;
  /** When it was first set aside. */
  readonly since: Instant;
  readonly isItsOwn: boolean;
  readonly told: boolean;
}

/** Remembers which messages fail and which places do; kept in memory, so a start tries everything once more. */
export class Failing {
  /** Failures in a row, by place. */
  readonly #inPlace = new Map<string, number>();
  readonly #aside = new Map<string, Aside>();
  /** When something was last sent to a place. */
  readonly #sent = new Map<string, Instant>();

  /** It is set aside: others of its place go first until then. */
  asideUntil(id: string): Instant | undefined {
    return this.#aside.get(id)?.until;
  }
  sent(at: string, now: Instant): void {
    this.#inPlace.delete(at);
    this.#sent.set(at, now);
  }
  /** Nothing failed, although it may not have been sent: what waits in this place begins anew. */
  passed(at: string): void {
    this.#inPlace.delete(at);
  }
  gone(id: string): void {
    this.#aside.delete(id);
  }
  /** The place has changed: what was refused there may be let in now. */
  changed(ids: Iterable<string>): void {
    for (const id of ids) {
      const aside = this.#aside.get(id);
      if (aside !== undefined && !aside.isItsOwn) this.#aside.set(id, { ...aside, until: Math.min(aside.until, aside.at + FIRST_SET_ASIDE_REFUSED) as Instant });
    }
  }
  /** What to do, after `fault` (undefined: a fault of the program), with a row that was to be sent to `at`. */
  after(row: Outbox, at: string, fault: GatewayFault | undefined, now: Instant): Verdict {
    const failures = (this.#inPlace.get(at) ?? 0) + 1;
    this.#inPlace.set(at, failures);
    const isItsOwn = fault === undefined || fault.status === 400 || fault.status === 413;
    const before = this.#aside.get(row.id);
    if ((!isItsOwn && fault.kind !== "refused") || (before === undefined && failures < TRIES_AT_THE_HEAD)) {
      const most = row.lane === "stop" || row.lane === "P1" ? LONGEST_WAIT_URGENT : LONGEST_WAIT;
      const wait = BACK_OFF[Math.min(failures, BACK_OFF.length) - 1] ?? LONGEST_WAIT_URGENT;
      return { then: "retry", after: Math.max(wait, Math.min(fault?.wait ?? 0, most)) };
    }
    this.#inPlace.delete(at);
    const rounds = (before?.rounds ?? 0) + 1;
    const since = before?.since ?? now;
    // A room that takes nothing is the room's fault: it is mended or replaced, and then everything goes there.
    const othersPass = (this.#sent.get(at) ?? -1) >= since;
    if ((now - since >= GIVE_UP || (rounds > 1 && now - row.created > LONGEST_LIFE)) && (isItsOwn || othersPass)) {
      return { then: "give-up", why: fault?.errcode ?? (fault?.status === undefined ? "fault" : String(fault.status)) };
    }
    const tell = before?.told !== true && (isItsOwn || othersPass);
    const first = isItsOwn ? FIRST_SET_ASIDE : FIRST_SET_ASIDE_REFUSED;
    const until = (now + Math.min(LONGEST_SET_ASIDE, first * 2 ** Math.min(rounds - 1, 20))) as Instant;
    this.#aside.set(row.id, { rounds, at: now, until, since, isItsOwn, told: tell || before?.told === true });
    return { then: "set-aside", until, tell };
  }
}
