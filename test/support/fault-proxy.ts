/**
 * A proxy on the loopback between a bot and its homeserver, that breaks chosen requests in chosen ways; what breaks is in faults.ts.
 *
 *   const line = await openFaultLine(synapse.url);
 *   const bot = await startBot({ …, synapse: { ...synapse, url: line.url } });     people go on talking to the homeserver itself
 *   const broken = line.next(sends, cutAfterwards);                               the next message arrives, its answer does not
 *   await broken.played;                                                          it has happened (rejects after 30 s)
 *   const stop = line.always(anything, late(200));                                until stop() or line.mend()
 *   line.sometimes(anything, chance(0.01), [cutBefore, failing(502)]);            for soaks: `chance` says when, the faults take turns
 *   line.played                                                                   how often each fault has happened, by name
 *
 * The first rule that matches decides; without one a request passes unchanged. A fault is a value with a name, so that a failing test says which it was.
 */
import { Agent, createServer, request as ask } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A request as the bot made it. */
export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}
/** An answer of the homeserver, whole. */
export interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}
/** One request on its way, in the hands of a fault. */
export interface Exchange {
  readonly asked: Asked;
  /** What the homeserver answers; asked again, it gets the request again. */
  forward(): Promise<Answered>;
  /** Gives the homeserver only so many bytes of the body, of as many as it was told, and hangs up. */
  forwardHalf(): Promise<void>;
  answer(answered: Partial<Answered>): void;
  /** What a well-behaved server would not write; the connection ends with it. */
  answerBytes(bytes: string | Buffer): void;
  /** The beginning of an answer that goes on; the rest is written to it. */
  readonly response: ServerResponse;
  /** Ends the connection to the bot. */
  cut(): void;
  /** The last answer that passed for requests of this kind, before this one. */
  before(): Answered | undefined;
}
/** One way for a request to go wrong. */
export interface Fault {
  readonly name: string;
  play(exchange: Exchange): Promise<void>;
}
/** Which requests. */
export type Which = (asked: Asked) => boolean;

/** What a test waits for. */
export interface Broken {
  /** Resolves when the fault has happened as often as was asked for; rejects if that does not come. */
  readonly played: Promise<void>;
}

interface Rule {
  readonly which: Which;
  readonly pick: () => Fault | undefined;
  done?: () => void;
}

/** The line. */
export interface FaultLine {
  /** Homeserver address to give to the bot. */
  readonly url: string;
  readonly played: ReadonlyMap<string, number>;
  /** Requests that came, newest last. */
  readonly asked: readonly Asked[];
  next(which: Which, fault: Fault, times?: number): Broken;
  always(which: Which, fault: Fault): () => void;
  sometimes(which: Which, when: () => boolean, faults: readonly Fault[]): () => void;
  /** Ends all connections of the bot as they are now. */
  cutAll(): void;
  /** Every rule is gone. */
  mend(): void;
  close(): Promise<void>;
}

export const anything: Which = () => true;
export const syncs: Which = ({ path }) => path.includes("/v3/sync");
export const sends: Which = ({ path }) => path.includes("/send/m.room.encrypted/");
export const keysAndDevices: Which = ({ path }) => /\/keys\/(?:query|claim|upload)|\/sendToDevice\//.test(path);
export const history: Which = ({ path }) => /\/rooms\/[^/]+\/messages/.test(path);
export const uploads: Which = ({ path }) => path.includes("/_matrix/media/");

const PATIENCE = 30_000;
/** Requests remembered; only their number and paths are looked at. */
const REMEMBERED = 2_000;

/** Opens a line to a homeserver; everything passes until a test says otherwise. */
export async function openFaultLine(target: string): Promise<FaultLine> {
  const agent = new Agent({ keepAlive: true });
  const sockets = new Set<Socket>();
  const played = new Map<string, number>();
  const lastAnswers = new Map<string, Answered>();
  const asked: Asked[] = [];
  let rules: Rule[] = [];

  const server: Server = createServer((incoming, response) => {
    void take(incoming, response).catch(() => void response.destroy());
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  async function take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const one: Asked = { method: incoming.method ?? "GET", path: incoming.url ?? "/", headers: incoming.headers, body: Buffer.concat(parts) };
    asked.push(one);
    if (asked.length > REMEMBERED) asked.shift();
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const exchange = exchangeOf(one, response, gone.signal);
    if (await isBroken(exchange)) return;
    const answered = await exchange.forward();
    // A sync waits for a long time: what went wrong meanwhile is about the answer that comes.
    if (!await isBroken({ ...exchange, forward: () => Promise.resolve(answered) })) exchange.answer(answered);
  }

  async function isBroken(exchange: Exchange): Promise<boolean> {
    for (const rule of rules) {
      const fault = rule.which(exchange.asked) ? rule.pick() : undefined;
      if (fault === undefined) continue;
      try {
        await fault.play(exchange);
      } finally {
        played.set(fault.name, (played.get(fault.name) ?? 0) + 1);
        rule.done?.();
      }
      return true;
    }
    return false;
  }

  function exchangeOf(one: Asked, response: ServerResponse, gone: AbortSignal): Exchange {
    const kind = `${one.method} ${one.path.split("?")[0] ?? ""}`;
    const earlier = lastAnswers.get(kind);
    return {
      asked: one, response,
      before: () => earlier,
      async forward() {
        const answered = await pass(target, agent, one, gone);
        if (answered.status === 200) lastAnswers.set(kind, answered);
        return answered;
      },
      forwardHalf: () => passHalf(target, one),
      answer({ status = 200, headers = { "content-type": "application/json" }, body = Buffer.alloc(0) }) {
        response.writeHead(status, { ...withoutFraming(headers), "content-length": body.length }).end(body);
      },
      answerBytes: (bytes) => void response.socket?.end(bytes),
      cut: () => void response.socket?.destroy(),
    };
  }

  function drop(rule: Rule): void {
    rules = rules.filter((each) => each !== rule);
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    played, asked,
    next(which, fault, times = 1) {
      let left = times;
      const over = Promise.withResolvers<void>();
      over.promise.catch(() => undefined);
      const timer = setTimeout(() => over.reject(new Error(`"${fault.name}" has happened ${times - left} of ${times} times within ${PATIENCE / 1000} s; asked was ${asked.slice(-5).map((each) => `${each.method} ${each.path.split("?")[0] ?? ""}`).join(", ")}`)), PATIENCE);
      let open = times;
      const rule: Rule = {
        which,
        pick: () => (open-- > 0 ? fault : undefined),
        done() {
          if (--left > 0) return;
          clearTimeout(timer);
          drop(rule);
          over.resolve();
        },
      };
      rules.push(rule);
      return { played: over.promise };
    },
    always(which, fault) {
      const rule: Rule = { which, pick: () => fault };
      rules.push(rule);
      return () => drop(rule);
    },
    sometimes(which, when, faults) {
      let turn = 0;
      const rule: Rule = { which, pick: () => (when() ? faults[turn++ % faults.length] : undefined) };
      rules.push(rule);
      return () => drop(rule);
    },
    cutAll: () => { for (const socket of sockets) socket.destroy(); },
    mend: () => { rules = []; },
    async close() {
      for (const socket of sockets) socket.destroy();
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What belongs to one connection, or says how long a body is that a fault may have changed. */
function withoutFraming(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const kept = Object.entries(headers).filter(([name, value]) => value !== undefined && !["connection", "content-length", "keep-alive", "transfer-encoding"].includes(name));
  return Object.fromEntries(kept) as Record<string, string | string[]>;
}

function headersTo(target: string, one: Asked): Record<string, string | string[]> {
  const { "accept-encoding": _encoding, host: _host, ...kept } = withoutFraming(one.headers);
  return { ...kept, host: new URL(target).host, ...(one.body.length > 0 || one.method !== "GET" ? { "content-length": String(one.body.length) } : {}) };
}

function pass(target: string, agent: Agent, one: Asked, gone: AbortSignal): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const outgoing = ask(new URL(one.path, target), { method: one.method, headers: headersTo(target, one), agent, signal: gone }, (incoming) => {
      const parts: Buffer[] = [];
      incoming.on("data", (part: Buffer) => parts.push(part));
      incoming.once("error", reject);
      incoming.once("end", () => resolve({ status: incoming.statusCode ?? 502, headers: incoming.headers, body: Buffer.concat(parts) }));
    });
    outgoing.once("error", reject);
    outgoing.end(one.body);
  });
}

function passHalf(target: string, one: Asked): Promise<void> {
  return new Promise((resolve) => {
    const outgoing = ask(new URL(one.path, target), { method: one.method, headers: headersTo(target, one), agent: false });
    outgoing.once("error", () => resolve());
    outgoing.once("close", () => resolve());
    outgoing.write(one.body.subarray(0, Math.floor(one.body.length / 2)), () => outgoing.destroy());
  });
}
