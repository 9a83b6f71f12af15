/** Answers `/metrics`, `/live` and `/ready` on the loopback: figures and codes for whoever watches the bot. */
import { createServer } from "node:http";
import type { Server, ServerResponse } from "node:http";
import type { Listen } from "./setting-values.ts";

/** What can be asked. */
export interface Answers {
  metrics(): string;
  live(): Report;
  ready(): Report;
}
/** Whether all is well, and the codes of what is not. */
export interface Report {
  readonly ok: boolean;
  readonly reasons: readonly string[];
}

/** Longest time for a request to come in whole, in milliseconds, and most connections at once: nobody who is slow or many may cost the bot anything. */
const LONGEST_REQUEST = 5_000;
const MOST_CONNECTIONS = 32;
const TEXT = "text/plain; charset=utf-8";
const PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

/** Listens until it is closed. Rejects with the system's error if the port cannot be had; the bot then goes on without. */
export async function serveMetrics({ host, port }: Listen, answers: Answers): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer({ requestTimeout: LONGEST_REQUEST, headersTimeout: LONGEST_REQUEST, keepAliveTimeout: LONGEST_REQUEST, maxHeaderSize: 8_192 }, (request, response) => {
    answer(answers, request.method ?? "", request.url ?? "", response);
  });
  server.maxConnections = MOST_CONNECTIONS;
  await listening(server, host, port);
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      // A client that goes away in the middle is no fault of the bot.
      server.on("error", () => undefined);
      resolve();
    });
  });
}

function answer(answers: Answers, method: string, url: string, response: ServerResponse): void {
  const put = (status: number, type: string, body: string): void => {
    response.writeHead(status, { "content-type": type, "cache-control": "no-store", "x-content-type-options": "nosniff" });
    response.end(method === "HEAD" ? undefined : body);
  };
  if (method !== "GET" && method !== "HEAD") return put(405, TEXT, "only GET\n");
  switch (url.split("?", 1)[0]) {
    case "/metrics": return put(200, PROMETHEUS, answers.metrics());
    case "/live": return report(answers.live(), "live");
    case "/ready": return report(answers.ready(), "ready");
    default: return put(404, TEXT, "only /metrics, /live and /ready\n");
  }
  function report({ ok, reasons }: Report, word: string): void {
    put(ok ? 200 : 503, TEXT, ok ? `${word}\n` : `not ${word}\n${reasons.map((reason) => `${reason}\n`).join("")}`);
  }
}
