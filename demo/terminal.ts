/** Shows the story on a terminal: who types what, and, person by person, what each reads on their own device. */
import { stripVTControlCharacters } from "node:util";
import type { Seen } from "../test/support/seen.ts";
import { CAST, personOf, type Name } from "./cast.ts";
import type { Narrator, Stage } from "./stage.ts";

/** Where lines go; `colour` and `columns` as the terminal has them. */
export interface Screen {
  readonly colour: boolean;
  readonly columns: number;
  write(text: string): void;
}

/** How many characters of a message stand on one line of the terminal before it is broken. */
const WIDEST = 118;
/** How many lines of an edited board are shown. */
const EDIT_LINES = 3;
/** A word longer than this (a checkpoint) is shown by its beginning. */
const LONGEST_WORD = 60;
const COLOURS: Readonly<Record<Name, number>> = { ana: 33, luis: 36, dulce: 35, tiago: 32, awa: 34 };

export class Terminal implements Narrator {
  readonly #screen: Screen;
  readonly #from = performance.now();
  #read = 0;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** A line that says what is being done. */
  line(text = ""): void {
    this.#screen.write(`${text}\n`);
  }

  progress(text: string): void {
    this.line(this.#dim(`${this.#clock()} ${text}`));
  }

  chapter(number: number, of: number, title: string): void {
    const head = `[${number}/${of}] ${title}`;
    const rest = `${this.#clock().trim()}, ${this.#read} messages read`;
    this.line();
    this.line(`${this.#bold(head)}  ${this.#dim(rest)}`);
  }

  types(who: Name, where: string, text: string): void {
    this.line(`  ${this.#name(who)} ${this.#dim(`types · ${where}`)}`);
    for (const line of this.#wrapped(text)) this.line(`    ▸ ${line}`);
  }

  taps(who: Name, where: string, _question: string, answer: string): void {
    this.line(`  ${this.#name(who)} ${this.#dim(`taps · ${where}`)}`);
    this.line(`    ▸ [${clean(answer)}]`);
  }

  reads(who: Name, seen: readonly Seen[]): void {
    this.#read += seen.length;
    let room: string | undefined;
    for (const each of seen) {
      if (each.room !== room) this.line(`  ${this.#name(who)} ${this.#dim(`reads · ${each.roomName.startsWith("relevo") ? "direct chat" : each.roomName}`)}`);
      room = each.room;
      this.#message(each);
    }
  }

  happens(what: string): void {
    const texts: Readonly<Record<string, string>> = { kill: "✂  the bot's process is killed (SIGKILL)", start: "↻  the bot is started again" };
    this.line(`  ${this.#bold(texts[what] ?? what)}`);
  }

  /** The table at the end; true if all is as it should be. */
  summary(stage: Stage): boolean {
    const faults = stage.faults();
    const rows = CAST.map(({ name, shown, country, part }) => {
      const expected = stage.expected.filter(({ who }) => who === name);
      const human = stage.people[name];
      const mine = (list: readonly Seen[]) => list.filter((seen) => human.seen.includes(seen)).length;
      return [
        `${shown} (${country})`, part, `${expected.filter(({ read }) => read).length}/${expected.length}`,
        String(human.seen.filter(({ sender, unreadable }) => sender === stage.bot.userId && unreadable === undefined).length),
        String(mine(faults.unreadable)), String(mine(faults.inClear)), String(mine(faults.doubled)), String(human.sentCount),
      ];
    });
    const head = ["person", "part", "expected, read", "all read", "unreadable", "in clear", "twice", "sent"];
    this.line();
    this.#table([head, ...rows]);
    const missing = stage.expected.filter(({ read }) => !read);
    for (const { chapter, who, what } of missing) this.line(`  ✖ ${personOf(who).shown} did not read ${what} (${chapter})`);
    return missing.length === 0 && Object.values(faults).every((list) => list.length === 0);
  }

  #table(rows: readonly (readonly string[])[]): void {
    const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
    for (const [index, row] of rows.entries()) {
      const line = row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  ");
      this.line(index === 0 ? this.#bold(line) : line);
    }
  }

  #message(seen: Seen): void {
    const sign = seen.poll !== undefined ? "?" : seen.msgtype === "m.text" ? "!" : "◂";
    const body = seen.unreadable === undefined ? seen.body : `(not readable yet: ${seen.unreadable})`;
    const all = body.split("\n").flatMap((line) => this.#wrapped(line));
    // A board that was edited stands pinned in its room; here its head is enough.
    const lines = seen.replaces === undefined || all.length <= EDIT_LINES ? all : [...all.slice(0, EDIT_LINES), "…"];
    const buttons = seen.poll === undefined ? "" : `  [${seen.poll.answers.map(({ text }) => clean(text)).join(" · ")}]`;
    for (const [index, line] of lines.entries()) {
      const mark = index === 0 ? (seen.replaces === undefined ? sign : "✎") : " ";
      this.line(`    ${mark} ${line}${index === lines.length - 1 ? buttons : ""}`);
    }
  }

  #wrapped(text: string): string[] {
    const width = Math.max(40, Math.min(WIDEST, this.#screen.columns - 8));
    const lines: string[] = [];
    for (const whole of clean(text).split(" ")) {
      const word = whole.length > LONGEST_WORD ? `${whole.slice(0, LONGEST_WORD)}…` : whole;
      const last = lines.at(-1);
      if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
      else lines.push(word);
    }
    return lines;
  }

  #clock(): string {
    return `${((performance.now() - this.#from) / 1000).toFixed(1).padStart(6)} s`;
  }
  #name(who: Name): string {
    return this.#painted(personOf(who).shown, `1;${COLOURS[who]}`);
  }
  #bold(text: string): string {
    return this.#painted(text, "1");
  }
  #dim(text: string): string {
    return this.#painted(text, "2");
  }
  #painted(text: string, code: string): string {
    return this.#screen.colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

/** What came over the network must not steer the terminal. */
function clean(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{Cc}/gu, "");
}
