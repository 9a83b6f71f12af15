/** A command as data: one object gives parsing, help, permissions, docs, "did you mean" and the generated tests. */
import type { z } from "zod";
import type { CaseState } from "../domain/case.ts";
import type { Context, Decision } from "../domain/decision.ts";
import type { PersonEvent } from "../domain/person.ts";
import type { Need } from "../domain/request.ts";
import type { Role } from "../domain/roster.ts";
import type { Line, Message } from "../domain/say.ts";
import type { Scope } from "../domain/state.ts";
import type { CallSign, ChainId, UserId } from "../domain/ids.ts";
import type { StatusFacts } from "../domain/status.ts";
import type { Verified } from "../domain/audit.ts";

/** read: changes nothing. harmless: runs at once, also late. binding: confirmed by a tap or a code that expires. stop: always counts. */
export type Weight = "read" | "harmless" | "binding" | "stop";
/** Kind of room a command is typed in. */
export type Place = "workspace" | "delivery" | "direct";

/** What a read may ask of the bot itself: how it is, never what a case holds. */
export interface Inquiries {
  /** How the bot is, as this person may know it. */
  status(user: UserId): StatusFacts;
  /** Every check of the bot, as far as this person may know of it. */
  doctor(user: UserId): Promise<Message>;
  /** Whether somebody in a case that this person administers can be reached. */
  doctorOf(user: UserId, callSign: CallSign): Promise<Message>;
}

/** The narrow ports that a `read` may use, outside the queue. */
export interface Asked extends Inquiries {
  verify(chain: ChainId): Promise<Verified>;
  /** All commands, for `help`. */
  readonly commands: readonly Command[];
}

/** One command: what is typed, who may, and the one rule that it calls. */
export interface Command<Shape extends z.ZodRawShape = z.ZodRawShape, P = z.infer<z.ZodObject<Shape>>> {
  /** Words typed, in English; words of other languages live in config/locales. */
  readonly name: string;
  /** Other words for the same, only where a delivery is at hand: `stop` for `cd stop`. */
  readonly short?: string;
  /** In the order typed; each type knows how to read and to complain (chat/params.ts). */
  readonly params: z.ZodObject<Shape>;
  /** case: decided on a case's chain. person, installation: on the installation's. */
  readonly scope: "case" | "person" | "installation";
  readonly weight: Weight;
  readonly rooms: readonly Place[];
  /** States of the case in which it makes sense; empty for commands of no case. What makes sense when it has expired does so when it was closed. */
  readonly when: readonly Exclude<CaseState, "closed">[];
  /** Roles in the case that may, or `owner` (named in the configuration), or `anyone` in a roster or the owners list. */
  readonly needs: readonly (Role | "owner" | "anyone")[];
  /** Who may know the answer: the room it was typed in, or its author alone. */
  readonly audience: "room" | "author";
  /** It never counts when it arrives late (contact). */
  readonly neverLate?: boolean;
  readonly examples: readonly string[];
  /** People whose identity must be known although they are named by call sign; those named by Matrix id are looked up anyway. */
  readonly identities?: (scope: Scope, params: P) => readonly UserId[];
  /** Adds to the parameters what has to be fixed before they are confirmed (a codename, an identity to be pinned). May refuse. */
  readonly prepare?: (scope: Scope, params: P, ctx: Context) => { readonly ok: true; readonly params: P } | Extract<Decision, { ok: false }>;
  /** What its author and all others are asked to confirm, in full; required for binding commands. */
  readonly confirms?: (scope: Scope, params: P, ctx: Context) => Message;
  /** The codename under which it is asked for consent where there is no case yet. */
  readonly codename?: (params: P) => string | undefined;
  /** What is recorded of people when its author has confirmed and before others are asked. */
  readonly introduces?: (scope: Scope, params: P, ctx: Context) => readonly PersonEvent[];
  /** Who else must consent after the author has confirmed. */
  readonly alsoNeeds?: (scope: Scope, params: P, ctx: Context) => readonly Need[];
  /** One rule in domain. */
  readonly decide?: (scope: Scope, params: P, ctx: Context) => Decision;
  /** A read has this instead. */
  readonly answer?: (scope: Scope, params: P, ctx: Context, asked: Asked) => Message | Promise<Message>;
}

/** Whether it stops a delivery: the people on its route hear of it also where it cannot be proven, or fails. */
export function stopsDelivery(of: Pick<Command, "weight" | "params"> | undefined): boolean {
  return of?.weight === "stop" && "delivery" in of.params.shape;
}

/** Gives an object its type; checks nothing at run time (the registry does). */
export function command<Shape extends z.ZodRawShape>(of: Command<Shape>): Command<Shape> {
  return of;
}
export type { Line, Message };
