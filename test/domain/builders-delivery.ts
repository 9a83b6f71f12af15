/** Deliveries at any stage for the tests: made by the rules themselves, so that no test stands on a state that cannot be. */
import { createHash } from "node:crypto";
import { acknowledge, decline, raiseByHand } from "../../src/domain/alert.ts";
import type { Alert, Priority } from "../../src/domain/alert.ts";
import type { Context, Decision } from "../../src/domain/decision.ts";
import type { Delivery } from "../../src/domain/delivery.ts";
import { recordContact } from "../../src/domain/delivery-contact.ts";
import type { Contacting } from "../../src/domain/delivery-contact.ts";
import { draftDelivery } from "../../src/domain/delivery-draft.ts";
import type { Draft } from "../../src/domain/delivery-draft.ts";
import { sayGo } from "../../src/domain/delivery-go.ts";
import { askCountry, recordGrant } from "../../src/domain/delivery-grants.ts";
import type { Granting } from "../../src/domain/delivery-grants.ts";
import { give, take } from "../../src/domain/delivery-hand-over.ts";
import type { Taking } from "../../src/domain/delivery-hand-over.ts";
import { stopDelivery } from "../../src/domain/delivery-stop.ts";
import type { Condition, Point } from "../../src/domain/delivery-types.ts";
import type { AlertId, DeliveryId, Instant, Zone } from "../../src/domain/ids.ts";
import { deliverySlot } from "../../src/domain/ids.ts";
import type { Question } from "../../src/domain/question.ts";
import { DAY, HOUR, aCase, codes, country, sign } from "./builders.ts";
import type { Story } from "./builders.ts";

export const SEAL = "0774471";

const POINTS: Readonly<Record<string, Point>> = {
  BR: { place: "Santos", country: country("BR"), zone: "America/Sao_Paulo" as Zone },
  CV: { place: "Praia", country: country("CV"), zone: "Atlantic/Cape_Verde" as Zone },
  BE: { place: "Antwerp", country: country("BE"), zone: "Europe/Brussels" as Zone },
  PT: { place: "Sines", country: country("PT"), zone: "Europe/Lisbon" as Zone },
  SN: { place: "Dakar", country: country("SN"), zone: "Africa/Dakar" as Zone },
};
export function points(...codesOf: readonly string[]): readonly Point[] {
  return codesOf.map((code) => {
    const point = POINTS[code];
    if (point === undefined) throw new Error(`no point in ${code}`);
    return point;
  });
}

/**
 * A case of six states. On the route: BR-1 and BE-1 authorities, CV-1 administrator, BR-2, BR-3, CV-2, CV-3 and BE-2 members. Not on it: the administrators
 * ES-1 and CO-1, PT-1 member; SN-1 and SN-2 liaisons; ES-2 auditor; BR-4 liaison of a country on the route.
 */
export function peopleOfARoute(until?: number): Story {
  const people = aCase().states("ES", "CO", "BR", "CV", "BE", "PT")
    .with("BR", "authority").with("BR", "member").with("BR", "member").with("BR", "liaison")
    .with("CV", "administrator").with("CV", "member").with("CV", "member")
    .with("BE", "authority").with("BE", "member")
    .with("PT", "member").with("SN", "liaison").with("SN", "liaison").with("ES", "auditor");
  return (until === undefined ? people : people.until(until)).open();
}

/** A plan from Santos by Praia to Antwerp, in an hour, for three weeks. */
export function aPlan(now: Instant, more: Partial<Draft> = {}): Draft {
  return {
    route: points("BR", "CV", "BE"), mode: "clean", seal: SEAL,
    from: { at: (now + HOUR) as Instant, zone: "America/Sao_Paulo" as Zone },
    to: { at: (now + 21 * DAY) as Instant, zone: "Europe/Brussels" as Zone },
    ...more,
  };
}

/** Drafts with a digest that shows nothing of the plan, as the product's. */
export function draft(story: Story, more: Partial<Draft> = {}, by = "BR-2"): Decision {
  return story.as(by, (scope, ctx) => draftDelivery(scope, aPlan(story.world.now, more), { ...ctx, digest: hashed }));
}
function hashed(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 8);
}

/** One delivery in a story, with what people do to it. Each of these gives the decision; a refusal has changed nothing. */
export class OneDelivery {
  readonly story: Story;
  readonly id: DeliveryId;
  constructor(story: Story, id: DeliveryId) {
    this.story = story;
    this.id = id;
  }
  get world(): Story["world"] {
    return this.story.world;
  }
  get now(): Delivery {
    const found = this.story.scope.state.delivery.get(this.id);
    if (found === undefined) throw new Error(`no ${this.id} in this story`);
    return found;
  }
  get watch(): string {
    return this.now.plan.legs[this.now.movement?.leg ?? 0]?.country ?? "";
  }
  ask(callSign: string, of: string): Decision {
    return this.story.as(callSign, (scope, ctx) => askCountry(scope, { delivery: this.id, country: country(of) }, ctx));
  }
  grant(callSign: string, more: Omit<Granting, "delivery"> = { paper: "despacho 123/26" }): Decision {
    return this.story.as(callSign, (scope, ctx) => recordGrant(scope, { delivery: this.id, ...more }, ctx));
  }
  go(callSign: string): Decision {
    return this.story.as(callSign, (scope, ctx) => sayGo(scope, this.id, ctx));
  }
  give(callSign: string, seal = SEAL, condition: Condition = "intact"): Decision {
    return this.story.as(callSign, (scope, ctx) => give(scope, { delivery: this.id, seal, condition }, ctx));
  }
  take(callSign: string, reading: Omit<Taking, "delivery"> = { seal: SEAL }): Decision {
    return this.story.as(callSign, (scope, ctx) => take(scope, { delivery: this.id, ...reading }, ctx));
  }
  contact(callSign: string, more: Omit<Contacting, "delivery"> = {}): Decision {
    return this.story.as(callSign, (scope, ctx) => recordContact(scope, { delivery: this.id, ...more }, ctx));
  }
  stop(callSign: string, reason?: string): Decision {
    return this.story.as(callSign, (scope, ctx) => stopDelivery(scope, this.id, reason, ctx));
  }
  /** As if it were typed in the delivery's own room. */
  inRoom(): Partial<Context> {
    return { origin: { room: "delivery", slot: deliverySlot(this.id), delivery: this.id } };
  }
  alerts(): readonly Alert[] {
    return [...this.story.scope.state.alert.values()].filter((alert) => alert.delivery === this.id);
  }
  openAlerts(): readonly Alert[] {
    return this.alerts().filter((alert) => alert.acknowledged.length === 0);
  }
  questions(about: string): readonly Question[] {
    return openQuestions(this.story, about);
  }
}

export function openQuestions(story: Story, about: string): readonly Question[] {
  return [...story.scope.state.question.values()].filter((question) => question.state === "open" && question.about === about);
}

/**
 * A delivery at a stage of its life; nothing said on the way is noted any more.
 * ```ts
 * const delivery = aDelivery().moving();
 * ```
 */
export function aDelivery(more: Partial<Draft> = {}, until?: number): DeliveryBuilder {
  return new DeliveryBuilder(peopleOfARoute(until), more);
}

export class DeliveryBuilder {
  readonly #story: Story;
  readonly #more: Partial<Draft>;
  constructor(story: Story, more: Partial<Draft>) {
    this.#story = story;
    this.#more = more;
  }
  drafted(): OneDelivery {
    const story = this.#story;
    const id = done(draft(story, this.#more))[0];
    if (id?.type !== "delivery.drafted") throw new Error("nothing was drafted");
    story.world.listen();
    return new OneDelivery(story, id.id);
  }
  ready(): OneDelivery {
    const delivery = this.drafted();
    for (const callSign of ["BR-1", "CV-1", "BE-1"]) done(delivery.grant(callSign));
    delivery.world.listen();
    return delivery;
  }
  moving(): OneDelivery {
    const delivery = this.ready();
    for (const callSign of ["CV-2", "BR-2"]) done(delivery.go(callSign));
    delivery.world.listen();
    return delivery;
  }
  offered(seal = SEAL, condition: Condition = "intact"): OneDelivery {
    const delivery = this.moving();
    done(delivery.give("BR-2", seal, condition));
    delivery.world.listen();
    return delivery;
  }
  stopped(): OneDelivery {
    const delivery = this.moving();
    done(delivery.stop("BE-2"));
    delivery.world.listen();
    return delivery;
  }
}

/** The events of a decision that has to be one. */
export function done(decision: Decision): Extract<Decision, { ok: true }>["events"] {
  if (!decision.ok) throw new Error(`refused: ${codes(decision).join(", ")}`);
  return decision.events;
}

/** An alert raised by hand, and what people do with it. */
export class OneAlert {
  readonly story: Story;
  readonly id: AlertId;
  constructor(story: Story, id: AlertId) {
    this.story = story;
    this.id = id;
  }
  get now(): Alert {
    const found = this.story.scope.state.alert.get(this.id);
    if (found === undefined) throw new Error(`no ${this.id} in this story`);
    return found;
  }
  acknowledge(callSign: string): Decision {
    return this.story.as(callSign, (scope, ctx) => acknowledge(scope, this.id, ctx));
  }
  decline(callSign: string): Decision {
    return this.story.as(callSign, (scope, ctx) => decline(scope, this.id, ctx));
  }
}

export function anAlert(priority: Priority = "P2", to = "SN-1", text = "the vessel has changed its port of call", story = peopleOfARoute()): OneAlert {
  const raised = done(raise(story, "CV-2", priority, to, text))[0];
  if (raised?.type !== "alert.raised") throw new Error("nothing was raised");
  return new OneAlert(story, raised.id);
}
export function raise(story: Story, by: string, priority: Priority, to: string, text = "the vessel has changed its port of call"): Decision {
  return story.as(by, (scope, ctx) => raiseByHand(scope, { priority, to: sign(to), text }, ctx));
}
