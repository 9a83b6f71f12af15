import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import fc from "fast-check";
import { DRIFT, LONGEST_STEP, SteadyClock } from "../../src/app/steady-clock.ts";
import type { Instant } from "../../src/domain/ids.ts";
import { ANA, LUIS, NOW } from "../domain/builders-core.ts";
import { HandClock } from "../support/clock.ts";
import { SoonClock, settled } from "../support/model.ts";
import type { Batch } from "../../src/ports.ts";
import type { World } from "./harness.ts";
import { anOpenCase } from "./harness.ts";

/** A machine whose wall clock can be set while time goes on. */
class Machine extends SoonClock {
  offset = 0;
  constructor() {
    super(NOW);
  }
  /** Time as it passes. */
  get passed(): Instant {
    return super.now();
  }
  override now(): Instant {
    return (super.now() + this.offset) as Instant;
  }
  override wakeAt(at: Instant, then: () => void): () => void {
    return this.#wakeAt((at - this.offset) as Instant, then);
  }
  readonly steady = {
    elapsed: (): number => this.passed,
    sleep: (ms: number, then: () => void): (() => void) => this.#wakeAt((this.passed + ms) as Instant, then),
  };
  override async pass(ms: number): Promise<void> {
    const end = (this.passed + ms) as Instant;
    for (let next = this.next(end); next !== undefined; next = this.next(end)) {
      this.moveTo(Math.max(next, this.passed) as Instant);
      await settled();
    }
    this.moveTo(end);
    await settled();
  }
  #wakeAt(at: Instant, then: () => void): () => void {
    const cancel = HandClock.prototype.wakeAt.call(this, at, then);
    if (at <= this.passed) setImmediate(() => this.fireDue());
    return cancel;
  }
}
const HOUR = 3_600_000;

describe("time", () => {
  it("never goes back, and never runs away from what has passed but by a step that is believed", () => {
    fc.assert(fc.property(fc.array(fc.record({ pass: fc.nat(HOUR), set: fc.integer({ min: -3 * LONGEST_STEP, max: 3 * LONGEST_STEP }) }), { maxLength: 40 }), (steps) => {
      const machine = new Machine();
      let believed = 0;
      const clock = new SteadyClock(machine, (ms) => { believed += ms; });
      let before = clock.now();
      for (const { pass, set } of steps) {
        machine.moveTo((machine.passed + pass) as Instant);
        machine.offset += set;
        const after = clock.now();
        assert.ok(after >= before);
        before = after;
      }
      const passed = machine.passed - NOW;
      assert.ok(Math.abs(before - NOW - passed - believed) <= DRIFT * (steps.length + 1));
    }));
  });
  it("comes when it would have come, although somebody sets the clock back by hours", () => {
    const machine = new Machine();
    const clock = new SteadyClock(machine, () => undefined);
    let woken: Instant | undefined;
    clock.wakeAt((clock.now() + 600_000) as Instant, () => { woken = machine.passed; });
    machine.moveTo((NOW + 60_000) as Instant);
    machine.offset = -5 * HOUR;
    machine.moveTo((NOW + 1_200_000) as Instant);
    assert.ok(woken !== undefined && woken - NOW >= 600_000 && woken - NOW <= 616_000, String(woken === undefined ? woken : woken - NOW));
    assert.equal(clock.trouble?.what, "behind");
    machine.offset = 0;
    clock.now();
    assert.equal(clock.trouble, undefined);
  });
  it("does not run ahead by more than a day because a clock says so", () => {
    const machine = new Machine();
    const clock = new SteadyClock(machine, () => assert.fail("it was believed"));
    clock.now();
    machine.offset = 30 * 24 * HOUR;
    machine.moveTo((NOW + 1_000) as Instant);
    assert.equal(clock.now(), NOW + 1_000);
    assert.equal(clock.trouble?.what, "far-ahead");
  });
  it("after a start is what the wall clock says, however long the bot was away, but never before what is on record", () => {
    const late = new SteadyClock(new Machine(), () => assert.fail("nothing jumped"));
    late.notBefore((NOW - 40 * 24 * HOUR) as Instant);
    assert.equal(late.now(), NOW);
    const machine = new Machine();
    const early = new SteadyClock(machine, () => assert.fail("nothing jumped"));
    early.notBefore((NOW + HOUR) as Instant);
    assert.equal(early.now(), NOW + HOUR);
    machine.moveTo((NOW + 5_000) as Instant);
    assert.equal(early.now(), NOW + HOUR + 5_000, "time stands still for an hour, and with it every deadline");
    assert.equal(early.trouble?.what, "behind");
  });
});

describe("when somebody sets the clock of the machine, the bot", () => {
  let world: World | undefined;
  afterEach(async () => {
    await world?.end();
    world = undefined;
  });
  it("never goes back behind what is on record, although all of it stands in a snapshot and the clock is set back while the bot is away", async () => {
    const machine = new Machine();
    // What follows from time is on record later than the last sync that had to be kept.
    const commit = ({ values }: Batch): void => { if (values !== undefined) delete (values as Record<string, unknown>)["sync:at"]; };
    const opened = await anOpenCase({ clock: machine, commit });
    world = opened.world;
    const last = async (): Promise<Instant> => {
      const found: Instant[] = [];
      for (const chain of await opened.world.journal.chains()) for await (const row of opened.world.journal.read(chain, 0)) found.push(row.at);
      return Math.max(...found) as Instant;
    };
    await world.clock.pass(HOUR);
    await world.say(ANA, opened.ana, "task add Call the carrier tomorrow 18:00");
    const before = await last();
    await world.stop();
    machine.offset = -3 * HOUR;
    await world.start({ clock: machine, commit });
    const event = await world.say(ANA, opened.ana, "task add Call the port tomorrow 18:00");
    for (const chain of await world.journal.chains()) for await (const row of world.journal.read(chain, 0)) if (row.cause === event) assert.ok(row.at >= before, `${row.at} after ${before}`);
    assert.ok(world.reads(ANA).some((shown) => shown.body.startsWith("T-2 Call the port")));
  });
  it("takes a step forward for a downtime, says so, and marks what falls due", async () => {
    const machine = new Machine();
    const opened = await anOpenCase({ clock: machine });
    world = opened.world;
    await world.say(ANA, opened.ana, `alert raise P1 ${LUIS} the lorry is burning`);
    const before = world.reads(LUIS).length;
    machine.offset = HOUR;
    await world.say(ANA, opened.ana, "task list");
    await world.clock.pass(90_000);
    assert.ok(world.reads(LUIS).slice(before).some((shown) => /A-1/.test(shown.body) && shown.body.includes("This fell due while the machine slept")));
    assert.equal(world.reads(ANA).filter((shown) => shown.body.startsWith("The machine slept, or its clock was set forward, by 1 h")).length, 1);
    assert.ok((await world.notes()).includes("clock-jumped"));
  });
  it("does not believe a step of more than a day, and wakes the owners", async () => {
    const machine = new Machine();
    const opened = await anOpenCase({ clock: machine });
    world = opened.world;
    const at = world.clock.now();
    machine.offset = 40 * 24 * HOUR;
    await world.say(ANA, opened.ana, "task add Get the waybill tomorrow 18:00");
    assert.equal(world.reads(ANA).filter((shown) => shown.body.startsWith("The machine’s clock says")).length, 1);
    for await (const row of world.journal.read("installation" as never, 0)) assert.ok(row.at <= at + HOUR);
  });
});
