/**
 * Contact with the people who follow the goods, and its absence. Silence is silence and not loss: first a question to the leg, then a P1 "no contact",
 * then asking again; only a person can say that the goods are lost (compare the phases of search and rescue, ICAO Annex 12).
 */
import { raiseAlert } from "./alert-asking.ts";
import type { Context, Decision, TickContext } from "./decision.ts";
import { decided, refuse } from "./decision.ts";
import { alarmed, hasOpenAlert } from "./delivery-alarm.ts";
import { asked, circle, circleOf, inRoomOf, isRefusal, usersOf, watchedLeg, zoneOf } from "./delivery-circle.ts";
import type { ContactWord, Delivery, DeliveryEvent, Movement, Planned } from "./delivery-types.ts";
import type { DomainEvent } from "./events.ts";
import type { DeliveryId, Instant, UserId } from "./ids.ts";
import { deliverySlot } from "./ids.ts";
import type { QuestionEvent } from "./question.ts";
import { ask, withdraw } from "./question.ts";
import { line, message, span, typed, when } from "./say.ts";
import type { Scope } from "./state.ts";
import { theCase } from "./state.ts";
import type { Windows } from "./windows.ts";

declare module "./say.ts" {
  interface Sayings {
    "delivery.contact-in-future": { at: Fact };
    "delivery.contact-before-go": { at: Fact; since: Fact };
    "delivery.contact-stub": { codename: string; delivery: string };
    "delivery.contact-who": { leg: number; for: Fact; last: Fact };
    "delivery.contact-have": Record<never, never>;
    "delivery.contact-have-not": Record<never, never>;
    "delivery.alert-no-contact": { delivery: string; leg: number; for: Fact; last: Fact };
    "delivery.alert-contact-denied": { delivery: string; leg: number; by: string; last: Fact };
  }
}

/** Longest note on a contact, in characters. */
export const MAX_NOTE = 300;

/** What somebody tells about contact. */
export interface Contacting {
  readonly delivery: DeliveryId;
  /** none: the person says that they have no contact. */
  readonly what?: ContactWord | "none" | undefined;
  /** When the contact was, if not now. */
  readonly of?: Planned | undefined;
  readonly note?: string | undefined;
}

/** Records a contact with the leg, from anybody in the circle: a relay by radio counts like one's own. It sets the clock of silence back. */
export function recordContact(scope: Scope, contacting: Contacting, ctx: Context): Decision {
  const found = asked(scope, contacting.delivery, ctx);
  if (isRefusal(found)) return found;
  const { delivery, by } = found;
  const { id, movement } = delivery;
  if (movement === undefined) return refuse("delivery.not-moving", { delivery: id, show: typed(`cd show ${id}`) });
  if (contacting.what === "none") return denyContact(scope, delivery, movement, ctx);
  const of = contacting.of?.at ?? ctx.now;
  const shown = when(of, contacting.of?.zone ?? zoneOf(delivery));
  if (of > ctx.now) return refuse("delivery.contact-in-future", { at: shown });
  const start = Math.min(movement.since, movement.contact.at);
  if (of < start) return refuse("delivery.contact-before-go", { at: shown, since: when(start as Instant, zoneOf(delivery)) });
  const last = Math.max(of, movement.contact.at);
  return decided(
    {
      type: "delivery.contacted", v: 1, id, at: ctx.now, by, inRoom: inRoomOf(id, ctx), what: contacting.what ?? "well", of,
      ...(contacting.note === undefined ? {} : { note: contacting.note }),
      ...(delivery.state === "moving" ? { next: (last + ctx.windows.contactEvery) as Instant } : {}),
    },
    // An older contact that is told late does not answer who has contact now.
    ...(of >= movement.contact.at ? withdraw(scope.state.question, aboutContact(id), ctx.now) : []),
  );
}

/** Somebody asked says that they have no contact: that is known now, so the alarm does not wait for the others' silence. */
function denyContact(scope: Scope, delivery: Delivery, movement: Movement, ctx: Context): Decision {
  const member = ctx.author.member;
  if (delivery.state !== "moving" || member === undefined) return refuse("delivery.not-moving", { delivery: delivery.id, show: typed(`cd show ${delivery.id}`) });
  const { user, callSign, country } = member;
  const event: DeliveryEvent = { type: "delivery.contact-denied", v: 1, id: delivery.id, at: ctx.now, by: { user, callSign, country }, inRoom: inRoomOf(delivery.id, ctx) };
  if (isRaised(scope, delivery, movement)) return decided(event);
  return decided(event, ...raiseAlert(scope, ctx, alarmed(scope, delivery, "contact-denied", message(line("delivery.alert-contact-denied", {
    delivery: delivery.id, leg: movement.leg + 1, by: callSign, last: when(movement.contact.at, zoneOf(delivery)),
  })))));
}

/** When the silence next has to be asked about, or the question has stood long enough. */
export function nextSilence(movement: Movement, windows: Windows): Instant {
  const { at, asked: question, alarmed: last } = movement.contact;
  return question?.answerBy ?? ((Math.max(at, last ?? at) + windows.contactEvery) as Instant);
}

/** Silence on the watched leg: the room is asked; when nobody answers, the alarm is raised; then the room is asked again, for as long as it lasts. */
export function tickSilence(delivery: Delivery, ctx: TickContext, scope: Scope): Decision | undefined {
  const { movement, id } = delivery;
  if (delivery.state !== "moving" || movement === undefined || nextSilence(movement, ctx.windows) > ctx.now) return undefined;
  const leg = movement.leg + 1;
  const { contact } = movement;
  if (contact.asked === undefined) {
    const answerBy = (ctx.now + ctx.windows.contactAnswer) as Instant;
    return decided(
      { type: "delivery.contact-asked", v: 1, id, at: ctx.now, leg, last: contact.at, answerBy },
      askForContact(delivery, contact.at, answerBy, scope, ctx),
    );
  }
  const silent: DomainEvent[] = [{ type: "delivery.no-contact", v: 1, id, at: ctx.now, leg, last: contact.at }, ...withdraw(scope.state.question, aboutContact(id), ctx.now)];
  if (isRaised(scope, delivery, movement)) return decided(...silent);
  return decided(...silent, ...raiseAlert(scope, ctx, alarmed(scope, delivery, "no-contact", message(line("delivery.alert-no-contact", {
    delivery: id, leg, for: span(ctx.now - contact.at), last: when(contact.at, zoneOf(delivery)),
  })))));
}

/** Somebody is being asked about this very silence already; an alert about an earlier one says nothing of this one. */
function isRaised(scope: Scope, delivery: Delivery, { contact }: Movement): boolean {
  return contact.alarmed !== undefined && hasOpenAlert(scope, delivery, contact.at, "no-contact", "contact-denied");
}

/** What the question is about, so that a contact or a stop withdraws it. */
export function aboutContact(id: DeliveryId): string {
  return `delivery:${id}:contact`;
}

/** Who is asked for contact: the people of the leg's country, all at once. Where none of them is left, everybody in the circle. */
export function askedForContact(delivery: Delivery, scope: Scope): readonly UserId[] {
  const own = circleOf(scope, delivery, watchedLeg(delivery).country);
  return usersOf(own.length > 0 ? own : circle(scope, delivery));
}

function askForContact(delivery: Delivery, last: Instant, answerBy: Instant, scope: Scope, ctx: TickContext): QuestionEvent {
  const does = (what: string): { command: string; params: Readonly<Record<string, unknown>>; confirmed: boolean } =>
    ({ command: "cd contact", params: { delivery: delivery.id, what }, confirmed: true });
  return ask({
    about: aboutContact(delivery.id), asked: askedForContact(delivery, scope), to: { to: "room", slot: deliverySlot(delivery.id) }, lane: "P1", expires: answerBy,
    stub: line("delivery.contact-stub", { codename: theCase(scope).codename, delivery: delivery.id }),
    details: message(line("delivery.contact-who", { leg: watchedLeg(delivery).number, for: span(ctx.now - last), last: when(last, zoneOf(delivery)) })),
    options: [
      { label: line("delivery.contact-have", {}), does: does("well") },
      { label: line("delivery.contact-have-not", {}), does: does("none") },
    ],
  }, ctx);
}
