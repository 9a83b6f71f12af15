import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { COUNTERS, Health } from "../../src/app/health.ts";
import { GAUGES, metricsText } from "../../src/app/metrics.ts";
import { startOperations } from "../../src/app/operations.ts";
import type { OperationsParts } from "../../src/app/operations.ts";
import type { InsideFacts } from "../../src/app/doctor-inside.ts";
import { PULSE_FILE, readPulse } from "../../src/app/pulse.ts";
import type { Log, Machine } from "../../src/app/system.ts";
import { vitalsOf } from "../../src/app/vitals.ts";
import type { Told } from "../../src/app/vitals.ts";
import type { Instant } from "../../src/domain/ids.ts";
import { ANA, NOW } from "../domain/builders-core.ts";
import { freePort } from "../support/synapse.ts";
import { findPlanted } from "../support/planted.ts";
import { settled } from "../support/model.ts";
import { HandClock } from "../support/clock.ts";
import type { World } from "./harness.ts";
import { anOpenCase, draftDelivery } from "./harness.ts";

const MACHINE: Machine = { figures: () => ({ resident: 1, heap: 2, loopDelay: 3, node: "26.0.0" }), turn() {}, stop() {} };

/** What is told of a bot that is well; `changes` says in what it is not. */
function told(changes: Partial<Told> & { readonly moments?: Partial<Record<"started" | "tried" | "synced" | "waits" | "unsendable", number>> } = {}): Told {
  const moments = { started: NOW - 3_600_000, tried: NOW - 1_000, synced: NOW - 2_000, ...changes.moments };
  return {
    now: NOW, health: { when: (moment) => moments[moment as keyof typeof moments] as Instant | undefined }, stopped: false, safe: false,
    inbox: { all: 0, undecryptable: 0 }, outbox: [], roomsUndone: 0, timers: 0, ...changes,
  };
}

describe("whether the bot can be relied on", () => {
  for (const { what, of, notReady, isLive = true } of [
    { what: "is said to be so while it syncs", of: told(), notReady: [] },
    { what: "waits for the first answer", of: told({ moments: { synced: undefined as never } }), notReady: ["starting"] },
    { what: "is denied two minutes after the last answer", of: told({ moments: { synced: NOW - 121_000 } }), notReady: ["not-synced"] },
    { what: "is denied two minutes after the homeserver has begun to take nothing, while something waits to be sent", of: told({ moments: { unsendable: NOW - 121_000 }, outbox: [{ lane: "P1", created: NOW, setAside: false }] }), notReady: ["not-sending"] },
    { what: "is not denied for a failure that was the last there was to send", of: told({ moments: { unsendable: NOW - 121_000 } }), notReady: [] },
    { what: "is denied when it has been asked to end", of: told({ stopped: true }), notReady: ["stopping"] },
    { what: "is denied, and that it lives, too, when its loop has not come round for ten minutes", of: told({ moments: { tried: NOW - 600_000, synced: NOW - 600_000 } }), notReady: ["not-synced"], isLive: false },
    { what: "leaves it alive while the homeserver has made it wait for an hour", of: told({ moments: { tried: NOW - 1_800_000, synced: NOW - 1_800_000, waits: NOW + 1_800_000 } }), notReady: ["not-synced"] },
  ]) {
    it(what, () => {
      const vitals = vitalsOf(of);
      assert.deepEqual([vitals.notReady, vitals.isLive], [notReady, isLive]);
    });
  }
});

describe("the figures", () => {
  let world: World | undefined;
  afterEach(async () => {
    await world?.end();
    world = undefined;
  });

  it("have every counter and gauge, count what people do, and hold no word of a case", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    await draftDelivery(opened);
    await world.say(ANA, opened.coordination, "!task add Watch the Heronsgate warehouse tomorrow 18:00");
    await world.say(ANA, opened.coordination, "!taks list");
    const figures = { counts: world.app.health.counts(), vitals: world.app.vitals(), machine: MACHINE.figures(), journalBytes: 4_096, version: "0.1.0" };
    const text = metricsText(figures);
    for (const name of Object.keys(COUNTERS)) assert.match(text, new RegExp(`^relevo_${name}_total \\d`, "m"), name);
    for (const name of Object.keys(GAUGES)) assert.match(text, new RegExp(`^# TYPE relevo_${name} gauge$`, "m"), name);
    for (const line of text.trimEnd().split("\n")) assert.match(line, /^(?:# (?:HELP|TYPE) relevo_[a-z0-9_]+ .+|relevo_[a-z0-9_]+(?:\{[a-z]+="[A-Za-z0-9.-]+"(?:,[a-z]+="[A-Za-z0-9.-]+")*\})? -?[\d.e+-]+)$/);
    assert.ok(figures.counts.commands_done >= 2 && figures.counts.commands_refused >= 1 && figures.counts.sent > 5, JSON.stringify(figures.counts));
    assert.ok(figures.vitals.timers > 0);
    const folder = mkdtempSync(join(tmpdir(), "relevo-metrics-"));
    const file = join(folder, "metrics.txt");
    writeFileSync(file, text);
    try {
      const name = world.server.after(0).findLast((each) => each.event.type === "m.room.name")?.event.wire["content"] as { readonly name: string };
      assert.ok(!text.includes(name.name.split(" ")[0] ?? " "), "the codename");
      assert.deepEqual(findPlanted([file], ["Heronsgate", "ES-CO 1/26", "0774471", "@ana:es.example", "es.example", "Cartagena"]), []);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  it("say how many rooms are not as they should be", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    assert.equal(world.app.vitals().roomsUndone, 0);
    await world.stop();
    // Somebody opens the room to the world while the bot is away; nothing repairs it before it is seen.
    await world.start({ gateway: (gateway) => { gateway.setState = async () => { throw Object.assign(new Error("no"), { kind: "refused", status: 403 }); }; } });
    world.server.add(opened.coordination, ANA, "m.room.join_rules", { join_rule: "public" }, "");
    await settled();
    assert.equal(world.app.vitals().roomsUndone, 1);
  });
});

describe("a bot that hears and gets nothing sent", () => {
  let world: World | undefined;
  afterEach(async () => {
    await world?.end();
    world = undefined;
  });

  it("cannot be relied on after two minutes, and can again with the first message that goes out", async () => {
    const opened = await anOpenCase();
    world = opened.world;
    const { gateway, clock, app } = world;
    const send = gateway.send.bind(gateway);
    gateway.send = async () => { throw Object.assign(new Error("homeserver: unreachable"), { kind: "unreachable" }); };
    await world.say(ANA, opened.ana, "status");
    assert.deepEqual(app.vitals().notReady, []);
    // It goes on hearing all the while.
    for (let seconds = 0; seconds < 150; seconds += 10) {
      clock.moveTo((clock.now() + 10_000) as Instant);
      await settled();
      app.health.mark("synced", clock.now());
    }
    assert.deepEqual(app.vitals().notReady, ["not-sending"]);
    gateway.send = send;
    for (let seconds = 0; seconds < 600 && app.vitals().notReady.length > 0; seconds += 10) {
      clock.moveTo((clock.now() + 10_000) as Instant);
      await settled();
      app.health.mark("synced", clock.now());
    }
    assert.deepEqual(app.vitals().notReady, []);
  });
});

describe("what watches the bot", () => {
  const ends: (() => Promise<unknown> | void)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });
  const health = new Health();
  const folder = (): string => {
    const made = mkdtempSync(join(tmpdir(), "relevo-operations-"));
    ends.push(() => rmSync(made, { recursive: true }));
    return made;
  };
  const reports: string[] = [];
  const log: Log = { info() {}, warn() {}, error: (code) => void reports.push(code), bug: () => "B-test" };

  async function watched(changes: Partial<OperationsParts> & { readonly of?: () => Told } = {}): Promise<{ readonly clock: HandClock; readonly get: (path: string, method?: string) => Promise<string>; readonly port: number }> {
    const clock = new HandClock(NOW);
    const port = await freePort();
    const { of = () => told(), ...rest } = changes;
    const inside = (): InsideFacts => ({ vitals: vitalsOf(of()), powerUndone: 0, waitsMet: 0 });
    const operations = await startOperations({
      settings: { metrics: { host: "127.0.0.1", port }, data: folder() }, clock, log, machine: MACHINE, version: "0.1.0", health, vitals: () => vitalsOf(of()), inside, ...rest,
    });
    ends.push(() => operations.stop());
    return {
      clock, port,
      async get(path, method = "GET") {
        const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method });
        return `${answer.status} ${(await answer.text()).trim()}`;
      },
    };
  }
  /** Somebody who watches for calls, on the loopback. */
  async function watcher(status: number, headers: Record<string, string> = {}): Promise<{ readonly url: string; readonly calls: { method: string; url: string; length: string | undefined }[] }> {
    const calls: { method: string; url: string; length: string | undefined }[] = [];
    const server = createServer((request, response) => {
      calls.push({ method: request.method ?? "", url: request.url ?? "", length: request.headers["content-length"] });
      response.writeHead(status, headers).end("ok");
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    ends.push(() => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }));
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/alive`, calls };
  }
  async function counted(counter: "dead_man_calls" | "dead_man_failed", before: number): Promise<void> {
    for (let turn = 0; turn < 400 && health.counts()[counter] === before; turn += 1) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(health.counts()[counter], before + 1);
  }

  it("is told that it lives and can be relied on, and why not", async () => {
    let of = told();
    const { get } = await watched({ of: () => of });
    assert.deepEqual([await get("/live"), await get("/ready")], ["200 live", "200 ready"]);
    of = told({ moments: { synced: NOW - 300_000, tried: NOW - 700_000 } });
    assert.deepEqual([await get("/live"), await get("/ready")], ["503 not live\nstuck", "503 not ready\nnot-synced"]);
    assert.match(await get("/metrics"), /^200 # HELP relevo_syncs_total/);
  });
  it("can ask for nothing else, and change nothing", async () => {
    const { get } = await watched();
    assert.match(await get("/"), /^404 /);
    assert.match(await get("/metrics", "POST"), /^405 /);
  });
  it("goes on without figures when the port is taken, and reports it", async () => {
    const { port } = await watched();
    const second = await startOperations({ settings: { metrics: { host: "127.0.0.1", port }, data: folder() }, clock: new HandClock(NOW), log, machine: MACHINE, version: "0.1.0", health, vitals: () => vitalsOf(told()), inside: () => ({ vitals: vitalsOf(told()), powerUndone: 0, waitsMet: 0 }) });
    ends.push(() => second.stop());
    assert.equal(second.port, undefined);
    assert.deepEqual(reports, ["metrics.not-listening"]);
  });
  it("is called every minute while the bot can be relied on, and not when it cannot", async () => {
    const { url, calls } = await watcher(200);
    let of = told();
    const { clock } = await watched({ settings: { metrics: "off", data: folder(), deadManUrl: url }, of: () => of });
    const before = health.counts().dead_man_calls;
    clock.moveTo((NOW + 60_000) as Instant);
    await counted("dead_man_calls", before);
    of = told({ moments: { synced: NOW - 300_000 } });
    clock.moveTo((NOW + 120_000) as Instant);
    await settled();
    of = told();
    clock.moveTo((NOW + 180_000) as Instant);
    await counted("dead_man_calls", before + 1);
    assert.deepEqual(calls, [{ method: "GET", url: "/alive", length: undefined }, { method: "GET", url: "/alive", length: undefined }]);
  });
  for (const [what, status, headers] of [["answers with an error", 500, {}], ["sends it elsewhere", 302, { location: "/elsewhere" }]] as const) {
    it(`is not followed, and the failure only counted, when it ${what}`, async () => {
      const { url, calls } = await watcher(status, headers);
      const { clock } = await watched({ settings: { metrics: "off", data: folder(), deadManUrl: url } });
      const before = health.counts().dead_man_failed;
      clock.moveTo((NOW + 60_000) as Instant);
      await counted("dead_man_failed", before);
      assert.deepEqual(calls.map((call) => call.url), ["/alive"]);
    });
  }
  it("leaves a pulse every half minute, for its owner alone, and says at the end that it was stopped", async () => {
    const data = folder();
    let of = told({ inbox: { all: 3, undecryptable: 2 }, outbox: [{ lane: "P1", created: (NOW - 9_000) as Instant, setAside: true }] });
    const clock = new HandClock(NOW);
    const operations = await startOperations({
      settings: { metrics: "off", data }, clock, log, machine: MACHINE, version: "0.1.0", health, vitals: () => vitalsOf(of), inside: () => ({ vitals: vitalsOf(of), powerUndone: 1, waitsMet: 4 }),
    });
    assert.equal(statSync(join(data, PULSE_FILE)).mode & 0o777, 0o600);
    assert.deepEqual(readPulse(data), { at: NOW, pid: process.pid, version: "0.1.0", facts: { vitals: vitalsOf(of), powerUndone: 1, waitsMet: 4 } });
    clock.moveTo((NOW + 30_000) as Instant);
    assert.equal(readPulse(data)?.at, NOW + 30_000);
    of = told({ stopped: true });
    await operations.stop();
    assert.deepEqual(readPulse(data)?.facts.vitals.notReady, ["stopping"]);
  });
  for (const [what, text] of [["is empty", ""], ["is no JSON", "{"], ["is another's", '{"format":"other"}'], ["is too long", `{"format":"relevo-pulse-1","version":"${"x".repeat(20_000)}"}`], ["was changed", '{"format":"relevo-pulse-1","at":-1}']] as const) {
    it(`takes a pulse that ${what} for none`, () => {
      const data = folder();
      writeFileSync(join(data, PULSE_FILE), text);
      assert.equal(readPulse(data), undefined);
    });
  }
});
