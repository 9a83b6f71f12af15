/** The kinds of entity there are, found by the event that happens to them. A new kind is one line here; a new command is none. */
import { alertEntity } from "./alert.ts";
import { caseEntity } from "./case.ts";
import { codenameEntity } from "./codename.ts";
import { comparisonEntity } from "./comparison.ts";
import { deliveryEntity } from "./delivery.ts";
import type { Entity } from "./entity.ts";
import type { DomainEvent } from "./events.ts";
import { memberEntity } from "./member.ts";
import { personEntity } from "./person.ts";
import { questionEntity } from "./question.ts";
import { requestEntity } from "./request.ts";
import { roomEntity } from "./room.ts";
import type { Entities, Kind } from "./state.ts";
import { taskEntity } from "./task.ts";
import { wakeTestEntity } from "./wake-test.ts";

/** An entity rule whose kind is not known at compile time; {@link entityOf} gives the one that fits the event. */
export type AnyEntity = Omit<Entity<Kind, DomainEvent>, "evolve" | "nextWake" | "tick"> & {
  evolve(entity: Entities[Kind] | undefined, event: DomainEvent): Entities[Kind];
  nextWake?(entity: Entities[Kind], ...rest: WakeRest): ReturnType<NonNullable<Entity<Kind, DomainEvent>["nextWake"]>>;
  tick?(entity: Entities[Kind], ...rest: TickRest): ReturnType<NonNullable<Entity<Kind, DomainEvent>["tick"]>>;
};
type WakeRest = Parameters<NonNullable<Entity<Kind, DomainEvent>["nextWake"]>> extends [unknown, ...infer R] ? R : never;
type TickRest = Parameters<NonNullable<Entity<Kind, DomainEvent>["tick"]>> extends [unknown, ...infer R] ? R : never;

// One cast for all: TypeScript has no existential types; the key of each line and `kind` are compared in the test.
/** All kinds of entity, by kind. */
export const ENTITIES = {
  person: personEntity, codename: codenameEntity, case: caseEntity, member: memberEntity, room: roomEntity, question: questionEntity, request: requestEntity,
  task: taskEntity, delivery: deliveryEntity, alert: alertEntity, wakeTest: wakeTestEntity, comparison: comparisonEntity,
} as unknown as Readonly<Record<Kind, AnyEntity>>;

const BY_EVENT: ReadonlyMap<string, AnyEntity> = new Map(
  Object.values(ENTITIES).flatMap((entity) => Object.keys(entity.events).map((type) => [type, entity] as const)),
);

/** The kind of entity that an event happens to. Throws for an event that no kind knows, which is a bug: unknown events stop the start. */
export function entityOf(event: DomainEvent): AnyEntity {
  const found = BY_EVENT.get(event.type);
  if (found === undefined) throw new Error(`no entity knows the event ${event.type}`);
  return found;
}

/** Whether this build can read an event; what it cannot read stops the start. */
export function known(type: string, v: number): boolean {
  const entity = BY_EVENT.get(type);
  return entity !== undefined && (entity.events as Readonly<Record<string, readonly number[]>>)[type]?.includes(v) === true;
}
