/**
 * How a backup is made while the bot runs. Nobody but the bot can open its journal, so `relevo backup` asks it, by a socket in the data folder, to leave
 * the file as it is for as long as the copying takes. Nothing of a case passes the socket, and who may not read the folder cannot reach it.
 */
import { chmodSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { Instant } from "../domain/ids.ts";
import { OperatorError } from "../operator-error.ts";
import type { Clock } from "../ports.ts";
import type { Log } from "./system.ts";

/** Name of the socket inside the data folder. */
const SOCKET = "control.sock";
/** The longest path that the system takes for a socket, bytes (sun_path of Linux has 108, of macOS 104, with the zero at the end). */
const LONGEST_PATH = 103;
/** A copy that takes longer is given up, milliseconds: what is committed meanwhile makes the write-ahead log grow. */
const LONGEST_HOLD = 1_200_000;
/** An answer takes no longer, milliseconds. */
const LONGEST_ANSWER = 10_000;
const MOST_CONNECTIONS = 8;
const WORD_BYTES = 64;

/** What the bot is asked and what it answers; each a line. */
const WORDS = { hold: "hold", held: "held", done: "done", whole: "whole", busy: "busy" } as const;

/** What holding needs. */
export interface HoldParts {
  /** The data folder. */
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Leaves the journal's file as it is until the returned function is called. */
  hold(): () => void;
}

/** Listens for whoever wants to copy the journal. Never rejects: a bot that cannot be backed up while it runs is reported, and hears a stop all the same. */
export async function serveHold({ folder, clock, log, hold }: HoldParts): Promise<() => Promise<void>> {
  const path = socketPath(folder);
  if (path === undefined) {
    log.warn("backup.not-listening", { why: "path-too-long" });
    return () => Promise.resolve();
  }
  let holder: Socket | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    let letGo: (() => void) | undefined;
    let cancel: (() => void) | undefined;
    const end = (): void => {
      cancel?.();
      letGo?.();
      letGo = undefined;
      if (holder === socket) holder = undefined;
    };
    socket.on("close", () => {
      sockets.delete(socket);
      end();
    });
    onWords(socket, (word) => {
      if (word === WORDS.hold && holder === undefined) {
        holder = socket;
        try {
          letGo = hold();
        } catch (fault) {
          log.bug("backup.not-held", fault);
          return socket.destroy();
        }
        cancel = clock.wakeAt((clock.now() + LONGEST_HOLD) as Instant, () => socket.destroy());
        return socket.write(`${WORDS.held}\n`);
      }
      if (word === WORDS.done && holder === socket) {
        end();
        return socket.end(`${WORDS.whole}\n`);
      }
      return socket.end(`${WORDS.busy}\n`);
    });
  });
  server.maxConnections = MOST_CONNECTIONS;
  // Left behind by a process that was killed; that it is no other's is sure, because the journal is ours alone.
  rmSync(path, { force: true });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
    chmodSync(path, 0o600);
  } catch (fault) {
    log.bug("backup.not-listening", fault);
    return () => Promise.resolve();
  }
  server.on("error", () => undefined);
  return () => new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

/** The journal's file as it is now, as long as this is open. */
export interface Held {
  /** Lets go; whether the file was held until now. Without that a copy is worth nothing. */
  done(): Promise<boolean>;
}

/** Asks the bot that runs on a data folder to hold its journal; undefined if none answers. Throws `backup.busy` if it is being copied already. */
export async function askToHold(folder: string, clock: Clock): Promise<Held | undefined> {
  const path = socketPath(folder);
  const socket = path === undefined ? undefined : await connected(path);
  if (socket === undefined) return undefined;
  const answers = answersOf(socket, clock);
  socket.write(`${WORDS.hold}\n`);
  const answer = await answers.next();
  if (answer !== WORDS.held) {
    socket.destroy();
    if (answer === WORDS.busy) throw new OperatorError("backup.busy", "The journal is being copied already.", "Wait for the other relevo backup or relevo audit export to end, then try again.");
    throw new OperatorError("backup.not-held", "The bot that runs on this data folder could not leave its journal as it is for a copy.", "Look at its log (backup.not-held) and at its disk; relevo doctor says more.");
  }
  return {
    async done() {
      socket.write(`${WORDS.done}\n`);
      const last = await answers.next();
      socket.destroy();
      return last === WORDS.whole;
    },
  };
}

/** Windows has no such sockets: there a backup is made while the bot is stopped. */
function socketPath(folder: string): string | undefined {
  if (process.platform === "win32") return undefined;
  const path = join(folder, SOCKET);
  return Buffer.byteLength(path) <= LONGEST_PATH ? path : undefined;
}

function connected(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    socket.on("error", () => resolve(undefined));
  });
}

/** The lines that come, one at a time; undefined once the connection has ended, or if none comes in time. */
function answersOf(socket: Socket, clock: Clock): { next(): Promise<string | undefined> } {
  const came: string[] = [];
  let over = false;
  let wake: () => void = () => undefined;
  onWords(socket, (word) => {
    came.push(word);
    wake();
  });
  socket.on("close", () => {
    over = true;
    wake();
  });
  return {
    async next() {
      if (came.length === 0 && !over) {
        await new Promise<void>((resolve) => {
          const cancel = clock.wakeAt((clock.now() + LONGEST_ANSWER) as Instant, resolve);
          wake = () => {
            cancel();
            resolve();
          };
        });
      }
      return came.shift();
    },
  };
}

function onWords(socket: Socket, take: (word: string) => void): void {
  let text = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk) => {
    text += String(chunk);
    if (text.length > WORD_BYTES) return void socket.destroy();
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n")) {
      const word = text.slice(0, at);
      text = text.slice(at + 1);
      take(word);
    }
  });
}
