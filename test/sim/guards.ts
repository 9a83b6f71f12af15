/** Promises about questions and deliveries, said anew here and not by the rules that they watch over. */
import type { DomainEvent } from "../../src/domain/events.ts";
import type { Delivery, DeliveryEvent } from "../../src/domain/delivery.ts";
import type { Instant } from "../../src/domain/ids.ts";
import type { QuestionEvent } from "../../src/domain/question.ts";
import type { Scope } from "../../src/domain/state.ts";

/** What an event breaks, against the state just before it. */
export function guard(event: DomainEvent, scope: Scope, at: Instant): readonly string[] {
  if (event.type === "question.answered") return answered(event, scope, at);
  if (event.type.startsWith("delivery.") && event.type !== "delivery.drafted") return moved(event as DeliveryEvent, scope, at);
  if (event.type === "member.added" && new Set([event.by, ...event.approvedBy]).size < 2 && !event.approvedBy.includes(event.user)) return [`${event.user} was taken in on the word of one person`];
  if (event.type === "member.restored" || event.type === "member.let-back") return backAgain(event, scope);
  return [];
}

/** Where it was decided: by two, neither of whom is the one who comes back. Elsewhere it is only put on record. */
function backAgain({ callSign, by, approvedBy }: Extract<DomainEvent, { type: "member.restored" | "member.let-back" }>, { state }: Scope): readonly string[] {
  if (by === undefined) return [];
  const two = new Set([by, ...approvedBy]);
  const out = [...two].filter((each) => state.member.get(each)?.suspended !== undefined || state.member.get(each)?.cutOff !== undefined);
  return [
    ...(two.size < 2 || two.has(callSign) ? [`${callSign} was let back on the word of ${[...two].join(", ")}`] : []),
    ...(out.length > 0 ? [`${callSign} was let back by ${out.join(", ")}, who were kept out themselves`] : []),
  ];
}

function answered(event: Extract<QuestionEvent, { type: "question.answered" }>, { state }: Scope, at: Instant): readonly string[] {
  const question = state.question.get(event.id);
  return [
    ...(question?.state === "open" ? [] : [`a question was answered that was ${question?.state ?? "never put"}`]),
    ...(question !== undefined && at >= question.expires ? ["an answer counted that came after the question's time"] : []),
    ...(question !== undefined && !question.asked.includes(event.by) ? ["an answer counted of somebody who had not been asked"] : []),
  ];
}

/** Nothing of this may happen to what has been stopped. */
const MOVES: ReadonlySet<string> = new Set<DeliveryEvent["type"]>(["delivery.gone", "delivery.offered", "delivery.watch-taken", "delivery.go-said", "delivery.seal-read"]);

function moved(event: DeliveryEvent, { state }: Scope, at: Instant): readonly string[] {
  const delivery = state.delivery.get(event.id);
  if (delivery === undefined) return [`${event.type} of a delivery that there is not`];
  const broken = delivery.state === "stopped" && MOVES.has(event.type) ? [`${event.type} after a stop`] : [];
  if (event.type === "delivery.gone") broken.push(...gone(event, delivery, at));
  if (event.type === "delivery.watch-taken") broken.push(...taken(event, delivery));
  return broken;
}

function gone(event: Extract<DeliveryEvent, { type: "delivery.gone" }>, delivery: Delivery, at: Instant): readonly string[] {
  const countries = [...new Set(delivery.plan.legs.map((leg) => leg.country))];
  const without = countries.filter((country) => {
    const grant = delivery.grants[country];
    return grant === undefined || grant.over || (grant.until !== undefined && grant.until <= at);
  });
  const said = new Set([...delivery.goes.filter((go) => go.lapses > at).map((go) => go.by.country), ...event.by.map((doer) => doer.country)]);
  const [first] = countries;
  return [
    ...without.map((country) => `it went without the grant of ${country}`),
    ...(first === undefined || !said.has(first) ? ["it went without the word of the country where the goods are"] : []),
    ...(said.size < 2 ? ["it went on the word of one country"] : []),
    ...(delivery.state === "authorising" ? [] : [`it went when it was ${delivery.state}`]),
  ];
}

function taken(event: Extract<DeliveryEvent, { type: "delivery.watch-taken" }>, { movement }: Delivery): readonly string[] {
  const offer = movement?.offer;
  if (offer === undefined || offer.from !== event.from) return ["the watch moved without an offer of the one who had it"];
  return [
    ...(event.by.country === offer.to ? [] : [`${event.by.country} took the watch for ${offer.to}`]),
    ...(offer.taken?.seal !== undefined && offer.taken.seal === offer.given.seal ? [] : ["the watch moved on readings that differ"]),
  ];
}
