/** Room keys are kept on the homeserver, sealed, so that a recovered device can read what was said before, and can do no more than read it. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { RoomId, UserId } from "../../src/domain/ids.ts";
import { openLine } from "../../src/matrix/line.ts";
import type { Line } from "../../src/matrix/line.ts";
import { Participant, random } from "./participant.ts";
import { ToyHomeserver } from "./toy-homeserver.ts";
import type { Json } from "./toy-homeserver.ts";

const ROOM = "!room:toy" as RoomId;
const SECRET = "m.megolm_backup.v1";

describe("the backup of room keys", () => {
  const homeserver = new ToyHomeserver();
  const folder = mkdtempSync(join(tmpdir(), "relevo-key-backup-"));
  let url = "";
  let stage = 0;
  before(async () => {
    url = await homeserver.start();
  });
  after(async () => {
    await homeserver.stop();
    rmSync(folder, { recursive: true });
  });

  /** A bot's account, of which one device at a time is open. */
  class Stage {
    readonly name = `bot${++stage}`;
    readonly user = `@${this.name}:toy` as UserId;
    readonly key = join(folder, `${this.name}.key`);
    readonly logged: string[] = [];

    open(device = "RELEVO"): Promise<Line> {
      return openLine({
        homeserver: url, user: this.user, token: homeserver.token(this.user, device), device, storeFile: join(folder, `${this.name}-${device}.db`), storeKey: new Uint8Array(32).fill(1),
        recoveryKeyFile: this.key, random, log: (code) => void this.logged.push(code), fatal: assert.ifError,
      });
    }
    async with<T>(device: string, work: (line: Line) => Promise<T>): Promise<T> {
      const line = await this.open(device);
      try {
        return await work(line);
      } finally {
        await line.close();
      }
    }
    get account(): NonNullable<ReturnType<typeof homeserver.accounts.get>> {
      return homeserver.accounts.get(this.user)!;
    }
    wire(ciphertext: string): Json {
      return { type: "m.room.encrypted", event_id: `$${this.name}`, sender: this.user, origin_server_ts: 1, content: JSON.parse(ciphertext) as Json };
    }
  }

  it("is there after the first start, its own key in secret storage, and grows with every session", async () => {
    const bot = new Stage();
    await bot.with("RELEVO", async ({ crypto }) => {
      assert.equal(bot.account.backups.length, 1);
      assert.ok(bot.account.data.has(SECRET));
      assert.deepEqual(bot.account.data.get("m.key_backup"), { enabled: true });
      const held = (): number => bot.account.backups[0]!.keys.size;
      assert.equal(held(), 0);
      await crypto.encrypt(ROOM, [], "m.room.message", { body: "1" });
      await crypto.pump();
      assert.equal(held(), 1);
      await crypto.rotate(ROOM);
      await crypto.encrypt(ROOM, [], "m.room.message", { body: "2" });
      await crypto.pump();
      assert.equal(held(), 2);
      const requests = homeserver.requests.length;
      await crypto.encrypt(ROOM, [], "m.room.message", { body: "3" });
      await crypto.pump();
      assert.equal(homeserver.requests.slice(requests).some(({ path }) => path.startsWith("/room_keys")), false, "nothing is asked of the homeserver where nothing is new");
    });
    await bot.with("RELEVO", async () => undefined);
    assert.equal(bot.account.backups.length, 1, "it is made once");
  });

  it("lets a device recovered with the recovery key read what was said before, and prove none of it", async () => {
    const bot = new Stage();
    const ana = await Participant.join({ homeserver, url, user: `@ana-${bot.name}:toy`, device: "ANA" });
    const own: Json[] = [];
    let hers: Record<string, unknown> = {};
    await bot.with("RELEVO", async ({ crypto, gateway }) => {
      own.push(bot.wire((await crypto.encrypt(ROOM, [], "m.room.message", { body: "a checkpoint" })).ciphertext));
      const key = await crypto.masterKey(bot.user);
      hers = await ana.says(ROOM, [{ user: bot.user, pinned: key! }], { msgtype: "m.text", body: "from Ana" });
      await crypto.receive((await gateway.sync(undefined, 0)).crypto);
      assert.equal((await crypto.decrypt(ROOM, hers)).ok, true);
      await crypto.pump();
    });
    await bot.with("NEW", async ({ crypto }) => {
      for (const [wire, body] of [[own[0]!, "a checkpoint"], [hers, "from Ana"]] as const) {
        const read = await crypto.decrypt(ROOM, wire);
        assert.ok(!read.ok);
        assert.deepEqual([read.why, read.imported], ["unproven", true]);
        assert.equal(read.claims?.content["body"], body);
      }
      const asked = homeserver.requests.length;
      const unknown = await crypto.decrypt(ROOM, { ...own[0], content: { ...(own[0]!["content"] as Json), session_id: "never/seen+" } });
      assert.deepEqual([unknown.ok, !unknown.ok && unknown.why], [false, "no-key"]);
      await crypto.decrypt(ROOM, { ...own[0], content: { ...(own[0]!["content"] as Json), session_id: "never/seen+" } });
      assert.equal(homeserver.requests.slice(asked).filter(({ path }) => path.includes("never/seen+")).length, 1, "what is not there is asked for once");
    });
    assert.equal(bot.account.backups.length, 1);
  });

  it("is not asked by a device that has all that is in it: what strangers make up costs no request", async () => {
    const bot = new Stage();
    await bot.with("RELEVO", async ({ crypto }) => {
      const wire = bot.wire((await crypto.encrypt(ROOM, [], "m.room.message", { body: "1" })).ciphertext);
      await crypto.pump();
      const requests = homeserver.requests.length;
      await crypto.decrypt(ROOM, { ...wire, content: { ...(wire["content"] as Json), session_id: "made-up" } });
      assert.equal(homeserver.requests.slice(requests).some(({ path }) => path.startsWith("/room_keys")), false);
    });
  });

  it("of somebody else is left alone: an own one is made beside it, with all keys", async () => {
    const bot = new Stage();
    await bot.with("RELEVO", async ({ crypto }) => {
      await crypto.encrypt(ROOM, [], "m.room.message", { body: "1" });
      await crypto.pump();
    });
    const theirs = { info: { algorithm: "m.megolm_backup.v1.curve25519-aes-sha2", auth_data: { public_key: "x".repeat(43) } }, keys: new Map<string, unknown>() };
    bot.account.backups.push(theirs);
    await bot.with("RELEVO", async ({ crypto }) => crypto.pump());
    assert.deepEqual(bot.account.backups.map(({ keys }) => keys.size), [1, 0, 1]);
    assert.ok(bot.logged.includes("key-backup.not-ours"));
    // The same while it runs: the server refuses the version that was the newest.
    await bot.with("RELEVO", async ({ crypto, gateway }) => {
      await gateway.sync(undefined, 0);
      homeserver.intercept = ({ path, method }) => (path === "/room_keys/keys" && method === "PUT" ? { status: 403, body: { errcode: "M_WRONG_ROOM_KEYS_VERSION" } } : undefined);
      bot.account.backups.push(theirs);
      await crypto.rotate(ROOM);
      await crypto.encrypt(ROOM, [], "m.room.message", { body: "2" });
      await crypto.pump();
      homeserver.intercept = () => undefined;
      for (let n = 0; n < 25; n++) await crypto.pump();
    });
    assert.deepEqual(bot.account.backups.map(({ keys }) => keys.size), [1, 0, 1, 0, 2]);
  });

  it("waits where the homeserver has none or the recovery key is away, and holds up nothing", async () => {
    const bot = new Stage();
    homeserver.intercept = ({ path }) => (path.startsWith("/room_keys") ? { status: 404, body: { errcode: "M_UNRECOGNIZED" } } : undefined);
    await bot.with("RELEVO", async ({ crypto }) => {
      await crypto.encrypt(ROOM, [], "m.room.message", { body: "1" });
      await crypto.pump();
      assert.ok(bot.logged.includes("key-backup.failed"));
      homeserver.intercept = () => undefined;
      for (let n = 0; n < 25; n++) await crypto.pump();
      assert.deepEqual(bot.account.backups.map(({ keys }) => keys.size), [1], "once it can be made, it is, without a new start");
    });

    const other = new Stage();
    await other.with("RELEVO", async () => undefined);
    // As an installation from before there was a backup: neither key nor version, and the recovery key is in its safe.
    other.account.backups.length = 0;
    other.account.data.delete(SECRET);
    for (const rest of ["", "-wal", "-shm"]) if (existsSync(join(folder, `${other.name}-RELEVO.db${rest}`))) rmSync(join(folder, `${other.name}-RELEVO.db${rest}`));
    await other.with("SECOND", async () => undefined);
    assert.equal(other.account.backups.length, 1, "with the recovery key it is made");
    renameSync(other.key, `${other.key}.safe`);
    await other.with("SECOND", async ({ crypto }) => {
      await crypto.encrypt(ROOM, [], "m.room.message", { body: "1" });
      await crypto.pump();
    });
    assert.deepEqual(other.account.backups.map(({ keys }) => keys.size), [1], "once it is made, the recovery key is not needed any more");
  });
});
