import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import { inspect } from "node:util";
import type { Fault } from "../../src/matrix/fault.ts";
import { isFault } from "../../src/matrix/fault.ts";
import { Rest, path } from "../../src/matrix/rest.ts";
import type { Call } from "../../src/matrix/rest.ts";

const TOKEN = "secret-access-token";
const ROOM = "!secret-room:example.org";
const get: Call = { method: "GET", path: path`/_matrix/client/v3/rooms/${ROOM}/state`, repeat: "idempotent" };
const once: Call = { method: "POST", path: "/_matrix/client/v3/createRoom", body: { name: "secret-name" }, repeat: "once" };

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => (_request, response) =>
  void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

describe("the transport to the homeserver", () => {
  let server: Server;
  let url = "";
  let answers: Answer[] = [];
  let seen: { readonly method: string; readonly url: string; readonly authorization: string | undefined; readonly body: string }[] = [];
  let waits: number[] = [];
  let logged: string[] = [];

  before(async () => {
    server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        seen.push({ method: request.method ?? "", url: request.url ?? "", authorization: request.headers.authorization, body: Buffer.concat(parts).toString() });
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        answer?.(request, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    [answers, seen, waits, logged] = [[], [], [], []];
  });

  const rest = (more: { longestAnswer?: number; homeserver?: string } = {}): Rest =>
    new Rest({
      homeserver: url,
      token: TOKEN,
      log: (code, facts) => void logged.push(`${code} ${JSON.stringify(facts)}`),
      pause: async (milliseconds) => void waits.push(milliseconds),
      ...more,
    });
  const faultOf = async (call: Promise<unknown>): Promise<Fault> => {
    try {
      await call;
    } catch (error) {
      assert.ok(isFault(error), "nothing but a gateway fault comes out");
      return error;
    }
    throw new Error("it did not fail");
  };

  it("sends token, query and body, and gives back the JSON of the answer", async () => {
    answers = [json(200, { event_id: "$e" })];
    const answer = await rest().call({ method: "PUT", path: path`/_matrix/client/v3/rooms/${"!a/b?c:d"}/send/x/1`, query: { since: "a&b", timeout: 5 }, body: { text: "ü" }, repeat: "idempotent" });
    assert.deepEqual(answer, { event_id: "$e" });
    assert.deepEqual(seen, [{ method: "PUT", url: "/_matrix/client/v3/rooms/!a%2Fb%3Fc%3Ad/send/x/1?since=a%26b&timeout=5", authorization: `Bearer ${TOKEN}`, body: '{"text":"ü"}' }]);
  });

  it("sends a stored ciphertext byte by byte", async () => {
    answers = [json(200, {})];
    const bytes = '{ "z":1,"a" : "\\u00fc" }';
    await rest().call({ method: "PUT", path: "/x", body: bytes, repeat: "idempotent" });
    assert.equal(seen[0]?.body, bytes);
  });

  it("waits as long as the body of a 429 says, not the rounded header", async () => {
    answers = [json(429, { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 4_744 }, { "retry-after": "5" }), json(200, {})];
    await rest().call(get);
    assert.deepEqual(waits, [4_744]);
  });

  it("takes the header where the body says nothing", async () => {
    answers = [json(429, {}, { "retry-after": "3" }), json(200, {})];
    await rest().call(get);
    assert.deepEqual(waits, [3_000]);
  });

  it("hands a long wait to its caller instead of sitting through it", async () => {
    answers = [json(429, { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 332_000 })];
    const fault = await faultOf(rest().call(get));
    assert.deepEqual([fault.kind, fault.status, fault.errcode, fault.wait, seen.length, waits], ["rate-limited", 429, "M_LIMIT_EXCEEDED", 332_000, 1, []]);
  });

  it("does not believe a wait of years or of nonsense", async () => {
    answers = [json(429, { retry_after_ms: 1e15 })];
    assert.equal((await faultOf(rest().call(once))).wait, 3_600_000);
    answers = [json(429, { retry_after_ms: "-1" }, { "retry-after": "soon" })];
    assert.equal((await faultOf(rest().call(once))).wait, undefined);
  });

  it("repeats an idempotent call a few times, with growing pauses, and then gives up", async () => {
    answers = [json(502, {})];
    const fault = await faultOf(rest().call(get));
    assert.deepEqual([fault.kind, fault.status, seen.length, waits], ["unreachable", 502, 4, [250, 1_000, 4_000]]);
  });

  it("never repeats a call that would do the thing twice", async () => {
    for (const answer of [json(502, {}), json(429, { retry_after_ms: 1 }), (request: IncomingMessage) => void request.socket.destroy()]) {
      answers = [answer];
      seen = [];
      await faultOf(rest().call(once));
      assert.equal(seen.length, 1);
    }
  });

  it("does not repeat what was refused", async () => {
    answers = [json(403, { errcode: "M_FORBIDDEN", error: "not in room" })];
    const fault = await faultOf(rest().call(get));
    assert.deepEqual([fault.kind, fault.status, fault.errcode, seen.length], ["refused", 403, "M_FORBIDDEN", 1]);
  });

  it("knows a token that is no longer good", async () => {
    answers = [json(401, { errcode: "M_UNKNOWN_TOKEN", soft_logout: true })];
    assert.equal((await faultOf(rest().call(get))).kind, "token");
  });

  it("keeps what the server wants for a guarded call out of every print of the fault", async () => {
    answers = [json(401, { session: "secret-session", flows: [{ stages: ["m.login.password"] }] })];
    const fault = await faultOf(rest().call(once));
    assert.deepEqual(fault.challenge(), { session: "secret-session", passwordIsEnough: true });
    assert.equal(fault.kind, "refused");
    assert.doesNotMatch(inspect(fault, { depth: 9, showHidden: true }) + JSON.stringify(fault), /secret-session/);
  });

  it("calls a server that is gone, cuts the connection, or does not answer in time unreachable", async () => {
    const gone = await faultOf(rest({ homeserver: "http://127.0.0.1:1" }).call(once));
    answers = [(request) => void request.socket.destroy()];
    const cut = await faultOf(rest().call(once));
    answers = [(_request, response) => void response.writeHead(200, { "content-length": "100" }).write("{", () => response.socket?.destroy())];
    const half = await faultOf(rest().call(once));
    answers = [() => undefined];
    const slow = await faultOf(rest().call({ ...once, timeout: 40 }));
    assert.deepEqual([gone.kind, cut.kind, half.kind, slow.kind], ["unreachable", "unreachable", "unreachable", "unreachable"]);
  });

  it("calls an answer that is no JSON object or list unreachable", async () => {
    for (const body of ["", "null", "7", '"text"', "<html>", "{", "[".repeat(200_000)]) {
      answers = [(_request, response) => void response.writeHead(200).end(body)];
      assert.equal((await faultOf(rest().call(once))).kind, "unreachable");
    }
    answers = [json(200, { errcode: "M_SECRET", error: "secret-text" })];
    const fault = await faultOf(rest().call(once));
    assert.equal(fault.kind, "unreachable");
    assert.doesNotMatch(inspect(fault), /secret-text/);
  });

  it("stops reading an answer that is too long", async () => {
    answers = [(_request, response) => void response.writeHead(200).end(JSON.stringify({ text: "x".repeat(10_000) }))];
    assert.match((await faultOf(rest({ longestAnswer: 1_000 }).call(once))).message, /too_long/);
  });

  it("does not follow the server to another address with the token", async () => {
    answers = [(_request, response) => void response.writeHead(302, { location: `${url}/elsewhere` }).end()];
    await faultOf(rest().call(once));
    assert.deepEqual(seen.map((request) => request.url), ["/_matrix/client/v3/createRoom"]);
  });

  it("puts neither token, room, name nor the server's words into errors and logs", async (t) => {
    const printed: string[] = [];
    for (const stream of [process.stdout, process.stderr] as const) {
      t.mock.method(stream, "write", (text: string | Uint8Array) => {
        printed.push(String(text));
        return true;
      });
    }
    const cases: Answer[] = [
      json(400, { errcode: "M_UNKNOWN secret-text", error: "secret-text" }),
      json(403, { errcode: "M_FORBIDDEN", error: `secret-text ${ROOM}` }),
      json(500, { error: "secret-text" }),
      (_request, response) => void response.writeHead(200).end("secret-text"),
      (request) => void request.socket.destroy(),
    ];
    const faults: string[] = [];
    for (const answer of cases) {
      for (const call of [get, once]) {
        answers = [answer];
        const fault = await faultOf(rest().call(call));
        faults.push(inspect(fault, { depth: 9, showHidden: true }), fault.message, JSON.stringify(fault));
      }
    }
    t.mock.restoreAll();
    assert.doesNotMatch([...faults, ...logged, ...printed].join("\n"), /secret|example\.org/);
    assert.ok(logged.length > 0);
  });

  it("ends calls under way when it is closed", async () => {
    answers = [() => undefined];
    const line = rest();
    const call = faultOf(line.call({ ...get, timeout: 60_000 }));
    while (seen.length === 0) await new Promise(setImmediate);
    line.close();
    assert.equal((await call).kind, "unreachable");
    assert.equal(seen.length, 1);
  });
});
