/**
 * The story that a golden journal tells: every type of event that this release can write, each at least once, in an order in which they can happen.
 * A new event is one more call of {@link happened} (or {@link installed}) at the end of its part; then make a new journal: see make.ts.
 */
import type { DomainEvent } from "../../../src/domain/events.ts";
import type { AlertId, CallSign, CaseId, Country, DeliveryId, EventId, Instant, MasterKey, QuestionId, RequestId, RoomId, TaskId, UserId, Zone } from "../../../src/domain/ids.ts";
import { COORDINATION, directSlot, INSTALLATION } from "../../../src/domain/ids.ts";
import type { Asking } from "../../../src/domain/question.ts";
import { line, message } from "../../../src/domain/say.ts";
import type { NewRow, SystemEvent } from "../../../src/ports.ts";

export const GOLDEN_CASE = "k3v5hq2xw7ydcn4rjt6mbs7fpa" as CaseId;
const START = Date.UTC(2026, 10, 20, 9, 0);
const MINUTE = 60_000;

const story: NewRow[] = [];
/** All rows of the story, in the order of their commits. */
export const STORY: readonly NewRow[] = story;

/** The moment that is so many minutes after the beginning of the story. */
const at = (minutes: number): Instant => (START + minutes * MINUTE) as Instant;
const now = (): Instant => at(story.length);

/** Adds an event of the case to the story; with `by`, caused by that person. */
function happened(event: DomainEvent | SystemEvent, by?: UserId): void {
  story.push(by === undefined
    ? { chain: GOLDEN_CASE, at: now(), trust: "none", event }
    : { chain: GOLDEN_CASE, at: now(), trust: "pinned-signed", actor: by, cause: `$command-${story.length}` as EventId, event });
}
/** Adds an event of the installation to the story. */
function installed(event: DomainEvent | SystemEvent): void {
  story.push({ chain: INSTALLATION, at: now(), trust: "none", event });
}

const [ana, luis, nuno] = ["@ana:es.example", "@luis:co.example", "@nuno:pt.example"] as [UserId, UserId, UserId];
const [ES, CO, PT] = ["ES", "CO", "PT"] as [Country, Country, Country];
const ES1 = { user: ana, callSign: "ES-1" as CallSign, country: ES };
const CO1 = { user: luis, callSign: "CO-1" as CallSign, country: CO };
const PT1 = { user: nuno, callSign: "PT-1" as CallSign, country: PT };
const madrid = "Europe/Madrid" as Zone;
const text = (words: string): ReturnType<typeof line> => line("text", { text: words });

// ---------------------------------------------------------------- the installation and its people
installed({ type: "system.noted", v: 1, what: "started", facts: { version: "0.1.0", rooms: 0, clean: true } });
installed({ type: "person.pinned", v: 1, user: ana, masterKey: "A".repeat(43) as MasterKey, language: "en", zone: madrid });
installed({ type: "person.pinned", v: 1, user: luis, masterKey: "B".repeat(43) as MasterKey, language: "es", zone: "America/Bogota" as Zone });
installed({ type: "person.language-set", v: 1, user: ana, language: "es", at: now() });
installed({ type: "person.zone-set", v: 1, user: ana, zone: "Atlantic/Canary" as Zone, at: now() });
installed({ type: "room.bound", v: 1, slot: directSlot(ana), room: "!direct" as RoomId, at: now() });
installed({ type: "codename.taken", v: 1, codename: "Albatross", case: GOLDEN_CASE, at: now() });

installed({ type: "person.confirmed", v: 1, user: ana, masterKey: "A".repeat(43) as MasterKey, how: "config", at: now() });
installed({ type: "person.confirmed", v: 1, user: luis, masterKey: "B".repeat(43) as MasterKey, how: "agreement", by: ana, at: now() });

const comparing = { user: luis, masterKey: "B".repeat(43) as MasterKey, asked: [ana], called: ["ES-1"], in: { chain: GOLDEN_CASE, codename: "Albatross", callSign: CO1.callSign } };
installed({ type: "comparison.shown", v: 1, id: "0123456789abcdef01234567", ...comparing, at: now(), expires: at(600) });
installed({ type: "comparison.answered", v: 1, id: "0123456789abcdef01234567", by: ana, matches: true, at: now() });
installed({ type: "comparison.ended", v: 1, id: "0123456789abcdef01234567", end: "verified", at: now() });

// ---------------------------------------------------------------- the case and its people
happened({
  type: "case.opened", v: 1, case: GOLDEN_CASE, codename: "Albatross", agreement: "ES-CO-PT 2026/114", states: [ES, CO, PT], from: at(0), until: at(500_000), zone: madrid,
  language: "en", digest: "7F3Q-19KD", at: now(), by: ana, confirmedBy: [ana, luis],
}, ana);
happened({ type: "member.added", v: 1, ...ES1, name: "Ana", role: "administrator", at: now(), by: ana, approvedBy: [ana] }, ana);
happened({ type: "member.added", v: 1, ...CO1, name: "Luis \u{1F33F} Ñ", role: "administrator", at: now(), by: ana, approvedBy: [luis] }, ana);
happened({ type: "member.added", v: 1, ...PT1, name: "Nuno P.", role: "authority", at: now(), by: ana, approvedBy: [luis] }, ana);
story.push({
  chain: GOLDEN_CASE, at: now(), trust: "confirmed", actor: ana, cause: "$confirmed" as EventId,
  event: { type: "member.confirmed", v: 1, callSign: CO1.callSign, how: "agreement", by: ana, at: now() },
});
happened({ type: "room.bound", v: 1, slot: COORDINATION, room: "!coordination" as RoomId, at: now() });
happened({ type: "member.added", v: 1, user: "@rita:pt.example" as UserId, callSign: "PT-2" as CallSign, country: PT, name: "Rita", role: "member", at: now(), by: ana, approvedBy: [luis] }, ana);
happened({ type: "member.removed", v: 1, callSign: "PT-2" as CallSign, at: now(), by: ana, approvedBy: [] }, ana);
happened({ type: "case.checkpoint-due", v: 1, at: now() });

// ---------------------------------------------------------------- questions and requests
const asking: Asking = {
  about: "request:r1", asked: [luis], to: { to: "people", users: [luis] }, lane: "live", stub: text("Albatross"), details: message(text("all of it")), options: [], digest: "7F3Q-19KD", expires: at(60),
};
const options = [{ id: "yes", label: text("Approve"), does: { command: "yes", params: { code: "7F3Q", nested: { list: [1, null, "x"] } }, confirmed: true } }, { id: "no", label: text("Refuse") }];
function asks(id: string): void {
  happened({ type: "question.asked", v: 1, ...asking, id: id as QuestionId, code: "7F3Q", askedAt: now(), options });
}
const request = {
  author: ana, does: { command: "jit add", params: { user: nuno }, confirmed: true }, digest: "7F3Q-19KD", details: message(text("add Nuno")), called: { [ana]: "ES-1", [luis]: "CO-1" },
  codename: "Albatross", needs: [{ anyOf: [luis], count: 1 }], expires: at(600),
};
function requests(id: string): void {
  happened({ type: "request.made", v: 1, ...request, id: id as RequestId, at: now() }, ana);
}
requests("r1");
asks("q1");
happened({ type: "question.answered", v: 1, id: "q1" as QuestionId, by: luis, option: "yes", at: now() }, luis);
happened({ type: "request.consented", v: 1, id: "r1" as RequestId, by: luis, at: now() }, luis);
happened({ type: "request.granted", v: 1, id: "r1" as RequestId, at: now() }, luis);
asks("q2");
happened({ type: "question.vote-ignored", v: 1, id: "q2" as QuestionId, by: nuno, why: "not-asked", at: now() }, nuno);
happened({ type: "question.expired", v: 1, id: "q2" as QuestionId, at: now() });
asks("q3");
happened({ type: "question.withdrawn", v: 1, id: "q3" as QuestionId, at: now() });
requests("r2");
happened({ type: "request.refused", v: 1, id: "r2" as RequestId, by: luis, at: now() }, luis);
requests("r3");
happened({ type: "request.expired", v: 1, id: "r3" as RequestId, at: now() });

// ---------------------------------------------------------------- tasks
const task = "T-1" as TaskId;
happened({ type: "task.added", v: 1, task, title: "Get the air waybill «from» the carrier \u2014 \u200e05/12", owner: CO1.callSign, by: ES1.callSign, due: { at: at(3_000), zone: madrid }, remindBefore: [86_400_000, 7_200_000], at: now() }, ana);
happened({ type: "task.added", v: 1, task: "T-2" as TaskId, title: "Without a date", owner: ES1.callSign, by: ES1.callSign, remindBefore: [], at: now() }, ana);
happened({ type: "task.reminded", v: 1, task, kind: "before", at: now(), next: at(3_000) });
happened({ type: "task.accepted", v: 1, task, by: CO1.callSign, at: now() }, luis);
happened({ type: "task.finished", v: 1, task, by: CO1.callSign, note: "copia recibida", at: now() }, luis);

// ---------------------------------------------------------------- a controlled delivery
const id = "CD-1" as DeliveryId;
const legs = [{ number: 1, place: "Bogotá", country: CO, zone: "America/Bogota" as Zone }, { number: 2, place: "Lisboa", country: PT, zone: "Europe/Lisbon" as Zone }];
const seal = "0774471" as never;
const reading = (by: typeof ES1, read = seal) => ({ by, seal: read, at: now(), final: (now() + 20_000) as Instant });
happened({ type: "delivery.drafted", v: 1, id, at: now(), by: ES1, digest: "PLAN", plan: { legs, mode: "clean", seal, salt: "c".repeat(26), from: { at: at(100), zone: madrid }, to: { at: at(9_000), zone: madrid }, requesting: ES } }, ana);
happened({ type: "delivery.grant-asked", v: 1, id, at: now(), by: ES1, inRoom: true, country: PT, people: [nuno] }, ana);
happened({ type: "delivery.granted", v: 1, id, at: now(), by: PT1, inRoom: false, voids: [], grant: { country: PT, plan: "PLAN", paper: "despacho 123/26", oral: at(10), from: at(0), until: at(9_500), recorded: now() } }, nuno);
happened({ type: "delivery.granted", v: 1, id, at: now(), by: CO1, inRoom: false, voids: [], grant: { country: CO, plan: "PLAN", from: at(0), recorded: now() } }, luis);
happened({ type: "delivery.go-said", v: 1, id, at: now(), by: PT1, inRoom: true, lapses: at(200), missing: [CO] }, nuno);
happened({ type: "delivery.go-lapsed", v: 1, id, at: now(), user: nuno, callSign: PT1.callSign });
happened({ type: "delivery.go-said", v: 1, id, at: now(), by: PT1, inRoom: true, lapses: at(300), missing: [CO] }, nuno);
happened({ type: "delivery.gone", v: 1, id, at: now(), by: [PT1, CO1], country: CO, nextContact: at(400) }, luis);
happened({ type: "delivery.contacted", v: 1, id, at: now(), by: CO1, inRoom: true, what: "well", of: now(), next: at(400) }, luis);
happened({ type: "delivery.contact-asked", v: 1, id, at: now(), leg: 0, last: at(40), answerBy: at(410) });
happened({ type: "delivery.contact-denied", v: 1, id, at: now(), by: CO1, inRoom: true }, luis);
happened({ type: "delivery.no-contact", v: 1, id, at: now(), leg: 0, last: at(40) });
happened({ type: "delivery.contacted", v: 1, id, at: now(), by: CO1, inRoom: false, what: "halted", of: now(), note: "radio" }, luis);
function offers(): void {
  happened({ type: "delivery.offered", v: 1, id, at: now(), by: CO1, from: CO, to: PT, seal, condition: "intact", choices: [seal, "0774417" as never], final: at(500), askAgain: at(510), corrects: false }, luis);
}
offers();
happened({ type: "delivery.taker-asked", v: 1, id, at: now(), askAgain: at(520) });
happened({ type: "delivery.offer-lapsed", v: 1, id, at: now(), from: CO, to: PT });
offers();
happened({ type: "delivery.seal-read", v: 1, id, at: now(), by: PT1, final: at(500), corrects: false }, nuno);
happened({ type: "delivery.reading-withdrawn", v: 1, id, at: now(), by: PT1, askAgain: at(530) }, nuno);
happened({ type: "delivery.seal-read", v: 1, id, at: now(), by: PT1, seal: "0774417" as never, final: at(500), corrects: true }, nuno);
happened({ type: "delivery.seal-differs", v: 1, id, at: now(), given: reading(CO1 as typeof ES1), taken: reading(PT1 as typeof ES1, "0774417" as never), watch: CO });
offers();
happened({ type: "delivery.seal-read", v: 1, id, at: now(), by: PT1, seal, final: at(500), corrects: false }, nuno);
happened({ type: "delivery.watch-taken", v: 1, id, at: now(), by: PT1, giver: CO1, from: CO, leg: 1, asPlanned: true, condition: "intact", nextContact: at(600) }, nuno);
happened({ type: "delivery.grant-ended", v: 1, id, at: now(), country: PT, until: at(9_500), voids: [] });
happened({ type: "delivery.cover-ended", v: 1, id, at: now(), until: at(9_500) });
happened({ type: "delivery.stopped", v: 1, id, at: now(), by: CO1, inRoom: true, from: "moving", reason: "estamos quemados" }, luis);
happened({ type: "delivery.stop-repeated", v: 1, id, at: now(), by: PT1, inRoom: true }, nuno);

// ---------------------------------------------------------------- alerts
const alert = "A-1" as AlertId;
happened({ type: "alert.raised", v: 1, id: alert, at: now(), priority: "P1", cause: "no-contact", delivery: id, to: [CO1, PT1], watchers: [ana], details: message(text("no contact")), answerBy: at(700) });
happened({ type: "alert.asked-again", v: 1, id: alert, at: now(), round: 2, people: [CO1, PT1] });
happened({ type: "alert.overdue", v: 1, id: alert, at: now() });
happened({ type: "alert.declined", v: 1, id: alert, at: now(), by: CO1, all: false }, luis);
happened({ type: "alert.acknowledged", v: 1, id: alert, at: now(), by: PT1, first: true }, nuno);

// ---------------------------------------------------------------- wake tests
installed({ type: "wake-test.asked", v: 1, user: nuno, at: now(), ringAt: at(story.length + 1) });
installed({ type: "wake-test.rung", v: 1, user: nuno, at: now(), until: at(story.length + 5) });
installed({ type: "wake-test.missed", v: 1, user: nuno, at: now(), after: MINUTE, why: "silent" });
installed({ type: "wake-test.asked", v: 1, user: luis, at: now(), ringAt: at(story.length + 1) });
installed({ type: "wake-test.rung", v: 1, user: luis, at: now(), until: at(story.length + 5) });
installed({ type: "wake-test.heard", v: 1, user: luis, at: now(), after: 12_000 });
installed({ type: "wake-test.cancelled", v: 1, user: nuno, at: now() });

// ---------------------------------------------------------------- people kept out and let back
const newKey = "C".repeat(43) as MasterKey;
installed({ type: "person.suspended", v: 1, user: luis, shown: newKey, at: now() });
happened({ type: "member.suspended", v: 1, callSign: CO1.callSign, at: now(), since: now(), shown: newKey });
installed({ type: "person.identity-seen", v: 1, user: luis, shown: "B".repeat(43) as MasterKey, at: now() });
happened({ type: "member.identity-seen", v: 1, callSign: CO1.callSign, at: now(), shown: "B".repeat(43) as MasterKey, isPinned: true });
installed({ type: "person.restored", v: 1, user: luis, masterKey: newKey, at: now() });
happened({ type: "member.restored", v: 1, callSign: CO1.callSign, at: now(), by: ES1.callSign, approvedBy: [PT1.callSign], masterKey: newKey }, ana);
installed({ type: "person.cut-off", v: 1, user: ana, at: now() });
happened({ type: "member.cut-off", v: 1, callSign: ES1.callSign, at: now(), since: now(), by: CO1.callSign, note: "stolen at the port" }, luis);
installed({ type: "person.let-back", v: 1, user: ana, at: now() });
happened({ type: "member.let-back", v: 1, callSign: ES1.callSign, at: now(), by: CO1.callSign, approvedBy: [PT1.callSign] }, luis);
happened({ type: "case.keys-rotated", v: 1, at: now(), by: CO1.callSign }, luis);

// ---------------------------------------------------------------- the end
happened({ type: "case.expired", v: 1, at: at(500_000) });
happened({ type: "case.closed", v: 1, at: at(500_001), by: ana, approvedBy: [luis] }, ana);
