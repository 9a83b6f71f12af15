/** Where runs begin: nothing yet, two open cases, a delivery drafted, ready, moving, offered; a case that is over. Played once by the people themselves. */
import { POLL_RESPONSE } from "../../src/chat/poll.ts";
import type { UserId } from "../../src/domain/ids.ts";
import { ANA, LUIS, NUNO } from "../domain/builders-core.ts";
import { BETO, DINA, EVA, INES, PEOPLE, PILAR, ROSA, SECRET, TITO } from "./people.ts";
import type { Kept } from "./scene.ts";
import { Scene, nothingKept } from "./scene.ts";

const MINUTE = 60_000;

/** A beginning with its name. */
export interface Beginning {
  readonly name: string;
  readonly kept: Kept;
}

/** All of them, in the order of the story. Throws when one of the people does not find what they expect. */
export async function beginnings(): Promise<readonly Beginning[]> {
  const scene = new Scene(1, nothingKept());
  const play = new Play(scene);
  const made: Beginning[] = [];
  const keep = async (name: string): Promise<void> => {
    await scene.pass(5 * MINUTE);
    for (const user of PEOPLE) scene.join(user);
    await scene.pass(5 * MINUTE);
    if (scene.broken !== undefined) throw new Error(`before "${name}": ${scene.broken}`);
    made.push({ name, kept: scene.kept() });
  };
  await scene.start();
  scene.direct(ANA);
  await keep("nothing yet");
  await play.open(ANA, "ES,CO,CV", "2027-11-20", [[ANA, "ES"], [LUIS, "CO"]]);
  for (const [user, role, country] of [[EVA, "member", "ES"], [PILAR, "auditor", "ES"], [ROSA, "authority", "CO"], [DINA, "authority", "CV"], [BETO, "liaison", "CV"], [NUNO, "liaison", "PT"]] as const) {
    await play.add(ANA, LUIS, user, role, country);
  }
  await play.open(ANA, "ES,CO,PT", "2026-12-10", [[ANA, "ES"], [NUNO, "PT"]]);
  for (const [user, role, country] of [[INES, "member", "PT"], [TITO, "member", "CO"], [EVA, "liaison", "ES"]] as const) await play.add(ANA, NUNO, user, role, country);
  await play.say(EVA, `${play.codename(0)} task add "ask the port, ${SECRET}" friday 18:00`);
  await play.say(INES, `task add "copy of the waybill, ${SECRET}"`);
  await keep("two cases are open");
  await play.say(ANA, `${play.codename(0)} cd new route Cartagena CO > Praia CV > Vigo ES mode clean seal 0774471 from tomorrow 04:00 Bogotá to 12 dec 20:00 Madrid`);
  await play.say(NUNO, `${play.codename(1)} cd new route Lisboa PT > Vigo ES mode live seal 5551234 from tomorrow 04:00 Lisbon to 12 dec 20:00 Madrid`);
  await play.say(ROSA, `alert raise P2 to ${BETO} the vessel, ${SECRET}`);
  await keep("deliveries are drafted");
  for (const country of ["CO", "CV", "ES"]) await play.say(ANA, `${play.codename(0)} cd ask CD-1 ${country}`);
  for (const user of [ROSA, DINA]) await play.binds(user, `cd granted CD-1 paper "${SECRET} 1/26" until 16 dec 23:59`);
  await play.binds(ANA, `${play.codename(0)} cd granted CD-1 paper "${SECRET} 2/26"`);
  await keep("a delivery is ready");
  await play.binds(ROSA, "cd go CD-1");
  await play.binds(ANA, `${play.codename(0)} cd go CD-1`);
  await keep("a delivery moves");
  await play.binds(ROSA, "cd give CD-1 seal 0774471 intact");
  await keep("the watch is offered");
  await play.tap(DINA, /^0774471$/);
  // For some seconds a reading can be taken back.
  const read = { name: "the seal has just been read", kept: scene.kept() };
  await scene.pass(MINUTE);
  await keep("the watch has passed");
  await play.binds(ANA, `${play.codename(1)} jit close`);
  await play.tap(NUNO, /^Approve/);
  await keep("one of two cases is closed");
  return [...made, read, { name: "a case is over", kept: await later(made[1]?.kept ?? nothingKept(), 17 * 24 * 60 * MINUTE) }];
}

async function later(from: Kept, ms: number): Promise<Kept> {
  const scene = new Scene(2, from);
  await scene.start();
  await scene.pass(ms);
  await scene.stop();
  if (scene.broken !== undefined) throw new Error(scene.broken);
  return scene.kept();
}

class Play {
  readonly #scene: Scene;
  constructor(scene: Scene) {
    this.#scene = scene;
  }
  codename(number: number): string {
    const chain = this.#scene.truth.cases[number];
    return (chain && this.#scene.truth.scope(chain).state.case.get("case")?.codename) ?? "?";
  }
  async say(user: UserId, body: string): Promise<void> {
    this.#scene.say(user, this.#scene.direct(user), body);
    await this.#scene.pass(3_000);
  }
  async binds(user: UserId, body: string): Promise<void> {
    const before = this.#scene.server.state.polls.get(user)?.length ?? 0;
    await this.say(user, body);
    const asked = this.#scene.server.state.polls.get(user) ?? [];
    const first = asked.at(-1)?.answers[0];
    if (asked.length === before || first === undefined) throw new Error(`${user} was asked nothing about: ${body}; last read: ${this.#scene.server.state.said.at(-1)?.body ?? ""}`);
    await this.tap(user, new RegExp(`^${first.text}$`));
  }
  async tap(user: UserId, answer: RegExp): Promise<void> {
    const scene = this.#scene;
    for (const poll of (scene.server.state.polls.get(user) ?? []).toReversed()) {
      const option = poll.answers.find((each) => answer.test(each.text));
      if (option === undefined) continue;
      scene.send(user, poll.room, POLL_RESPONSE, { "m.relates_to": { rel_type: "m.reference", event_id: poll.event }, [POLL_RESPONSE]: { answers: [option.id] } });
      await scene.pass(3_000);
      return;
    }
    const last = scene.server.state.said.filter((said) => said.readers.includes(user)).slice(-2).map((said) => said.body).join(" | ");
    throw new Error(`${user} was put no question with the answer ${String(answer)}; last read: ${last}`);
  }
  async open(owner: UserId, states: string, until: string, admins: readonly (readonly [UserId, string])[]): Promise<void> {
    await this.say(owner, `jit open agreement "${SECRET} ${states} 1/26" states ${states} until ${until} admins ${admins.map(([user, country]) => `${user} ${country}`).join(" ")}`);
    await this.tap(owner, /^Confirm/);
    for (const [user] of admins.slice(1)) {
      await this.#scene.pass(5_000);
      this.#scene.join(user);
      await this.#scene.pass(5_000);
      await this.tap(user, /^Approve/);
    }
    await this.#scene.pass(10_000);
    for (const user of PEOPLE) this.#scene.join(user);
    await this.#scene.pass(10_000);
  }
  async add(by: UserId, second: UserId, user: UserId, role: string, country: string): Promise<void> {
    await this.say(by, `${this.codename(this.#scene.truth.cases.length - 1)} jit add ${user} "${SECRET} P." ${role} ${country}`);
    await this.tap(by, /^Confirm/);
    await this.tap(second, /^Approve/);
    await this.#scene.pass(10_000);
    this.#scene.join(user);
    await this.#scene.pass(5_000);
  }
}
