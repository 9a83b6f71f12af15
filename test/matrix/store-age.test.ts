/** An older copy of the crypto store put back is recognised before anything is encrypted with it. */
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { RoomId, UserId } from "../../src/domain/ids.ts";
import { openLine } from "../../src/matrix/line.ts";
import type { Line, LineOptions } from "../../src/matrix/line.ts";
import { random, silent } from "./participant.ts";
import { ToyHomeserver } from "./toy-homeserver.ts";
import type { Json } from "./toy-homeserver.ts";

const ROOM = "!room:toy" as RoomId;

describe("an older copy of the crypto store", () => {
  const homeserver = new ToyHomeserver();
  const folder = mkdtempSync(join(tmpdir(), "relevo-age-"));
  let url = "";
  let stage = 0;
  before(async () => {
    url = await homeserver.start();
  });
  after(async () => {
    await homeserver.stop();
    rmSync(folder, { recursive: true });
  });

  /** A device that has said something, and a copy of its store from before its last words. */
  class Stage {
    readonly name = `bot${++stage}`;
    readonly user = `@${this.name}:toy` as UserId;
    readonly file = join(folder, `${this.name}.db`);
    readonly faults: unknown[] = [];
    line: Line | undefined;

    async open(more: Partial<LineOptions> = {}): Promise<Line> {
      this.line = await openLine({
        homeserver: url, user: this.user, token: homeserver.token(this.user, "RELEVO"), device: "RELEVO", storeFile: this.file, storeKey: new Uint8Array(32).fill(1),
        recoveryKeyFile: join(folder, `${this.name}.key`), random, log: silent, fatal: (error) => void this.faults.push(error), ...more,
      });
      return this.line;
    }
    async close(): Promise<void> {
      await this.line?.close();
      this.line = undefined;
    }
    /** What a server shows of it afterwards. */
    async says(body: string): Promise<Json> {
      const { ciphertext } = await this.line!.crypto.encrypt(ROOM, [], "m.room.message", { msgtype: "m.text", body });
      return { type: "m.room.encrypted", event_id: `$${body}`, sender: this.user, origin_server_ts: 1, content: JSON.parse(ciphertext) as Json };
    }
    keep(): void {
      copyFileSync(this.file, `${this.file}.copy`);
    }
    putBack(): void {
      for (const rest of ["-wal", "-shm"]) rmSync(`${this.file}${rest}`, { force: true });
      copyFileSync(`${this.file}.copy`, this.file);
    }
    /** What the next sync shows in the room. */
    shows(events: readonly Json[]): void {
      homeserver.intercept = ({ path, user }) => (path === "/sync" && user === this.user ? { status: 200, body: { next_batch: "1", rooms: { join: { [ROOM]: { timeline: { events } } } } } } : undefined);
    }
    async forgetsMark(): Promise<void> {
      homeserver.accounts.get(this.user)!.data.delete("relevo.crypto-store.RELEVO");
    }
  }

  it("counts what it stores: the number only rises, also over restarts, and never stays the same when something is encrypted", async () => {
    const stage_ = new Stage();
    const numbers: number[] = [];
    for (let run = 0; run < 3; run++) {
      const { crypto, gateway } = await stage_.open();
      await gateway.sync(undefined, 0);
      numbers.push(crypto.generation());
      for (let n = 0; n < 5; n++) {
        await stage_.says(`${run}-${n}`);
        numbers.push(crypto.generation());
      }
      await stage_.close();
    }
    assert.deepEqual(numbers, [...new Set(numbers)].toSorted((a, b) => a - b));
  });

  it("is refused when the journal has noted a higher number", async () => {
    const stage_ = new Stage();
    await stage_.open();
    await stage_.close();
    stage_.keep();
    await stage_.open();
    await stage_.says("after the copy");
    const noted = stage_.line!.crypto.generation();
    await stage_.close();
    stage_.putBack();
    await stage_.forgetsMark();
    const requests = homeserver.requests.length;
    await assert.rejects(stage_.open({ notedAge: { device: "RELEVO", generation: noted } }), { code: "crypto-store.older" });
    assert.equal(homeserver.requests.slice(requests).some(({ path }) => path !== "/account/whoami"), false, "nothing is asked or sent before it is known");
  });

  it("is told from an older journal, which says less than the store remembers of it", async () => {
    const stage_ = new Stage();
    const { crypto } = await stage_.open();
    await stage_.says("1");
    const first = crypto.generation();
    crypto.noted(first);
    await stage_.says("2");
    crypto.noted(crypto.generation());
    const second = crypto.generation();
    await stage_.says("3");
    await stage_.close();
    for (const age of [{ notedAge: { device: "RELEVO", generation: first } }, { notedAge: { device: "OTHER", generation: 1_000_000 } }, {}]) await assert.rejects(stage_.open(age), { code: "journal.older" });
    // The newest, and one that nobody could read, whose word does not count.
    for (const age of [{ notedAge: { device: "RELEVO", generation: second } }, { notedAge: "unread" }] as const) {
      const { gateway } = await stage_.open(age);
      await gateway.sync(undefined, 0);
      await stage_.says("4");
      await stage_.close();
    }
  });

  it("is refused when the homeserver remembers a higher number, whatever the journal says", async () => {
    const stage_ = new Stage();
    await stage_.open();
    await stage_.close();
    stage_.keep();
    await stage_.open();
    await stage_.close();
    stage_.putBack();
    await assert.rejects(stage_.open(), { code: "crypto-store.older" });
    // Whatever is tried then, and although nobody remembers it any more.
    await stage_.forgetsMark();
    for (let again = 0; again < 5; again++) await assert.rejects(stage_.open({ notedAge: { device: "RELEVO", generation: 0 } }), { code: "crypto-store.older" });
  });

  it("begins again as often as it likes where nothing older was put back, also when the homeserver took its number and did not say so", async () => {
    const stage_ = new Stage();
    for (let run = 0; run < 4; run++) {
      homeserver.intercept = ({ method, path, user, body }) => {
        if (run % 2 === 0 || method !== "PUT" || !path.includes("relevo.crypto-store")) return undefined;
        homeserver.accounts.get(user)!.data.set("relevo.crypto-store.RELEVO", body);
        return { status: 403, body: {} };
      };
      const opened = await stage_.open().catch(() => undefined);
      assert.equal(opened === undefined, run % 2 === 1);
      await stage_.close();
    }
    homeserver.intercept = () => undefined;
    await stage_.open();
    await stage_.close();
  });

  it("is refused when it sees in a room what only a newer one can have sent, in the same session or another", async () => {
    for (const rotated of [false, true]) {
      const stage_ = new Stage();
      await stage_.open();
      const known = [await stage_.says("1"), await stage_.says("2")];
      await stage_.close();
      stage_.keep();
      await stage_.open();
      stage_.shows(known);
      await stage_.line!.gateway.sync(undefined, 0);
      if (rotated) await stage_.line!.crypto.rotate(ROOM);
      const newer = await stage_.says("3");
      await stage_.close();
      stage_.putBack();
      await stage_.forgetsMark();
      await stage_.open();
      stage_.shows([...known, newer]);
      const waiting = assert.rejects(stage_.says("reused"), { code: "crypto-store.older" });
      assert.deepEqual(stage_.faults, []);
      await stage_.line!.gateway.sync(undefined, 0);
      assert.deepEqual(stage_.faults.map((error) => (error as { readonly code: unknown }).code), ["crypto-store.older"]);
      await waiting;
      await assert.rejects(stage_.says("reused"), { code: "crypto-store.older" });
      await stage_.close();
    }
  });

  it("is told from a store that was lost, and from that of another device", async () => {
    const stage_ = new Stage();
    await stage_.open();
    const generation = stage_.line!.crypto.generation();
    await stage_.close();
    const told = homeserver.accounts.get(stage_.user)!.data.get("relevo.crypto-store.RELEVO");
    assert.ok(told !== undefined);
    rmSync(stage_.file);
    await assert.rejects(stage_.open({ notedAge: { device: "RELEVO", generation } }), { code: "identity.store-lost" });
    rmSync(stage_.file);
    const token = homeserver.token(stage_.user, "RELEVO2");
    await stage_.open({ token, device: "RELEVO2", notedAge: { device: "RELEVO", generation: 1_000_000 } });
    assert.deepEqual(homeserver.accounts.get(stage_.user)!.data.get("relevo.crypto-store.RELEVO"), told);
    await stage_.close();
  });

  it("is not suspected for what it sent itself, what another device of the bot sent, or what others wrote", async () => {
    const stage_ = new Stage();
    await stage_.open();
    const known = [await stage_.says("1"), await stage_.says("2")];
    await stage_.close();
    await stage_.open();
    const other = { ...known[0], event_id: "$other", content: { ...(known[0]?.["content"] as Json), session_id: "unknown", device_id: "OTHER" } };
    const stranger = { ...known[0], event_id: "$stranger", sender: "@eve:toy", content: { ...(known[0]?.["content"] as Json), session_id: "unknown" } };
    const rubbish = [{ ...known[0], event_id: "$r1", content: {} }, { ...known[0], event_id: "$r2", content: { algorithm: "m.megolm.v1.aes-sha2", ciphertext: 5 } }];
    stage_.shows([...known, ...known, other, stranger, ...rubbish]);
    await stage_.line!.gateway.sync(undefined, 0);
    await stage_.says("3");
    assert.deepEqual(stage_.faults, []);
    await stage_.close();
  });

  it("is not suspected for its very last words before the power was cut", async () => {
    const stage_ = new Stage();
    const { gateway } = await stage_.open();
    await gateway.sync(undefined, 0);
    const known: Json[] = [];
    for (const words of ["1", "2", "3"]) {
      known.push(await stage_.says(words));
      for (const part of ["", "-wal"]) copyFileSync(`${stage_.file}${part}`, `${stage_.file}.${words}${part}`);
    }
    await stage_.close();
    const { file } = stage_;
    for (const [at, words] of ["1", "2", "3"].entries()) {
      Object.assign(stage_, { file: `${file}.${words}` });
      // The number that the homeserver remembers is that of the last of these starts.
      await stage_.forgetsMark();
      await stage_.open();
      stage_.shows(known.slice(0, at + 1));
      await stage_.line!.gateway.sync(undefined, 0);
      assert.deepEqual(stage_.faults, [], "its own");
      stage_.shows(known.slice(0, at + 2));
      await stage_.line!.gateway.sync(undefined, 0);
      assert.equal(stage_.faults.splice(0).length, at === 2 ? 0 : 1, "and what came after");
      await stage_.close();
    }
  });
});
