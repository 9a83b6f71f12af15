/** What can go wrong between a bot and its homeserver, each with a name; played by the line of fault-proxy.ts. */
import { once } from "node:events";
import { gzipSync } from "node:zlib";
import type { Answered, Exchange, Fault } from "./fault-proxy.ts";

type Json = Record<string, unknown>;

function fault(name: string, play: (exchange: Exchange) => Promise<void>): Fault {
  return { name, play };
}
function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
function json(body: unknown): Buffer {
  return Buffer.from(JSON.stringify(body));
}

// ---------------------------------------------------------------- the server says no

/** 429. `body` in milliseconds, `header` as it stands there; either may be left out or absurd. */
export function busy({ body, header }: { readonly body?: string | number; readonly header?: string } = {}): Fault {
  return fault(`429 with ${body === undefined ? "no wait" : `${String(body)} ms`} in its body and ${header ?? "nothing"} in its header`, async ({ answer }) => {
    answer({
      status: 429, headers: { "content-type": "application/json", ...(header === undefined ? {} : { "retry-after": header }) },
      body: json({ errcode: "M_LIMIT_EXCEEDED", error: "Too Many Requests", ...(body === undefined ? {} : { retry_after_ms: body }) }),
    });
  });
}
/** An error of the server or of what stands before it: with the JSON of the specification, with a page for people, or with nothing. */
export function failing(status: number, as: "json" | "page" | "nothing" = "json"): Fault {
  const bodies = { json: json({ errcode: "M_UNKNOWN", error: "Internal server error" }), page: Buffer.from(`<html><h1>${status} Bad Gateway</h1></html>`), nothing: Buffer.alloc(0) };
  return fault(`${status} as ${as}`, async ({ answer }) => {
    answer({ status, headers: { "content-type": as === "page" ? "text/html" : "application/json" }, body: bodies[as] });
  });
}
/** What the server will not do, with its code. */
export function refusing(status: number, errcode: string, more: Json = {}): Fault {
  return fault(`${status} ${errcode}`, async ({ answer }) => answer({ status, body: json({ errcode, error: "No", ...more }) }));
}
/** The token is no longer good; the device is still there, and a login with its id gets another token for it (client-server API, "Soft logout"). */
export const softLogout: Fault = { ...refusing(401, "M_UNKNOWN_TOKEN", { soft_logout: true }), name: "a soft logout" };

// ---------------------------------------------------------------- the connection ends

/** The request never gets there. */
export const cutBefore: Fault = fault("a connection cut before the request", async ({ cut }) => cut());
/** The server does what it is asked, and nobody hears of it. */
export const cutAfterwards: Fault = fault("a connection cut before the answer", async ({ forward, cut }) => {
  await forward();
  cut();
});
export const cutInRequest: Fault = fault("a connection cut in the middle of the request", async ({ forwardHalf, cut }) => {
  await forwardHalf();
  cut();
});
export const cutInAnswer: Fault = fault("a connection cut in the middle of the answer", async ({ forward, response, cut }) => {
  const { status, headers, body } = await forward();
  response.writeHead(status, { "content-type": String(headers["content-type"]), "content-length": body.length });
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => cut());
});

// ---------------------------------------------------------------- the answer is not what it says

/** As long as it says, and half of the JSON. */
export const halfJson: Fault = fault("truncated JSON", async ({ forward, answer }) => {
  const { status, headers, body } = await forward();
  answer({ status, headers, body: body.subarray(0, Math.floor(body.length / 2)) });
});
/** 200 with a page for people: a captive portal, a proxy's login. */
export const pageInstead: Fault = fault("a page instead of JSON", async ({ forward, answer }) => {
  await forward();
  answer({ headers: { "content-type": "text/html" }, body: Buffer.from("<!doctype html><title>Log in to the network</title>") });
});
/** The right answer under the wrong content type. */
export const wrongType: Fault = fault("a wrong content type", async ({ forward, answer }) => {
  const { status, body } = await forward();
  answer({ status, headers: { "content-type": "image/png" }, body });
});
export const notGzip: Fault = fault("an answer that is not the gzip it says", async ({ forward, answer }) => {
  const { status, body } = await forward();
  answer({ status, headers: { "content-type": "application/json", "content-encoding": "gzip" }, body });
});
/** Says a length that is less than what follows. */
export const longerThanSaid: Fault = fault("an answer longer than it says", async ({ forward, answerBytes }) => {
  const { body } = await forward();
  answerBytes(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Math.floor(body.length / 2)}\r\n\r\n`), body]));
});
/** So many bytes of JSON, written as fast as they are read; in gzip it is a thousandth of that on the wire. */
export function huge(bytes: number, packed = false): Fault {
  return fault(`an answer of ${bytes} bytes${packed ? " in gzip" : ""}`, async ({ answer, response }) => {
    if (packed) return answer({ headers: { "content-type": "application/json", "content-encoding": "gzip" }, body: gzipSync(Buffer.concat([Buffer.from('{"a":"'), Buffer.alloc(bytes, "a"), Buffer.from('"}')])) });
    response.writeHead(200, { "content-type": "application/json" });
    const piece = "a".repeat(64 * 1024);
    const gone = once(response, "close");
    response.write('{"a":"');
    for (let written = 0; written < bytes && !response.destroyed; written += piece.length) {
      if (!response.write(piece)) await Promise.race([once(response, "drain"), gone]);
    }
    if (!response.destroyed) response.end('"}');
  });
}
/** The whole answer, a piece at a time. */
export function dripping(pieces: number, pause: number): Fault {
  return fault(`an answer in ${pieces} pieces ${pause} ms apart`, async ({ forward, response }) => {
    const { status, headers, body } = await forward();
    response.writeHead(status, { "content-type": String(headers["content-type"]), "content-length": body.length });
    const size = Math.ceil(body.length / pieces);
    for (let from = 0; from < body.length; from += size) {
      response.write(body.subarray(from, from + size));
      await wait(pause);
    }
    response.end();
  });
}
export function late(ms: number): Fault {
  return fault(`an answer ${ms} ms late`, async ({ forward, answer }) => {
    const answered = await forward();
    await wait(ms);
    answer(answered);
  });
}
/** The same request reaches the server twice: a proxy that repeats what it thinks lost. */
export const twice: Fault = fault("a request delivered twice", async ({ forward, answer }) => {
  await forward();
  answer(await forward());
});

// ---------------------------------------------------------------- what a sync says

/** The answer to a sync with each room's timeline changed. */
function timelines(name: string, change: (timeline: Json, next: unknown) => Json): Fault {
  return fault(name, async ({ forward, answer }) => answer(changed(await forward(), (sync) => {
    const rooms = sync["rooms"] as { join?: Record<string, Json> } | undefined;
    const join = Object.entries(rooms?.join ?? {}).map(([room, value]) => [room, { ...value, timeline: change((value["timeline"] ?? {}) as Json, sync["next_batch"]) }]);
    return rooms === undefined ? sync : { ...sync, rooms: { ...rooms, join: Object.fromEntries(join) } };
  })));
}
function changed(answered: Answered, change: (body: Json) => Json): Answered {
  return answered.status === 200 ? { ...answered, body: json(change(JSON.parse(answered.body.toString()) as Json)) } : answered;
}
const eventsOf = (timeline: Json): Json[] => (timeline["events"] ?? []) as Json[];

/** Every timeline of the sync is a gap: what stood in it has to be read back from the room's history. */
export const gap: Fault = timelines("a sync that leaves out its events", (timeline, next) =>
  (eventsOf(timeline).some((event) => event["state_key"] === undefined) ? { events: eventsOf(timeline).filter((event) => event["state_key"] !== undefined), limited: true, prev_batch: next } : timeline));
export const doubledEvents: Fault = timelines("a sync that says everything twice", (timeline) => ({ ...timeline, events: [...eventsOf(timeline), ...eventsOf(timeline)] }));
export const reversedEvents: Fault = timelines("a sync with its events in reverse", (timeline) => ({ ...timeline, events: eventsOf(timeline).toReversed() }));
/** The answer before this one once more, with the token that it had: what came since comes again with the next. */
export const staleAnswer: Fault = fault("a stale answer to a sync", async ({ forward, before, answer }) => {
  const stale = before();
  answer(stale ?? (await forward()));
});
/** The server's clock is wrong by so many milliseconds: in its header and in every event. */
export function wrongClock(by: number): Fault {
  const shifted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shifted);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, name === "origin_server_ts" && typeof item === "number" ? item + by : shifted(item)]));
  };
  return fault(`a server clock ${by / 3_600_000} h wrong`, async ({ forward, answer }) => {
    const answered = await forward();
    const dated = { ...answered, headers: { ...answered.headers, date: new Date(Date.now() + by).toUTCString() } };
    answer(answered.body.length === 0 ? dated : changed(dated, (body) => shifted(body) as Json));
  });
}
