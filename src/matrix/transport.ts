/**
 * HTTP on fetch, in the shape that matrix-bot-sdk calls (that of the `request` package, which it would use otherwise). One call is one
 * attempt; who repeats it is decided in rest.ts.
 */
import { LogService } from "matrix-bot-sdk/lib/logging/LogService.js";
import { setRequestFn } from "matrix-bot-sdk/lib/request.js";
import { AsyncLocalStorage } from "node:async_hooks";
import { Fault, faultFromAnswer, faultFromNetwork, isFault } from "./fault.ts";

/** Longest answer read, in bytes; a homeserver that sends more is cut off. */
export const LONGEST_ANSWER = 64 * 1024 * 1024;

/** What one call needs beyond what matrix-bot-sdk passes on. */
export interface CallContext {
  /** Ends the call early, when the line is closed. */
  readonly signal?: AbortSignal;
  readonly longestAnswer: number;
}

/** Carries the context through matrix-bot-sdk to the transport, which is one function for the whole process. */
export const callContext = new AsyncLocalStorage<CallContext>();

interface Request {
  readonly uri: string;
  readonly method: string;
  readonly qs?: Readonly<Record<string, string | number | boolean | null | undefined>> | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Milliseconds until the whole answer must be there. */
  readonly timeout?: number;
  /** `null`: the answer is wanted as bytes. */
  readonly encoding?: null;
}
type Done = (error: Error | null, response?: { readonly statusCode: number; readonly body: unknown }, body?: unknown) => void;

/** Makes matrix-bot-sdk use this transport, and stops its logger, which prints bodies and room ids. Idempotent. */
export function installTransport(): void {
  const silent = { info: nothing, warn: nothing, error: nothing, debug: nothing, trace: nothing };
  LogService.setLogger(silent);
  setRequestFn((request: Request, done: Done) => {
    attempt(request).then(
      ({ status, body }) => done(null, { statusCode: status, body }, body),
      (error: unknown) => done(isFault(error) ? error : faultFromNetwork(error)),
    );
  });
}

function nothing(): void {
  // What the SDK would log holds rooms, people and bodies.
}

async function attempt(request: Request): Promise<{ readonly status: number; readonly body: object }> {
  const context = callContext.getStore() ?? { longestAnswer: LONGEST_ANSWER };
  const signals = [AbortSignal.timeout(request.timeout ?? 60_000), ...(context.signal === undefined ? [] : [context.signal])];
  const answer = await fetch(addressOf(request), {
    method: request.method,
    headers: { accept: "application/json", ...request.headers },
    ...(request.body === undefined ? {} : { body: typeof request.body === "string" ? request.body : new Uint8Array(request.body) }),
    // A homeserver has no reason to send the access token elsewhere.
    redirect: "error",
    signal: AbortSignal.any(signals),
  });
  const bytes = await readBounded(answer, context.longestAnswer);
  if (answer.ok && request.encoding === null) return { status: answer.status, body: bytes };
  const body = parsed(bytes);
  if (!answer.ok) throw faultFromAnswer(answer.status, body, answer.headers.get("retry-after"));
  if (typeof body !== "object" || body === null) throw new Fault("unreachable", { status: answer.status, network: "not_json" });
  return { status: answer.status, body };
}

function addressOf({ uri, qs }: Request): URL {
  const address = new URL(uri);
  for (const [name, value] of Object.entries(qs ?? {})) {
    if (value !== undefined && value !== null) address.searchParams.set(name, String(value));
  }
  return address;
}

/** Counted as it comes, after it has been unpacked: what a server says of its length is not believed. */
async function readBounded(answer: Response, longest: number): Promise<Buffer> {
  if (answer.body === null) return Buffer.alloc(0);
  const reader = answer.body.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > longest) {
      await reader.cancel().catch(nothing);
      throw new Fault("unreachable", { status: answer.status, network: "too_long" });
    }
    parts.push(value);
  }
  return Buffer.concat(parts, length);
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}
