/** `doctor` of a running bot: looks at what it knows of itself, and asks the homeserver and the machine; of a person, whether they can be reached. */
import { identityState } from "../domain/confirm-identity.ts";
import type { Check } from "../domain/doctor.ts";
import { attention, tellChecks } from "../domain/doctor.ts";
import type { PersonFacts, PersonRoom, PersonStanding } from "../domain/doctor-person.ts";
import { tellPerson } from "../domain/doctor-person.ts";
import type { CallSign, ChainId, MasterKey, UserId, Zone } from "../domain/ids.ts";
import { INSTALLATION } from "../domain/ids.ts";
import type { Message } from "../domain/say.ts";
import { memberCalled } from "../domain/state.ts";
import { line, message } from "../domain/say.ts";
import { desiredRooms } from "../domain/workspace.ts";
import type { Clock, Journal } from "../ports.ts";
import type { InsideFacts, NamedRoom } from "./doctor-inside.ts";
import { insideChecks } from "./doctor-inside.ts";
import type { Health } from "./health.ts";
import { faultOf } from "./outbox.ts";
import type { Rooms } from "./rooms.ts";
import type { UndoneRoom } from "./rooms-undone.ts";
import { casesAdministered } from "./status.ts";
import { lastRows } from "./verified-chains.ts";
import type { Vitals } from "./vitals.ts";
import type { World } from "./world.ts";

/** Looks at what lies outside the app: the homeserver, and for owners the machine. */
export type Examine = (what: "server" | "server-and-machine") => Promise<readonly Check[]>;

/** What a doctor needs. */
export interface DoctorParts {
  readonly world: World;
  readonly rooms: Rooms;
  readonly journal: Pick<Journal, "chains" | "read">;
  /** Whether somebody is still who was pinned; may throw a gateway fault. */
  identity(user: UserId, pinned: MasterKey): Promise<PersonStanding>;
  /** How many of somebody's devices their identity has signed; may throw a gateway fault. */
  devices(user: UserId): Promise<{ readonly signed: number; readonly unsigned: number } | undefined>;
  readonly clock: Clock;
  readonly health: Health;
  vitals(): Vitals;
  undone(chains?: readonly ChainId[]): readonly UndoneRoom[];
  /** Last row of a chain that the state in memory holds. */
  lastRow(chain: ChainId): number;
  isOwner(user: UserId): boolean;
  readonly examine?: Examine;
}

const POWER = "m.room.power_levels";
/** The same examination answers all who ask within this time, in milliseconds: asking often must cost the homeserver nothing. */
const EXAMINED_FOR = 10_000;

/** Answers `doctor`. */
export class Doctor {
  readonly #parts: DoctorParts;
  #examined: { readonly what: string; readonly until: number; readonly checks: Promise<readonly Check[]> } | undefined;

  constructor(parts: DoctorParts) {
    this.#parts = parts;
  }

  /** What the bot knows of itself, without a name. */
  inside(): InsideFacts {
    const { vitals, undone, health } = this.#parts;
    return { vitals: vitals(), powerUndone: undone().filter(isPower).length, waitsMet: health.counts().rate_limited };
  }

  /** All checks, as far as this person may know of them: of the machine only owners, of rooms by name only administrators of their case. */
  async checks(user: UserId): Promise<readonly Check[]> {
    const { world, undone, isOwner, journal, lastRow } = this.#parts;
    const isAnOwner = isOwner(user);
    const administered = casesAdministered(world, user);
    const named = undone(administered).flatMap((room) => this.#named(room));
    const of = (wanted: boolean): NamedRoom[] => named.filter(({ power }) => power === wanted).map(({ name, language }) => ({ name, language }));
    const mayRead = isAnOwner ? undefined : [INSTALLATION, ...administered];
    const chains = await lastRows({ chains: async () => (await journal.chains()).filter((chain) => mayRead?.includes(chain) ?? true), read: (chain, after) => journal.read(chain, after) }, lastRow);
    const outside = await this.#examine(isAnOwner ? "server-and-machine" : "server");
    const inside = insideChecks({ ...this.inside(), chains, named: { rooms: of(false), power: of(true) } }, this.#zone(user));
    // What was tried outweighs what was met.
    return [...outside, ...inside.filter((check) => !outside.some((other) => other.check === check.check))];
  }
  /** The same as a message. */
  async tell(user: UserId): Promise<Message> {
    return tellChecks(await this.checks(user));
  }

  /** Of somebody in a case that the asker administers: nobody else learns of anybody. */
  async tellPerson(asker: UserId, callSign: CallSign): Promise<Message> {
    const { world } = this.#parts;
    const found = casesAdministered(world, asker).flatMap((chain) => {
      const member = memberCalled(world.scope(chain), callSign);
      return member === undefined ? [] : [{ chain, user: member.user }];
    });
    if (found.length === 0) return message(line("doctor-person.unknown", { callSign }));
    const told = await Promise.all(found.map(async ({ chain, user }) => tellPerson(await this.#person(chain, user, callSign), this.#zone(asker))));
    return message(...told.flatMap((each) => each.lines));
  }

  #zone(user: UserId): Zone {
    return this.#parts.world.people.get(user)?.zone ?? ("UTC" as Zone);
  }
  #named(room: UndoneRoom): readonly (NamedRoom & { readonly power: boolean })[] {
    const found = this.#parts.world.scope(room.at.chain).state.case.get("case");
    return room.name === undefined || found === undefined ? [] : [{ name: room.name, language: found.language, power: isPower(room) }];
  }
  async #examine(what: "server" | "server-and-machine"): Promise<readonly Check[]> {
    const { examine, clock } = this.#parts;
    if (examine === undefined) return [];
    const now = clock.now();
    if (this.#examined?.what !== what || this.#examined.until < now) this.#examined = { what, until: now + EXAMINED_FOR, checks: examine(what) };
    // What cannot be looked at is no reason not to tell the rest.
    return this.#examined.checks.catch(() => [attention("server", line("doctor.signature-unknown", {}), line("doctor.ask-again-cure", {}))]);
  }

  async #person(chain: ChainId, user: UserId, callSign: CallSign): Promise<PersonFacts> {
    const { world, identity, devices: devicesOf, health, clock } = this.#parts;
    const scope = world.scope(chain);
    const found = scope.state.case.get("case");
    const person = world.people.get(user);
    const pinned = person?.masterKey;
    const language = found?.language ?? "en";
    const asked = async <T>(question: Promise<T>): Promise<T | undefined> => question.catch((fault: unknown) => {
      if (faultOf(fault) === undefined) throw fault;
      return undefined;
    });
    const [standing, devices] = await Promise.all([pinned === undefined ? "not-pinned" as const : asked(identity(user, pinned)), asked(devicesOf(user))]);
    const heard = health.lastHeard(user);
    const wakeTest = world.scope(INSTALLATION).state.wakeTest.get(user);
    return {
      callSign, codename: found?.codename ?? "", standing: standing ?? "unknown", confirmed: { is: person?.confirmed !== undefined, state: identityState(scope, person?.confirmed) }, since: health.when("started") ?? clock.now(), direct: this.#isIn(world.room(world.direct(user)), user),
      rooms: desiredRooms(scope).filter((room) => room.people.includes(user)).flatMap((room): PersonRoom[] => (
        room.name === undefined ? [] : [{ name: room.name, language, is: this.#isIn(world.room({ chain, slot: room.slot }), user) }])),
      ...(person?.suspended === undefined ? {} : { suspended: person.suspended }), ...(person?.cutOff === undefined ? {} : { cutOff: person.cutOff }),
      ...(devices === undefined ? {} : { devices }), ...(heard === undefined ? {} : { heard }), ...(wakeTest === undefined ? {} : { wakeTest }),
    };
  }
  #isIn(room: ReturnType<World["room"]>, user: UserId): PersonRoom["is"] {
    const membership = room === undefined ? undefined : this.#parts.rooms.get(room)?.members[user];
    return membership === "join" ? "in" : membership === "invite" ? "invited" : "out";
  }
}

function isPower(room: UndoneRoom): boolean {
  return room.missing.includes(POWER);
}
