/** Opening the line when the homeserver fails at the worst moment. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { RoomId, UserId } from "../../src/domain/ids.ts";
import { openLine } from "../../src/matrix/line.ts";
import type { Line } from "../../src/matrix/line.ts";
import { random, silent } from "./participant.ts";
import { ToyHomeserver } from "./toy-homeserver.ts";

const ROOM = "!room:toy" as RoomId;

describe("opening the line", () => {
  const homeserver = new ToyHomeserver();
  const folder = mkdtempSync(join(tmpdir(), "relevo-line-"));
  let url = "";
  before(async () => {
    url = await homeserver.start();
  });
  after(async () => {
    await homeserver.stop();
    rmSync(folder, { recursive: true });
  });

  const open = (name: string, device = "RELEVO", store = name): Promise<Line> =>
    openLine({
      homeserver: url,
      user: `@${name}:toy`,
      token: homeserver.token(`@${name}:toy`, device),
      device,
      storeFile: join(folder, `${store}.db`),
      storeKey: new Uint8Array(32).fill(1),
      recoveryKeyFile: join(folder, `${name}.key`),
      random,
      log: silent,
      fatal: (error) => {
        throw error;
      },
    });
  const requestsOf = (user: string): number => homeserver.requests.filter((request) => request.user === user).length;

  it("for the first time, cut at any request, is completed by the next start: one identity, recoverable on another device", async () => {
    const whole = await open("measured");
    await whole.close();
    const requests = requestsOf("@measured:toy");
    assert.ok(requests >= 10);
    for (let cut = 1; cut <= requests; cut++) {
      const name = `cut${cut}`;
      const user = `@${name}:toy` as UserId;
      for (const lost of ["request", "answer"] as const) {
        const device = `RELEVO-${lost}`;
        let count = 0;
        homeserver.intercept = (request) => (request.user === user && ++count === cut && lost === "request" ? { status: 400, body: {} } : undefined);
        homeserver.swallow = (request) => request.user === user && lost === "answer" && count === cut;
        const first = await open(`${name}`, device, `${name}-${lost}`).catch(() => undefined);
        await first?.close();
        homeserver.intercept = () => undefined;
        homeserver.swallow = () => false;
        const line = await open(name, device, `${name}-${lost}`);
        assert.equal(await line.crypto.healthy(), true, `${lost} ${cut} lost`);
        const key = await line.crypto.masterKey(user);
        await line.close();
        const elsewhere = await open(name, `OTHER-${lost}`, `${name}-${lost}-other`);
        assert.deepEqual([await elsewhere.crypto.healthy(), await elsewhere.crypto.masterKey(user)], [true, key], `${lost} ${cut} lost: recovery`);
        await elsewhere.close();
      }
    }
  });

  it("again costs few requests and publishes nothing", async () => {
    await (await open("again")).close();
    const before_ = homeserver.requests.length;
    await (await open("again")).close();
    const made = homeserver.requests.slice(before_).map(({ method, path }) => `${method} ${path}`);
    const age = "/user/@again:toy/account_data/relevo.crypto-store.RELEVO";
    assert.deepEqual(made, ["GET /account/whoami", `GET ${age}`, "POST /keys/query", "POST /keys/query", "GET /user/@again:toy/account_data/m.secret_storage.default_key", `PUT ${age}`, "GET /room_keys/version"]);
  });

  it("leaves engine and store closed when it fails, so that it can be tried again in the same process", async () => {
    homeserver.intercept = ({ path, user }) => (user === "@retry:toy" && path === "/keys/query" ? { status: 403, body: {} } : undefined);
    for (let attempt = 0; attempt < 3; attempt++) await assert.rejects(open("retry"), { kind: "refused" });
    homeserver.intercept = () => undefined;
    await (await open("retry")).close();
  });

  it("asks the homeserver nothing for each message said, once the key is shared", async () => {
    const line = await open("thrifty");
    const peer = await open("peer");
    const pinned = await line.crypto.masterKey("@peer:toy" as UserId);
    assert.ok(pinned !== undefined);
    const say = (): Promise<unknown> => line.crypto.encrypt(ROOM, [{ user: "@peer:toy" as UserId, pinned }], "m.room.message", { msgtype: "m.text", body: "x" });
    await say();
    const before_ = homeserver.requests.length;
    for (let n = 0; n < 20; n++) await say();
    assert.equal(homeserver.requests.length, before_);
    await line.close();
    await peer.close();
  });
});
