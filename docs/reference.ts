/** Texts of the generated documents for whoever runs the bot: figures, log, checks, faults. */
import { sayings as access } from "../config/locales/en/access.ts";
import { sayings as app } from "../config/locales/en/app.ts";
import { sayings as late } from "../config/locales/en/late.ts";
import { sayings as restored } from "../config/locales/en/restored.ts";
import { sayings as room } from "../config/locales/en/room.ts";
import { sayings as status } from "../config/locales/en/status.ts";
import { writtenChecks } from "../src/app/doctor-text.ts";
import { COUNTERS } from "../src/app/health.ts";
import { LOG_CODES, LOG_FIELDS } from "../src/app/log-codes.ts";
import { GAUGES } from "../src/app/metrics.ts";
import { outline } from "../src/chat/outline.ts";
import { DID, exitOf } from "../src/cli/report.ts";
import { sampleUnit } from "../src/cli/systemd-unit.ts";
import type { Check, Verdict } from "../src/domain/doctor.ts";
import { CHECKS, attention, wrong } from "../src/domain/doctor.ts";
import { line, when } from "../src/domain/say.ts";
import { NOT_READY } from "../src/domain/status.ts";
import { DOCTOR_FAULTS, MADRID, NOW } from "./doctor-faults.ts";
import type { FoundError } from "./operator-errors.ts";

const GENERATED = "Generated from the code by `npm run docs`; a test compares. Do not edit.";

/** docs/metrics.md. */
export function metricsReference(): string {
  return page(
    "# Figures, live and ready", "", GENERATED, "",
    "With `metrics: 127.0.0.1:9477` in the configuration (default: off) the bot answers there, to GET only:", "",
    "| path | answer |", "|---|---|",
    "| `/metrics` | all figures below, as Prometheus reads them (text format 0.0.4) |",
    "| `/live` | 200 `live`, or 503 if the process is there and does nothing: start it again |",
    "| `/ready` | 200 `ready`, or 503 with the reasons, one a line: it cannot be relied on now |", "",
    "Another address than one of the loopback is taken only with `metricsBeyondLoopback: true`: who can ask learns how much is said and when. No name, no id and no word of",
    "a case stands in a figure; a label has a value from a closed list. Counters begin at zero when the process is started.", "",
    "Reasons of `/ready`, also the values of the label `reason`:", "",
    "| reason | meaning |", "|---|---|", ...Object.entries(NOT_READY).map(([reason, means]) => row(`\`${reason}\``, means)), "",
    "What to watch: `/ready` for two minutes without 200; `relevo_unsent_oldest_seconds{lane=\"stop\"}` or `{lane=\"P1\"}` over 5; any rise of `relevo_alarms_total`,",
    "`relevo_commands_failed_total`, `relevo_replayed_total` or `relevo_unproven_total`; `relevo_rooms_undone` above 0 for ten minutes.", "",
    "## Figures that go up and down", "", "| figure | meaning |", "|---|---|", ...Object.entries(GAUGES).map(([name, means]) => row(`\`relevo_${name}\``, means)), "",
    "## Counters", "", "| figure | meaning |", "|---|---|", ...Object.entries(COUNTERS).map(([name, means]) => row(`\`relevo_${name}_total\``, means)),
  );
}

/** docs/log.md. */
export function logReference(): string {
  return page(
    "# Log", "", GENERATED, "",
    "One JSON object a line on standard error (`journalctl -u relevo`). Every line has `at` (UTC), `level` and `code`. `error` wants somebody to look at it, `warn` may, `info`",
    "does not. Nothing else can stand in a line than the fields below: no name, no id, no text of a message, no text of another program's error. Codes and fields are",
    "types of the program: what is not in these tables does not compile.", "",
    "| field | meaning |", "|---|---|", ...Object.entries(LOG_FIELDS).map(([name, means]) => row(`\`${name}\``, means)), "",
    "| code | meaning, and what to do |", "|---|---|", ...LOG_CODES.map(([code, means]) => row(`\`${code}\``, means)),
  );
}

/** docs/doctor.md. */
export function doctorReference(): string {
  const told = [...DOCTOR_FAULTS.flatMap(({ check, of }) => of().filter((each) => each.check === check)), ...besides()];
  const written = Object.keys(CHECKS).flatMap((name) => writtenChecks(told.filter((each) => each.check === name), { language: "en", zone: MADRID, now: NOW }));
  const marks: Readonly<Record<Verdict, string>> = { wrong: "✖", attention: "▲", ok: "✓" };
  return page(
    "# Doctor", "", GENERATED, "",
    "`relevo doctor --config FILE` makes every check below whether the bot runs, cannot start or has died, and ends with 1 if something is wrong (✖: mend it now; ▲: look at it by",
    "day). While the bot runs, it tells how it is by a pulse every half minute; once it is stopped, journal and crypto store are opened and read (`--deep`: every row; it also",
    "tries the rate limit). It changes nothing. `--json` is for other programs. In chat an owner types `doctor`; an administrator is told what concerns the homeserver, the",
    "bot and the rooms of their cases; `doctor CV-4` tells of one person: identity, devices that can read, rooms, when last heard, wake test.", "",
    "| check | looks at |", "|---|---|", ...Object.entries(CHECKS).map(([name, looks]) => row(`\`${name}\``, looks)), "",
    "## What it finds, and the cure", "", "| | check | found | cure |", "|---|---|---|---|",
    ...written.map(({ check, verdict, found, cure = "" }) => row(marks[verdict], `\`${check}\``, found, cure)),
  );
}

/** Faults that need a machine or a folder of their own, in the same words. */
function besides(): Check[] {
  const since = when(NOW, MADRID);
  const start = line("doctor.running-not-cure", {});
  return [
    wrong("node", line("doctor.node-old", { version: "24.1.0", needed: 26 }), line("doctor.node-old-cure", {})),
    wrong("files", line("doctor.files-open", { count: 1 }), line("doctor.files-open-cure", { line: "chmod go= FILE" })),
    attention("recovery-key", line("doctor.recovery-key-here", { file: "FILE" }), line("doctor.recovery-key-here-cure", { file: "FILE" })),
    attention("watch", line("doctor.watch-none", {}), line("doctor.watch-none-cure", {})),
    attention("running", line("doctor.running-stopped", { since }), start),
    wrong("running", line("doctor.running-died", { since }), start),
    wrong("running", line("doctor.running-ended", { since, what: "…", code: "journal.disk-full" }), line("doctor.operator-error", { what: "The cure of that error: see errors.md." })),
    attention("outbox", line("doctor.outbox-stopped", { unsent: 3, received: 2 }), start),
    attention("instance", line("doctor.instance-other", {}), line("doctor.instance-other-cure", {})),
    wrong("crypto-store", line("doctor.crypto-store-gone", {}), line("doctor.crypto-store-gone-cure", {})),
  ];
}

/** docs/errors.md. */
export function errorsReference(errors: readonly FoundError[]): string {
  return page(
    "# When something is wrong", "", GENERATED, "",
    "For whoever is woken by one: what happened, what the bot did about it, what to do now. First of all: `relevo doctor --config FILE` looks at everything and says it in",
    "this order, worst first ([doctor.md](doctor.md)); codes of the log stand in [log.md](log.md), what the bot does about a faulty line in [faults.md](faults.md).", "",
    "## The process ended", "",
    "The last lines on standard error (`journalctl -u relevo`) are what happened, with its code; what became of the bot; and `To do:`. The same is kept in the data folder, and",
    "`relevo doctor` repeats it.", "",
    "| exit code | what the bot did | what to do |", "|---|---|---|",
    row("0", "It was asked to stop, and stopped in good order.", "Nothing."),
    row("78", `${DID["not-started"]} The service is not started again by itself: it would not help.`, "What the line `To do:` says: it names the file, the setting or the command. Then start it."),
    row("1", `${DID.stopped} The service manager starts it again.`, "What the line `To do:` says, if it ends again. A code `B-…` is a fault of the program: report the line of the log that has it."),
    row("1, of `relevo doctor` and `relevo audit verify`", "It looked, and found something wrong.", "What it says."), "",
    "While it does not run nothing is lost: what people write waits at the homeserver and is read when it runs again, late: what binds is asked anew, a stop counts at once. Every",
    "person is then told once what concerns them.", "",
    "| code | exit code | what happened | what to do |", "|---|---|---|---|",
    ...errors.map(({ code, what, cure }) => row(`\`${code}\``, String(exitOf(code)), what, cure)), "",
    "## It runs, and tells people", "",
    "These are said in chat, in each reader's language, by the bot itself: to owners and administrators what only they can mend, to everybody what concerns them. ‹…› is filled in.", "",
    "| code | said |", "|---|---|",
    ...Object.entries({ ...pick(app, TOLD), ...room, ...pick(access, /^access\.(?:not-told|author-kept-out|suspended|identity|still-suspended|cut-off|outside)/), ...late, ...restored, ...pick(status, /^status\.(?!well|not-well|up|case|more|waits$)/) }).map(([code, text]) => row(`\`${code}\``, outline(text))),
  );
}

/** What of the sayings of the app tells of a fault. */
const TOLD = /^app\.(?:failed|late-not-counted|unproven|unproven-stop|set-aside|given-up|room-absent|repair-failed|stop-raw)$/;

function pick(of: Readonly<Record<string, string>>, which: RegExp): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(of).filter(([code]) => which.test(code)));
}

/** Where the unit stands in docs/operating.md, which people write. */
const UNIT = { from: "<!-- unit: generated from src/cli/systemd-unit.ts -->", until: "<!-- end of unit -->" } as const;

/** docs/operating.md with the unit as `relevo init --systemd` writes it. Throws if it has no place for it. */
export function withUnit(operating: string): string {
  const [from, until] = [operating.indexOf(UNIT.from), operating.indexOf(UNIT.until)];
  if (from < 0 || until < from) throw new Error(`docs/operating.md has no ${UNIT.from} … ${UNIT.until}`);
  return `${operating.slice(0, from + UNIT.from.length)}\n\`\`\`ini\n${sampleUnit()}\`\`\`\n${operating.slice(until)}`;
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
}
function page(...lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}
