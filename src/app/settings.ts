/** What the app is given once the configuration has been read: every key of the YAML file, its meaning, its bounds and its default. */
import { z } from "zod";
import type { Weight } from "../chat/command.ts";
import type { Minimum } from "../domain/confirm-identity.ts";
import type { MasterKey, UserId, Zone } from "../domain/ids.ts";
import type { Language } from "../domain/person.ts";
import type { Windows } from "../domain/windows.ts";
import type { Derived } from "../journal/root-file.ts";
import type { Listen } from "./setting-values.ts";
import { isLoopback, readCallUrl, readCount, readHomeserver, readLanguage, readListen, readMasterKey, readPath, readPrefix, readSpan, readSwitch, readUserId, readZone, writeSpan } from "./setting-values.ts";

/** A person who may open cases. The fingerprint is compared in person: the server is not asked who they are. */
export interface Owner {
  readonly user: UserId;
  readonly masterKey: MasterKey;
  readonly language: Language;
  readonly zone: Zone;
}

/** Where each secret lies: paths only, absolute once the file has been read. */
export interface SecretFiles {
  readonly accessTokenFile: string;
  /** Needed only where the homeserver asks for the password before it takes the bot's signing keys. */
  readonly passwordFile?: string;
  /** Everything the bot stores is sealed under it. */
  readonly passphraseFile: string;
  /** Written once by the bot at its first start; opens the secret storage of its account when its device is lost. */
  readonly recoveryKeyFile: string;
}

/** The configuration as the app is given it: checked, paths absolute, spans in milliseconds, owners complete. */
export interface Settings {
  readonly homeserver: string;
  readonly user: UserId;
  readonly prefix: string;
  /** Folder of the journal and the crypto store, absolute. */
  readonly data: string;
  readonly secrets: SecretFiles;
  readonly language: Language;
  readonly zone: Zone;
  readonly owners: readonly Owner[];
  /** What the server held back longer than this is late: a contact no longer counts. Milliseconds. */
  readonly lateAfter: number;
  /** Who sent a message that cannot be read is told after so long; it is given up after so long. Milliseconds. */
  readonly unreadableTold: number;
  readonly unreadableKept: number;
  /** Most commands that one person may give within a minute, and most tasks, alerts and deliveries of theirs that may be open; a stop is not counted. */
  readonly commandsPerMinute: number;
  readonly openPerPerson: number;
  readonly windows: Windows;
  /** For each weight of command the least that must be known of whoever gives it. */
  readonly trust: Readonly<Record<Weight, Minimum>>;
  /** Where figures and the state of the bot can be asked for. */
  readonly metrics: Listen | "off";
  /** The figures may be asked for from other machines. */
  readonly metricsBeyondLoopback: boolean;
  /** Called every minute while the bot hears and answers. */
  readonly deadManUrl?: string;
}

/** The secrets themselves, read from their files; never logged, never in an error. */
export interface Secrets {
  readonly accessToken: string;
  readonly password?: string;
  readonly passphrase: string;
  /** What was made of the passphrase while the program was being loaded. */
  readonly derived?: Promise<Derived | undefined>;
  /** Missing until the bot has written its file. */
  readonly recoveryKey?: string;
}

/** What is told about a setting in the sample file, the reference and in errors. */
export interface Explained {
  readonly says: string;
  readonly expects: string;
  readonly byDefault?: unknown;
}
/** Explanation of what stands in {@link settingsSchema}, each leaf at least. */
export const explained = z.registry<Explained>();

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function leaf<T>(says: string, expects: string, read: (value: unknown) => T | undefined) {
  return z.unknown().transform((value, context): T => {
    const result = read(value);
    if (result !== undefined) return result;
    context.addIssue({ code: "custom", message: value === undefined ? `is missing: expected ${expects}` : `expected ${expects}` });
    return z.NEVER;
  }).register(explained, { says, expects });
}

function leafOr<T>(byDefault: unknown, says: string, expects: string, read: (value: unknown) => T | undefined) {
  return leaf(says, expects, read).prefault(byDefault).register(explained, { says, expects, byDefault });
}

function spanBetween(least: number, most: number) {
  return {
    expects: `a span between ${writeSpan(least)} and ${writeSpan(most)}, such as 20s, 30min, 24h or 7d`,
    read(value: unknown): number | undefined {
      const span = readSpan(value);
      return span !== undefined && span >= least && span <= most ? span : undefined;
    },
  };
}

function spanOr(byDefault: string, least: number, most: number, says: string) {
  const { expects, read } = spanBetween(least, most);
  return leafOr(byDefault, says, expects, read);
}

function countOr(byDefault: number, least: number, most: number, says: string) {
  return leafOr(byDefault, says, `a whole number between ${least} and ${most}`, (value) => readCount(value, least, most));
}

/** Longest first, whatever the order in the file; the same reminder twice is a mistake. */
function readReminders(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value) || value.length < 1 || value.length > 5) return undefined;
  const reminder = spanBetween(SECOND, 30 * DAY);
  const spans = value.map(reminder.read);
  if (spans.includes(undefined) || new Set(spans).size !== spans.length) return undefined;
  return spans.filter((span) => span !== undefined).toSorted((one, other) => other - one);
}

const KEYS_AND_VALUES = { error: "expected keys with values" } as const;

function alertOr(answer: string, repeat: string, times: number, what: string) {
  return z.strictObject({
    answer: spanOr(answer, SECOND, 30 * DAY, `${what}: by when somebody has to answer.`),
    repeat: spanOr(repeat, SECOND, 30 * DAY, "How often those who have not answered are asked again."),
    times: countOr(times, 1, 50, "How many times at most."),
  }, KEYS_AND_VALUES).prefault({});
}

function minimumOr(says: string) {
  return leafOr("signed", says, "signed or confirmed", (value): Minimum | undefined => (value === "signed" || value === "confirmed" ? value : undefined));
}

const trustSchema = z.strictObject({
  read: minimumOr("To be told something: help, lists, the case."),
  harmless: minimumOr("What changes something and binds nobody: tasks, contact, alerts."),
  binding: minimumOr("What binds: opening, adding, grants, go, give and take, and every consent to them."),
  stop: leafOr("signed", "A stop counts from every signed device: it is never refused because nobody has compared an identity yet.", "signed, and nothing else",
    (value): Minimum | undefined => (value === "signed" ? value : undefined)),
}, KEYS_AND_VALUES).prefault({}).register(explained, {
  says: "The least that must be known of whoever gives a command, by its weight. signed: a device signed by the identity that is pinned. confirmed: and that identity has been compared, from the agreement, by emoji or in person.",
  expects: "keys with values",
});

const windowsSchema = z.strictObject({
  contactEvery: spanOr("30min", SECOND, DAY, "Longest silence on a leg before its room is asked who has contact."),
  contactAnswer: spanOr("10min", SECOND, 6 * HOUR, "How long that question stands before a P1 alert is raised."),
  sealCorrection: spanOr("20s", SECOND, 2 * MINUTE, "How long after a take a seal reading may still be corrected; then it is final."),
  bindingAnswer: spanOr("10min", SECOND, DAY, "How long a question that binds its author may be answered."),
  requestOpen: spanOr("24h", SECOND, 30 * DAY, "How long a request waits for the consent of others."),
  taskReminders: leafOr(["24h", "2h"], "How long before a task is due its owner is reminded.",
    "one to five different spans between 1s and 30d, as in [24h, 2h]", readReminders),
  taskOverdueEvery: spanOr("24h", SECOND, 30 * DAY, "How often an overdue task is said again."),
  taskOverdueTimes: countOr(3, 0, 100, "How many times at most."),
  alerts: z.strictObject({
    P1: alertOr("10min", "10min", 6, "Danger, control lost, no contact, hand-over"),
    P2: alertOr("1h", "1h", 4, "An authorisation needed within the day"),
    P3: alertOr("8h", "8h", 3, "Needed within days"),
    P4: alertOr("7d", "7d", 2, "For information"),
  }, KEYS_AND_VALUES).prefault({}).register(explained, { says: "Alerts, by priority.", expects: "keys with values" }),
  checkpointEvery: spanOr("24h", SECOND, 7 * DAY, "How often a signed checkpoint of each case is posted in its coordination room."),
  wakeTestWait: spanOr("30s", SECOND, 10 * MINUTE, "How long after `me test` the phone is rung: time to lock it and put it down."),
  wakeTestAnswer: spanOr("5min", 5 * SECOND, HOUR, "How long the test waits to be told that it was heard."),
}, KEYS_AND_VALUES).prefault({}).register(explained, {
  says: "Spans of time. The defaults suit an installation; the demo has seconds where an installation has hours.", expects: "keys with values",
});

const secretsSchema = z.strictObject({
  accessTokenFile: leafOr("secrets/access-token", "The bot's access token.", "the path of a file that holds the token", readPath),
  passwordFile: leaf("The password of the bot's account; only where the homeserver asks for it at the first start.",
    "the path of a file that holds the password", readPath).optional().register(explained, {
    says: "The password of the bot's account; only where the homeserver asks for it at the first start.",
    expects: "the path of a file that holds the password", byDefault: "none",
  }),
  passphraseFile: leafOr("secrets/passphrase", "Everything the bot stores is sealed under this passphrase. Lost, all of it is lost: keep a copy apart.",
    "the path of a file that holds the passphrase", readPath),
  recoveryKeyFile: leafOr("secrets/recovery-key",
    "Written once by the bot at its first start; a lost device is replaced with it. Keep a copy apart.",
    "the path of the file that the recovery key is written to", readPath),
}, KEYS_AND_VALUES).prefault({}).register(explained, {
  says: "Paths only, read from the folder of this file: each secret lies in a file of its own that nobody but the bot's user can read (chmod 600).",
  expects: "keys with values",
});

const ownerSchema = z.strictObject({
  user: leaf("Who they are on Matrix.", 'a Matrix user id in quotes, as in "@ana:es.example"', readUserId),
  masterKey: leaf("Fingerprint of their master key, as their own client shows it; compare it in person. Groups and spaces do not matter.",
    "43 characters of base64, as the person's own client shows the fingerprint", readMasterKey),
  language: leaf("Language in which the bot answers them.", "en or es", readLanguage).optional()
    .register(explained, { says: "Language in which the bot answers them.", expects: "en or es", byDefault: "the language above" }),
  zone: leaf("Zone in which their times are read.", "an IANA time zone, as in Europe/Madrid", readZone).optional()
    .register(explained, { says: "Zone in which their times are read.", expects: "an IANA time zone, as in Europe/Madrid", byDefault: "the zone above" }),
}, KEYS_AND_VALUES);

const DEAD_MAN = "Called every minute (GET, nothing of a case in it) while the bot hears and answers; whoever watches it raises the alarm when the calls stop.";
const DEAD_MAN_EXPECTS = "an https address (http only for the loopback) without user and password";

/** The whole file. What it gives still has relative paths and owners without defaults: {@link readSettings} finishes them. */
export const settingsSchema = z.strictObject({
  homeserver: leaf("Address of the homeserver.", "an address such as https://matrix.example.org without path (http only for the loopback)", readHomeserver),
  user: leaf("The bot's own account; it must belong to the access token.", 'a Matrix user id in quotes, as in "@relevo:example.org"', readUserId),
  prefix: leafOr("!", "What commands begin with in workspace rooms; direct chats and delivery rooms need none.",
    'one to three of ! . , ; ~ + % & $ ^ = in quotes, as in "!"', readPrefix),
  data: leafOr("data", "Folder of the journal and the crypto store; a path is read from the folder of this file.", "the path of a folder", readPath),
  secrets: secretsSchema,
  language: leafOr("en", "Language of whoever has not chosen one.", "en or es", readLanguage),
  zone: leafOr("UTC", "Time zone of whoever has not chosen one.", "an IANA time zone, as in Europe/Madrid", readZone),
  owners: z.array(ownerSchema, { error: (issue) => `${issue.input === undefined ? "is missing: " : ""}expected a list of owners, each with user and masterKey` })
    .min(1, { error: "expected at least one owner: nobody else may open a case" })
    .max(20, { error: "expected at most 20 owners" })
    .register(explained, { says: "Who may open cases.", expects: "a list of 1 to 20, each with user and masterKey" }),
  lateAfter: spanOr("60s", SECOND, HOUR, "What the server held back longer than this is late: a contact no longer counts."),
  unreadableTold: spanOr("2min", SECOND, HOUR, "Whose message cannot be read is told so after this; its key may come until then. Right after a start it takes twice as long."),
  unreadableKept: spanOr("7d", HOUR, 90 * DAY, "A message whose key never comes is tried again for so long; then it is given up, on record."),
  commandsPerMinute: countOr(30, 5, 1_000_000, "Most commands of one person within a minute; more are not read. A stop, an acknowledgement and an answer always are."),
  openPerPerson: countOr(200, 10, 10_000, "Most tasks, alerts and deliveries of one person in one case that may be open at once."),
  trust: trustSchema,
  windows: windowsSchema,
  metrics: leafOr("off", "Where figures for Prometheus (/metrics) and the state of the bot (/live, /ready) can be asked for. They hold nothing of a case.",
    "off, or an IP address with a port such as 127.0.0.1:9477", readListen),
  metricsBeyondLoopback: leafOr(false, "Allows an address other than the loopback for metrics: anybody who reaches it can read how busy the bot is.", "true or false", readSwitch),
  deadManUrl: leaf(DEAD_MAN, DEAD_MAN_EXPECTS, readCallUrl).optional().register(explained, { says: DEAD_MAN, expects: DEAD_MAN_EXPECTS, byDefault: "none" }),
}, { error: "expected the keys homeserver, user and owners, at least" });

/** One thing wrong in the file: where in its structure, and what was expected. Values are never repeated: one may be a misplaced secret. */
export interface Mistake {
  readonly path: readonly (string | number)[];
  /** Set when the mistake is a key that does not exist: the name as typed. */
  readonly unknownKey?: string;
  readonly expected: string;
}

/** Settings from what the YAML file holds, or all its mistakes. `absolute` resolves a path against the folder of the file. */
export function readSettings(value: unknown, absolute: (path: string) => string):
  { readonly ok: true; readonly settings: Settings } | { readonly ok: false; readonly mistakes: readonly Mistake[] } {
  const read = settingsSchema.safeParse(value);
  if (!read.success) return { ok: false, mistakes: read.error.issues.flatMap(mistakesOf) };
  const { owners: listed, secrets, data, deadManUrl, ...rest } = read.data;
  const mistakes = [...ownersTwice(read.data), ...filesTwice(read.data), ...openToOthers(read.data)];
  if (mistakes.length > 0) return { ok: false, mistakes };
  const owners = listed.map(({ user, masterKey, language, zone }) => ({ user, masterKey, language: language ?? rest.language, zone: zone ?? rest.zone }));
  const { passwordFile, ...files } = secrets;
  return {
    ok: true,
    settings: {
      ...rest,
      owners,
      ...(deadManUrl === undefined ? {} : { deadManUrl }),
      data: absolute(data),
      secrets: {
        accessTokenFile: absolute(files.accessTokenFile),
        passphraseFile: absolute(files.passphraseFile),
        recoveryKeyFile: absolute(files.recoveryKeyFile),
        ...(passwordFile === undefined ? {} : { passwordFile: absolute(passwordFile) }),
      },
    },
  };
}

/** Two entries for one person, one key for two people, or the bot as its own owner: one of them is not who the operator thinks. */
function ownersTwice({ user, owners }: z.infer<typeof settingsSchema>): Mistake[] {
  return owners.flatMap((owner, index) => {
    const before = owners.slice(0, index);
    if (owner.user === user) return [{ path: ["owners", index, "user"], expected: "expected a person: this is the bot's own account" }];
    if (before.some((each) => each.user === owner.user)) return [{ path: ["owners", index, "user"], expected: "expected each owner once" }];
    if (before.some((each) => each.masterKey === owner.masterKey)) {
      return [{ path: ["owners", index, "masterKey"], expected: "expected a key of their own: two owners have the same fingerprint" }];
    }
    return [];
  });
}

/** Two secrets in one file: the recovery key would be written over, or sent as, another secret. */
function filesTwice({ secrets }: z.infer<typeof settingsSchema>): Mistake[] {
  const files = Object.entries(secrets).filter((entry) => entry[1] !== undefined);
  return files
    .filter(([, file], index) => files.findIndex(([, other]) => other === file) < index)
    .map(([key]) => ({ path: ["secrets", key], expected: "expected a file of its own: another secret names the same one" }));
}

/** Figures that other machines can ask for are asked for on purpose, not by a slip. */
function openToOthers({ metrics, metricsBeyondLoopback }: z.infer<typeof settingsSchema>): Mistake[] {
  if (metrics === "off" || metricsBeyondLoopback || isLoopback(metrics.host)) return [];
  return [{ path: ["metrics"], expected: "expected an address of the loopback such as 127.0.0.1:9477; for another one set metricsBeyondLoopback: true" }];
}

function mistakesOf(issue: z.core.$ZodIssue): Mistake[] {
  const path = issue.path.map((part) => (typeof part === "symbol" ? String(part) : part));
  if (issue.code !== "unrecognized_keys") return [{ path, expected: issue.message }];
  return issue.keys.map((unknownKey) => ({ path, unknownKey, expected: `expected one of ${keysAt(path).join(", ")}` }));
}

/** The keys that exist at a place of the file. */
function keysAt(path: readonly (string | number)[]): readonly string[] {
  let schema: z.core.$ZodType = settingsSchema;
  for (const part of path) {
    schema = unwrapped(schema);
    if (schema instanceof z.ZodArray) schema = schema.element;
    else if (schema instanceof z.ZodObject) schema = schema.shape[part] ?? schema;
  }
  const found = unwrapped(schema);
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

/** The schema below its default, so that its keys can be listed. */
export function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional ? unwrapped(schema.unwrap()) : schema;
}
