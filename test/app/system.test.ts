import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jsonLog, systemClock, systemRandom } from "../../src/app/system.ts";
import type { LogFacts } from "../../src/app/system.ts";
import type { Instant } from "../../src/domain/ids.ts";

describe("the system's clock", () => {
  it("wakes not before the moment asked for", async () => {
    const clock = systemClock();
    const at = (clock.now() + 20) as Instant;
    await new Promise<void>((done) => void clock.wakeAt(at, done));
    assert.ok(clock.now() >= at);
  });
  it("wakes at once for a moment that has passed, but never inside the call", async () => {
    let inside = true;
    await new Promise<void>((done) => {
      systemClock().wakeAt(0 as Instant, () => {
        assert.equal(inside, false);
        done();
      });
      inside = false;
    });
  });
  it("notices within 15 seconds that the clock was set forward over a far moment", (test) => {
    test.mock.timers.enable({ apis: ["setTimeout"] });
    let wall = 1_000;
    test.mock.method(Date, "now", () => wall);
    let woken = 0;
    systemClock().wakeAt((wall + 86_400_000) as Instant, () => {
      woken += 1;
    });
    test.mock.timers.tick(60_000);
    assert.equal(woken, 0);
    wall += 2 * 86_400_000;
    test.mock.timers.tick(15_001);
    assert.equal(woken, 1);
  });
  it("does not wake what was cancelled, also after it had to look again", (test) => {
    test.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 0 });
    const cancel = systemClock().wakeAt(60_000 as Instant, () => assert.fail("woken"));
    test.mock.timers.tick(30_000);
    cancel();
    test.mock.timers.tick(60_000);
  });
  it("measures spans with a clock that never steps back", () => {
    const clock = systemClock();
    const first = clock.elapsed();
    assert.ok(clock.elapsed() >= first);
  });
});

describe("the system's randomness", () => {
  const random = systemRandom();
  it("makes ids of 128 bits in 26 characters of base 32", () => {
    const ids = new Set(Array.from({ length: 1_000 }, () => random.id()));
    assert.equal(ids.size, 1_000);
    for (const id of ids) assert.match(id, /^[a-z2-7]{26}$/);
  });
  it("makes codes without signs that are mistaken for one another, and uses all others", () => {
    const codes = Array.from({ length: 3_000 }, () => random.code());
    for (const code of codes) assert.match(code, /^[2-9A-HJKMNP-TV-Z]{4}$/);
    assert.equal(new Set(codes.join("")).size, 30);
  });
  it("picks each of the items, and none where there are none", () => {
    assert.deepEqual(new Set(Array.from({ length: 200 }, () => random.pick(["a", "b", "c"]))), new Set(["a", "b", "c"]));
    assert.throws(() => random.pick([]), /nothing to pick/);
  });
  it("shuffles into every order about as often, and leaves the given list alone", () => {
    const items = Object.freeze(["a", "b", "c"]);
    const orders = new Map<string, number>();
    for (let turn = 0; turn < 6_000; turn += 1) {
      const order = random.shuffle(items).join("");
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    assert.equal(orders.size, 6);
    // 1,000 expected each, standard deviation 29: 200 is seven of them.
    for (const count of orders.values()) assert.ok(Math.abs(count - 1_000) < 200, String(count));
  });
  it("gives as many bytes as asked for, within bounds", () => {
    assert.equal(random.bytes(32).length, 32);
    for (const wrong of [0, -1, 1.5, 65_537, Number.NaN]) assert.throws(() => random.bytes(wrong));
  });
});

describe("the log", () => {
  function logged(write: (log: ReturnType<typeof jsonLog>) => void): Record<string, unknown> {
    const lines: string[] = [];
    write(jsonLog((line) => lines.push(line), () => 0));
    assert.equal(lines.length, 1);
    return JSON.parse(lines[0]!) as Record<string, unknown>;
  }
  it("is one JSON line with time, level and code", () => {
    assert.deepEqual(logged((log) => log.warn("sync.failed", { ms: 1_200, attempt: 2, status: 429, errcode: "M_LIMIT_EXCEEDED", why: "rate-limited" })),
      { at: "1970-01-01T00:00:00.000Z", level: "warn", code: "sync.failed", ms: 1_200, attempt: 2, status: 429, errcode: "M_LIMIT_EXCEEDED", why: "rate-limited" });
  });
  it("leaves out every field that is not on its list, whatever a caller has passed", () => {
    const facts = { count: 1, sender: "@ana:es.example", body: "seal 0774471", ms: "0774471", why: "Because of 0774471", bytes: Number.NaN } as unknown as LogFacts;
    assert.deepEqual(logged((log) => log.info("inbox.full", facts)), { at: "1970-01-01T00:00:00.000Z", level: "info", code: "inbox.full", count: 1 });
  });
  it("does not repeat an error code that a server made up", () => {
    assert.equal(logged((log) => log.error("outbox.send-failed", { errcode: "M_FOO @ana:es.example" }))["errcode"], "M_OTHER");
  });
  it("cannot be given a code that was put together at run time", () => {
    const user = ["@ana:es", "example"].join(".");
    assert.equal(logged((log) => {
      // @ts-expect-error A plain string is no code.
      log.info(user);
    })["code"], "log.code-refused");
    // @ts-expect-error Neither is a literal with something put in.
    logged((log) => log.info(`sync.${user}`));
  });
  it("shows where a bug is, and nothing of its text", () => {
    class SealDiffers0774471 extends Error {}
    let bug = "";
    const line = logged((log) => {
      bug = log.bug("command.failed", new SealDiffers0774471("0774471\n    at /etc/0774471:1:1"));
    });
    assert.equal(line["bug"], bug);
    assert.match(JSON.stringify(line["frames"]), /test\/app\/system\.test\.ts:\d+:\d+/);
    assert.doesNotMatch(JSON.stringify(line), /0774471/);
  });
});
