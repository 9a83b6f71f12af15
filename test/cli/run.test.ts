import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Secrets, Settings } from "../../src/app/settings.ts";
import type { Running } from "../../src/app/running.ts";
import { parseConfig } from "../../src/cli/config.ts";
import { sampleConfig } from "../../src/cli/config-text.ts";
import { run } from "../../src/cli/run.ts";
import type { Instant } from "../../src/domain/ids.ts";
import type { Clock } from "../../src/ports.ts";
import { OperatorError } from "../../src/operator-error.ts";

const secrets: Secrets = { accessToken: "a token", passphrase: "a passphrase" };

function settings(): Settings {
  const read = parseConfig(sampleConfig(), (path) => path);
  assert.ok(read.ok);
  return read.settings;
}

/** A bot whose every step the test decides, and a host whose clock only the test moves. */
function aBot() {
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<number>();
  const said: string[] = [];
  const timers = new Set<() => void>();
  let askedToStop: () => void = () => assert.fail("nobody listens for a stop");
  let stops = 0;
  const clock: Clock = {
    now: () => 0 as Instant,
    wakeAt: (_at, then) => {
      timers.add(then);
      return () => void timers.delete(then);
    },
  };
  const unfit = Promise.withResolvers<OperatorError>();
  const running: Running = {
    ready: ready.promise,
    unfit: unfit.promise,
    ended: ended.promise,
    stop: async () => {
      stops += 1;
    },
  };
  return {
    ready, ended, said, running, timers, unfit,
    stops: () => stops,
    signal: () => askedToStop(),
    timePasses: () => timers.forEach((then) => then()),
    host: { clock, say: (line: string) => void said.push(line), complain: ({ code }: OperatorError) => void said.push(code), onStop: (stop: () => void) => void (askedToStop = stop) },
  };
}
/** Lets everything that is already settled take its course. */
const settled = (): Promise<void> => new Promise((done) => void setImmediate(done));

describe("relevo run", () => {
  it("says ready once the bot is syncing, and not before", async () => {
    const bot = aBot();
    const code = run(settings(), secrets, async () => bot.running, bot.host);
    await settled();
    assert.deepEqual(bot.said, []);
    bot.ready.resolve();
    await settled();
    assert.deepEqual(bot.said, ["ready"]);
    bot.ended.resolve(0);
    assert.equal(await code, 0);
  });
  it("stops the bot when asked to, and ends with the bot's exit code", async () => {
    const bot = aBot();
    const code = run(settings(), secrets, async () => bot.running, bot.host);
    bot.ready.resolve();
    await settled();
    bot.signal();
    bot.signal();
    await settled();
    assert.equal(bot.stops(), 1);
    bot.ended.resolve(3);
    assert.equal(await code, 3);
    await settled();
    assert.equal(bot.timers.size, 0, "a timer was left behind");
  });
  it("gives up a stop that takes too long", async () => {
    const bot = aBot();
    const code = run(settings(), secrets, async () => bot.running, bot.host);
    bot.ready.resolve();
    await settled();
    bot.signal();
    await settled();
    bot.timePasses();
    assert.equal(await code, 1);
  });
  it("stops a bot that was still starting when it was asked to", async () => {
    const bot = aBot();
    const starting = Promise.withResolvers<Running>();
    const code = run(settings(), secrets, () => starting.promise, bot.host);
    bot.signal();
    await settled();
    starting.resolve(bot.running);
    await settled();
    assert.equal(bot.stops(), 1);
    bot.ended.resolve(0);
    assert.equal(await code, 0);
  });
  it("does not wait without end for a start that hangs", async () => {
    const bot = aBot();
    const code = run(settings(), secrets, () => new Promise(() => undefined), bot.host);
    bot.signal();
    await settled();
    bot.timePasses();
    assert.equal(await code, 0);
  });
  it("passes on what kept the bot from starting, from becoming ready, or from going on, and stops what runs", async () => {
    const disk = new OperatorError("journal.disk-full", "No room left.", "Free space.");
    await assert.rejects(run(settings(), secrets, () => Promise.reject(disk), aBot().host), disk);

    const notReady = aBot();
    const first = run(settings(), secrets, async () => notReady.running, notReady.host);
    notReady.ready.reject(disk);
    notReady.ended.resolve(1);
    // Whichever is first, the run must not end as if all were well.
    const outcome = await first.catch((error: unknown) => error);
    assert.ok(outcome === disk || outcome === 1);

    const failed = aBot();
    const second = run(settings(), secrets, async () => failed.running, failed.host);
    failed.ready.resolve();
    await settled();
    failed.ended.reject(disk);
    await assert.rejects(second, disk);
    assert.equal(failed.stops(), 1);
  });
});
