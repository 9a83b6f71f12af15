/** Wakes entities: each says when it next wants to be woken, nothing of it is stored, and a tick is decided like any command. */
import { ENTITIES } from "../domain/entities.ts";
import type { ChainId, Instant } from "../domain/ids.ts";
import type { Kind, Scope } from "../domain/state.ts";
import type { Windows } from "../domain/windows.ts";
import type { Clock } from "../ports.ts";

/** An entity and the instant at which it wants to be woken. */
export interface Wake {
  readonly chain: ChainId;
  readonly kind: Kind;
  readonly key: string;
  readonly at: Instant;
}

/** setTimeout counts at most 2^31 ms; a longer wait is taken in steps. */
const LONGEST = 24 * 3_600_000;

/** Holds when each entity wants to be woken, and wakes it. */
export class Scheduler {
  readonly #due = new Map<string, Wake>();
  readonly #clock: Clock;
  readonly #windows: Windows;
  readonly #fire: (wake: Wake) => void;
  #cancel: (() => void) | undefined;
  #armed: { readonly id: string; readonly at: Instant } | undefined;
  #held = true;

  constructor(clock: Clock, windows: Windows, fire: (wake: Wake) => void) {
    this.#clock = clock;
    this.#windows = windows;
    this.#fire = fire;
  }
  /** Looks again when an entity wants to be woken, after it has changed. */
  look(chain: ChainId, kind: Kind, key: string, scope: Scope): void {
    const rule = ENTITIES[kind];
    const entity = scope.state[kind].get(key);
    const at = entity === undefined ? undefined : rule.nextWake?.(entity, this.#windows, scope);
    const id = `${chain}/${kind}/${key}`;
    if (at === undefined) this.#due.delete(id);
    else this.#due.set(id, { chain, kind, key, at });
    this.#arm(id);
  }
  /** Nothing fires before what came during a downtime has been read. */
  release(): void {
    this.#held = false;
    this.#arm();
  }
  /** Time has passed that nobody noticed: nothing fires until {@link release}. */
  hold(): void {
    this.#held = true;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#armed = undefined;
  }
  /** Moments that are waited for. */
  get size(): number {
    return this.#due.size;
  }
  stop(): void {
    this.#held = true;
    this.#cancel?.();
  }
  /** A tick that failed is tried again then. */
  retry(wake: Wake, at: Instant): void {
    const id = `${wake.chain}/${wake.kind}/${wake.key}`;
    this.#due.set(id, { ...wake, at });
    this.#arm(id);
  }
  /** The earliest is looked for only when it has moved: most changes concern something later. */
  #arm(changed?: string): void {
    if (this.#held) return;
    const at = changed === undefined ? undefined : this.#due.get(changed)?.at;
    if (changed !== undefined && changed !== this.#armed?.id && (at === undefined || at >= (this.#armed?.at ?? Number.POSITIVE_INFINITY))) return;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#armed = undefined;
    for (const [id, wake] of this.#due) if (this.#armed === undefined || wake.at < this.#armed.at) this.#armed = { id, at: wake.at };
    if (this.#armed === undefined) return;
    this.#cancel = this.#clock.wakeAt(Math.min(this.#armed.at, this.#clock.now() + LONGEST) as Instant, () => this.#wake());
  }
  #wake(): void {
    const now = this.#clock.now();
    const due = [...this.#due.entries()].filter(([, wake]) => wake.at <= now).toSorted(([, a], [, b]) => a.at - b.at);
    for (const [id, wake] of due) {
      this.#due.delete(id);
      this.#fire(wake);
    }
    this.#arm();
  }
}
