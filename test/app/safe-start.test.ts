/** A real start, with its own files and a homeserver on the loopback, on a journal that is damaged, older, or on a disk that is full. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Running } from "../../src/app/running.ts";
import type { Secrets, Settings } from "../../src/app/settings.ts";
import { start } from "../../src/app/start.ts";
import { systemClock, systemRandom } from "../../src/app/system.ts";
import { parseConfig } from "../../src/cli/config.ts";
import { sampleConfig } from "../../src/cli/config-text.ts";
import type { EventId, RoomId, UserId, Zone } from "../../src/domain/ids.ts";
import { openJournal } from "../../src/journal/journal.ts";
import { JOURNAL_FILE, openKeys } from "../../src/journal/keys.ts";
import { aRow } from "../journal/support/setting.ts";
import { Participant } from "../matrix/participant.ts";
import { ToyHomeserver } from "../matrix/toy-homeserver.ts";
import type { Json } from "../matrix/toy-homeserver.ts";

const BOT = "@relevo:toy" as UserId;
const ANA = "@ana:toy" as UserId;
const ROOM = "!direct:toy" as RoomId;
const PASSPHRASE = "a passphrase for tests";

describe("a start on a journal that cannot be used", () => {
  const homeserver = new ToyHomeserver();
  const folder = mkdtempSync(join(tmpdir(), "relevo-safe-"));
  const data = join(folder, "data");
  const sent: { readonly transaction: string; readonly content: Json }[] = [];
  const timeline: Json[] = [];
  let settings: Settings;
  let secrets: Secrets;
  let ana: Participant;
  let running: Running | undefined;
  let said = 0;

  before(async () => {
    const url = await homeserver.start();
    ana = await Participant.join({ homeserver, url, user: ANA, device: "PHONE" });
    const read = parseConfig(sampleConfig(), (path) => join(folder, path));
    assert.ok(read.ok);
    settings = { ...read.settings, homeserver: url, user: BOT, data, metrics: "off", owners: [{ user: ANA, masterKey: await ana.masterKey(), language: "en", zone: "Europe/Madrid" as Zone }] };
    mkdirSync(dirname(settings.secrets.recoveryKeyFile), { recursive: true });
    secrets = { accessToken: homeserver.token(BOT, "RELEVO"), passphrase: PASSPHRASE };
    homeserver.rooms = (user) => (user === BOT ? { join: { [ROOM]: { state: { events: STATE }, timeline: { events: timeline.splice(0) } } } } : {});
    homeserver.intercept = ({ method, path, body }) => {
      const transaction = /^\/rooms\/[^/]+\/send\/m\.room\.encrypted\/(.+)$/.exec(path)?.[1];
      if (method !== "PUT" || transaction === undefined) return undefined;
      if (!sent.some((each) => each.transaction === transaction)) sent.push({ transaction, content: body });
      return { status: 200, body: { event_id: `$${transaction}` } };
    };
    const journal = journalOf();
    for (let n = 0; n < 50; n += 1) await journal.commit({ rows: [aRow({ n })] });
    await journal.close();
    cpSync(join(data, JOURNAL_FILE), join(folder, "whole.db"));
  });
  after(async () => {
    await running?.stop();
    await homeserver.stop();
    rmSync(folder, { recursive: true });
  });

  function journalOf(): ReturnType<typeof openJournal> {
    const random = systemRandom();
    const keys = openKeys({ folder: data, passphrase: PASSPHRASE, random, cost: 10 });
    return openJournal({ folder: data, keys, clock: systemClock(), random, known: () => true, evolveVersion: "1" });
  }
  /** What the bot has said to Ana, opened as her phone does. */
  async function read(): Promise<readonly string[]> {
    await ana.sync();
    const opened = await Promise.all(sent.map(({ transaction, content }) => ana.crypto.decrypt(ROOM, { type: "m.room.encrypted", event_id: `$${transaction}`, sender: BOT, origin_server_ts: 1, content })));
    return opened.map((each) => (each.ok ? String(each.content["body"]) : `unreadable: ${each.why}`));
  }
  async function until(what: RegExp, count: number): Promise<readonly string[]> {
    for (let times = 0; times < 200; times += 1) {
      const bodies = await read();
      if (bodies.filter((body) => what.test(body)).length >= count) return bodies;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`${what.source} was not said; said was ${(await read()).join(" | ")}`);
  }
  async function says(body: string): Promise<void> {
    const key = await ana.crypto.masterKey(BOT);
    timeline.push({ ...(await ana.says(ROOM, [{ user: BOT, pinned: key! }], { msgtype: "m.text", body })), event_id: `$said-${(said += 1)}` as EventId } as Json);
  }
  async function stopped(): Promise<void> {
    await running?.stop();
    running = undefined;
  }
  function damages(from: number): Buffer {
    const bytes = readFileSync(join(folder, "whole.db"));
    for (let at = from; at < bytes.length; at += 4_096) bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(join(data, JOURNAL_FILE), bytes);
    return bytes;
  }

  it("stays in safe mode, tells the owner, answers status and doctor, and changes nothing in it", async () => {
    const damaged = damages(4_096 + 200);
    running = await start(settings, secrets);
    assert.match((await running.unfit).code, /^journal\.(?:damaged|wrong-key)$/);
    const [told = ""] = await until(/^SAFE MODE/, 1);
    assert.match(told, /^SAFE MODE since .*its file is damaged[^]*not even a stop[^]*docs\/recovery\.md[^]*not lost/);
    for (const [asked, count] of [["status", 2], ["doctor", 3]] as const) {
      await says(asked);
      assert.match((await until(/^SAFE MODE/, count)).at(-1) ?? "", /One person in charge has been told[^]*I could not read my journal at all/);
    }
    await says("stop we are burnt");
    await until(/^YOUR STOP IS NOT TAKEN/, 1);
    await says("task add Something");
    await says("status");
    assert.equal((await until(/^SAFE MODE/, 4)).length, 5, "nothing else is said");
    await stopped();
    assert.deepEqual(readFileSync(join(data, JOURNAL_FILE)), damaged);
  });

  it("does so too where the first page is damaged, and says again only what is new", async () => {
    damages(100);
    for (let times = 0; times < 2; times += 1) {
      const before_ = sent.length;
      running = await start(settings, secrets);
      assert.match((await running.unfit).code, /^journal\.(?:damaged|wrong-key)$/);
      await says("status");
      const bodies = await until(/I could not read my journal/, 4 + times);
      assert.ok(bodies.slice(before_).every((body) => body.startsWith("SAFE MODE since ")));
      if (times === 1) assert.equal(sent.length, before_ + 1, "what was told before is not told again");
      await stopped();
    }
  });

  it("ends instead when the passphrase is another, or another process has the journal", async () => {
    writeFileSync(join(data, JOURNAL_FILE), readFileSync(join(folder, "whole.db")));
    await assert.rejects(start(settings, { ...secrets, passphrase: "not the passphrase of this" }), { code: "keys.wrong-passphrase" });
    const other = journalOf();
    await assert.rejects(start(settings, secrets), { code: "journal.in-use" });
    await other.close();
  });
});

const STATE: readonly Json[] = [
  { type: "m.room.create", state_key: "", sender: ANA, content: {} },
  { type: "m.room.encryption", state_key: "", sender: ANA, content: { algorithm: "m.megolm.v1.aes-sha2" } },
  ...[ANA, BOT].map((user): Json => ({ type: "m.room.member", state_key: user, sender: user, content: { membership: "join" } })),
].map((event, index) => ({ event_id: `$state-${index}`, origin_server_ts: 1, ...event }));
