import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { assertEachOnce, countExactly } from "../support/counting.ts";
import type { Broken, Fault, FaultLine } from "../support/fault-proxy.ts";
import { anything, keysAndDevices, openFaultLine, sends, syncs } from "../support/fault-proxy.ts";
import {
  busy, cutAfterwards, cutBefore, cutInAnswer, cutInRequest, doubledEvents, dripping, failing, gap, halfJson, huge, late, longerThanSaid, notGzip, pageInstead, reversedEvents,
  staleAnswer, twice, wrongClock, wrongType,
} from "../support/faults.ts";
import { filesUnder, findPlanted } from "../support/planted.ts";
import { newRaw } from "../support/raw.ts";
import { startSynapse } from "../support/synapse.ts";
import { openOperation, type Operation } from "./attacks-stage.ts";

/** Stands in every command that is typed here. */
const SECRET = "Pontevedra quay";

describe("between a person's command and its answer", () => {
  let op: Operation;
  let line: FaultLine;
  let room: string;
  const titles: string[] = [];

  before(async () => {
    op = await openOperation({ members: [], strangers: ["tiago"], line: async ({ url }) => (line = await openFaultLine(url)).url });
    room = await op.coordination("luis");
  });
  after(async () => {
    await op?.close();
    await line?.close();
  });

  /** Somebody types a command while this goes wrong; the person reads its answer. How often everybody has read it is counted at the end. */
  async function survives(...broken: readonly Broken[]): Promise<void> {
    const title = `${SECRET} ${titles.length + 1}`;
    titles.push(title);
    await op.asks("luis", room, `!task add ${title}`, said(title));
    for (const each of broken) await each.played;
  }
  function said(title: string): RegExp {
    return new RegExp(`^T-\\d+ ${title}$`, "m");
  }
  const both = (fault: Fault): Promise<void> => survives(line.next(syncs, fault), line.next(sends, fault));

  for (const fault of [
    busy({ body: 300, header: "1" }), busy({ header: "1" }), busy({ body: "soon", header: "never" }), failing(502, "page"), failing(503, "nothing"),
    cutBefore, cutAfterwards, cutInAnswer, halfJson, pageInstead, wrongType, notGzip, longerThanSaid, dripping(5, 40), late(300), twice,
  ]) {
    it(`comes ${fault.name}, for the command and for the answer`, () => both(fault));
  }
  it(`comes ${cutInRequest.name}`, () => survives(line.next(sends, cutInRequest)));
  for (const fault of [gap, doubledEvents, reversedEvents, staleAnswer]) it(`comes ${fault.name}`, () => survives(line.next(syncs, fault)));
  it("comes a sync that has no end, and one that unpacks to a thousand times its size", () => survives(line.next(syncs, huge(80_000_000)), line.next(syncs, huge(80_000_000, true))));

  it("every tenth request fails, each in another way", async () => {
    let asked = 0;
    const stop = line.sometimes(anything, () => (asked += 1) % 10 === 0, [cutBefore, cutAfterwards, failing(502, "page"), halfJson, busy({ body: 50 })]);
    for (let times = 0; times < 5; times += 1) await survives();
    stop();
  });
  for (const hours of [5, -30]) {
    it(`the server's clock is ${hours} h wrong`, async () => {
      const stop = line.always(anything, wrongClock(hours * 3_600_000));
      await survives();
      stop();
    });
  }
  it("somebody comes in while whatever has to do with keys fails", async () => {
    const broken = [line.next(keysAndDevices, failing(502), 2), line.next(keysAndDevices, cutAfterwards), line.next(keysAndDevices, halfJson)];
    await op.add({ name: "tiago", role: "member", country: "PT" });
    for (const each of broken) await each.played;
  });
  it("the homeserver is killed and started again", async () => {
    const title = `${SECRET} ${titles.length + 1}`;
    titles.push(title);
    await op.person("luis").say(room, `!task add ${title}`);
    await op.synapse.kill();
    const again = await startSynapse({ dir: path.join(op.dir, "synapse"), fast: true });
    try {
      for (const name of ["ana", "luis"]) await op.reads(name, said(title), { room });
    } finally {
      op.ends(() => again.stop());
    }
  });

  it("nothing was lost, nothing doubled, and nothing of it stands anywhere in clear", async () => {
    const people = ["ana", "luis"].map((name) => op.person(name));
    for (const title of titles) {
      for (const name of ["ana", "luis"]) await op.reads(name, said(title), { room });
      countExactly(op.bot.userId, people, { body: said(title), room: "· coordination", as: "message" });
    }
    assertEachOnce(op.bot.userId, people);
    const control = await newRaw(op.synapse, `control-${randomBytes(3).toString("hex")}`);
    await control.sayInClear(await control.createRoom({ preset: "private_chat" }), "the control word Marim");
    const files = filesUnder(op.dir);
    assert.deepEqual(findPlanted(files, [SECRET]), []);
    assert.notDeepEqual(findPlanted(files, ["control word Marim"]), []);
    assert.doesNotMatch(op.bot.output, /"bug":/);
  });
});
