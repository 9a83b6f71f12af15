import { doHttpRequest } from "matrix-bot-sdk/lib/http.js";
import { setTimeout as wait } from "node:timers/promises";
import { Fault, isFault } from "./fault.ts";
import { LONGEST_ANSWER, callContext, installTransport } from "./transport.ts";

/** Codes, counts and milliseconds only; never a room, a person, a token or a text. */
export type Log = (code: string, facts: Readonly<Record<string, string | number | boolean>>) => void;

/** One call of the client-server API. */
export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** From `/_matrix`, with every id in it already encoded: see {@link path}. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  /** A string is sent as it is, bytes as a file; anything else as JSON. */
  readonly body?: object | string | Uint8Array;
  /** `bytes`: the answer is a file, at most so many bytes of it; without this it is JSON. */
  readonly answer?: { readonly bytes: number };
  /** Milliseconds for one attempt; 30 s if missing. */
  readonly timeout?: number;
  /** `idempotent` calls are repeated a few times; `once` is for those whose repetition would do the thing twice. */
  readonly repeat: "idempotent" | "once";
}

/** What a {@link Rest} is made of. */
export interface RestOptions {
  readonly homeserver: string;
  readonly token: string;
  readonly log: Log;
  /** Milliseconds; a test passes one that does not wait. */
  readonly pause?: (milliseconds: number) => Promise<void>;
  readonly longestAnswer?: number;
}

const ATTEMPTS = 4;
const FIRST_PAUSE = 250;
/** Longest time that one call waits for the server's wish; a longer one goes to the caller, who has other things to do meanwhile. */
const LONGEST_PAUSE = 6_000;
const TIMEOUT = 30_000;

/** matrix-bot-sdk's requests as the way to the homeserver, and nothing else of it: the rest of the library is not even loaded. */
export class Rest {
  readonly #homeserver: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #log: Log;
  readonly #pause: (milliseconds: number) => Promise<void>;
  readonly #longestAnswer: number;
  readonly #closing = new AbortController();

  constructor({ homeserver, token, log, pause, longestAnswer }: RestOptions) {
    installTransport();
    this.#homeserver = homeserver.replace(/\/+$/, "");
    this.#headers = token === "" ? {} : { Authorization: `Bearer ${token}` };
    this.#log = log;
    this.#pause = pause ?? ((milliseconds) => wait(milliseconds, undefined, { signal: this.#closing.signal }));
    this.#longestAnswer = longestAnswer ?? LONGEST_ANSWER;
  }

  /** The parsed body of a success. Throws a {@link Fault}, and nothing else, when there is none. */
  async call(call: Call): Promise<unknown> {
    const attempts = call.repeat === "idempotent" ? ATTEMPTS : 1;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(call);
      } catch (error) {
        const fault = isFault(error) ? error : new Fault("unreachable", { network: "unusable_answer" });
        const pause = pauseBefore(fault, attempt);
        if (attempt >= attempts || pause === undefined || this.#closing.signal.aborted) throw fault;
        this.#log("http.again", { kind: fault.kind, status: fault.status ?? 0, attempt, ms: pause });
        await this.#pause(pause).catch(() => {
          throw fault;
        });
      }
    }
  }

  /** Ends calls under way; later ones fail as unreachable. */
  close(): void {
    this.#closing.abort();
  }

  #attempt({ method, path, query, body, answer, timeout }: Call): Promise<unknown> {
    // A Buffer passes through matrix-bot-sdk unchanged: the stored ciphertext must be repeated byte by byte.
    const bytes = typeof body === "string" ? Buffer.from(body) : body instanceof Uint8Array ? Buffer.from(body) : body;
    const context = { signal: this.#closing.signal, longestAnswer: answer?.bytes ?? this.#longestAnswer };
    const type = body instanceof Uint8Array ? "application/octet-stream" : "application/json";
    return callContext.run(context, () =>
      doHttpRequest(this.#homeserver, method, path, query ?? null, bytes ?? null, { ...this.#headers }, timeout ?? TIMEOUT, false, type, answer !== undefined) as Promise<unknown>);
  }
}

/** A path with each inserted value percent-encoded. */
export function path(parts: TemplateStringsArray, ...values: readonly string[]): string {
  return parts.reduce((whole, part, at) => whole + encodeURIComponent(values[at - 1] ?? "") + part);
}

/** Milliseconds before the next attempt, or `undefined` if there is no sense in one. */
function pauseBefore(fault: Fault, attempt: number): number | undefined {
  if (fault.kind === "refused" || fault.kind === "token") return undefined;
  const pause = fault.wait ?? FIRST_PAUSE * 4 ** (attempt - 1);
  return pause <= LONGEST_PAUSE ? pause : undefined;
}
