/** A program at a pseudo-terminal, with somebody who types: by Python, which the homeserver needs anyway. */
import { spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { findPython } from "./python.ts";

/** Starts the rest of its arguments on a terminal of 80 columns, passes both ways, and ends as the program does. */
const BRIDGE = `
import fcntl, os, pty, select, struct, sys, termios
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
open_in = True
while True:
    ready, _, _ = select.select([fd, 0] if open_in else [fd], [], [])
    if fd in ready:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        os.write(1, data)
    if 0 in ready:
        data = os.read(0, 65536)
        if data:
            os.write(fd, data)
        else:
            open_in = False
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 255)
`;
/** Longest wait for what is expected, in milliseconds. */
const PATIENCE = 60_000;

/** A program that is being used. */
export interface Terminal {
  /** Everything shown so far, without the codes that move the cursor. */
  readonly shown: string;
  /** Waits until this is shown after what was waited for before; rejects with what was shown instead. */
  sees(what: RegExp): Promise<void>;
  /** Types this and Enter. */
  types(text: string): void;
  /** Ctrl and a letter. */
  control(letter: "C" | "D"): void;
  /** The exit code, when it has ended. */
  readonly ended: Promise<number>;
}

/** Starts a program in this folder. */
export async function atTerminal(command: readonly string[], cwd: string): Promise<Terminal> {
  const python = await findPython();
  if (!python.ok) throw new Error(python.reason);
  const child = spawn(python.command, ["-c", BRIDGE, ...command], { cwd, stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, NODE_TEST_CONTEXT: undefined } });
  let [raw, from] = ["", 0];
  const shown = (): string => stripVTControlCharacters(raw).replaceAll("\r", "");
  const waiting = new Set<() => void>();
  const look = (): void => { for (const each of waiting) each(); };
  child.stdout.on("data", (chunk: Buffer) => {
    raw += chunk.toString();
    look();
  });
  let isOver = false;
  const ended = new Promise<number>((resolve) => child.once("close", (code) => {
    isOver = true;
    look();
    resolve(code ?? -1);
  }));
  return {
    ended,
    get shown() { return shown(); },
    sees: (what) => new Promise((resolve, reject) => {
      const end = (failure?: string): void => {
        clearTimeout(timer);
        waiting.delete(seen);
        if (failure === undefined) resolve();
        else reject(new Error(`${failure}; shown instead of ${what.source}:\n${shown().slice(from)}`));
      };
      const timer = setTimeout(() => end(`not within ${PATIENCE / 1_000} s`), PATIENCE);
      const seen = (): void => {
        const found = what.exec(shown().slice(from));
        if (found !== null) {
          from += found.index + found[0].length;
          end();
        } else if (isOver) end("it has ended");
      };
      waiting.add(seen);
      seen();
    }),
    types: (text) => void child.stdin.write(`${text}\r`),
    control: (letter) => void child.stdin.write(String.fromCodePoint((letter.codePointAt(0) ?? 0) - 64)),
  };
}
