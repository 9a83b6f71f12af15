/** Every code that a line of the log can have, and what it means to the operator. The type of the log allows no other, so none is undocumented. */
import type { LogFacts } from "./system.ts";

/** What the app itself reports. */
const OF_APP = {
  "access.check-failed": "Whether somebody's devices and identity are still what was pinned could not be looked at; tried again. Report the line.",
  "access.not-recorded": "What was found of somebody's devices could not be put on record; tried again with the next change. Report the line.",
  "alarms.failed": "People in charge could not be told of an alarm. A fault of the program: report the line.",
  "backup.not-held": "The journal could not be held still for a copy; `relevo backup` or `relevo audit export` has said so too.",
  "backup.not-listening": "`relevo backup` and `relevo audit export` cannot ask this bot to hold its journal still (`why`); stop it for a copy.",
  "boards.not-renewed": "The time on the boards of what moves could not be renewed; it is tried again. Report the line.",
  "catch-up.failed": "Reading what was missed in a room failed; it is tried again. Report the line.",
  "cli.fault": "The process ended by a fault of the program. Start it again; nothing accepted is lost. Report the line.",
  "clock.jumped": "The machine slept or its clock was set forward by `ms`: treated as a downtime.",
  "command.failed": "A command failed by a fault of the program: nothing was done, its author was told. Report the line.",
  "command.failed-twice": "Not even the author of a failed command could be told. Report the line.",
  "confirming.failed": "A comparison of emoji, or the bot's signature under an identity, failed by a fault of the program; people can compare anew, and the signature is tried again within a minute. Report the line.",
  "confirming.waits": "An answer to a comparison of emoji waits for the homeserver; the engine sends it as soon as it can.",
  "crypto.pump-failed": "Sending keys failed by a fault of the program; it goes on with the next sync. Report the line.",
  "digest.failed": "The summary after a downtime could not be made; the journal has all of it. Report the line.",
  "fitness.failed": "Whether a room is fit for speaking could not be looked at; it is looked at again. Report the line.",
  "inbox.backlog-failed": "A message that was received could not be taken up; it is tried again at the next start. Report the line.",
  "inbox.failed": "A message could not be dealt with and is marked as failed; others go on. Report the line.",
  "inbox.failed-twice": "A message could not even be marked as failed; it is tried again at the next start. Report the line.",
  "inbox.full": "More messages wait for their keys (`count`) than are kept; the newest of whoever sent most are given up, owners are told.",
  "inbox.settle-failed": "A message could not be put away; it is tried again. Report the line.",
  "inbox.waits": "A message waits, because the homeserver did not answer a question about its author (`why`).",
  "log.code-refused": "A line without a code of its own: a fault of the program. Report the line.",
  "metrics.not-listening": "Figures cannot be asked for: the address in `metrics` cannot be had (`why`). The bot goes on without.",
  "node.warning": "Node warns of something (`why`); report the line.",
  "outbox.key-withheld": "`count` of `of` people were given no key for a message (`why`); they are told in the room where that is safe.",
  "outbox.not-put-aside": "A message that fails could not be put aside. Report the line.",
  "outbox.send-failed": "Sending failed (`why`, `status`) and is tried again; with a `bug` it is a fault of the program.",
  "outbox.set-aside": "A message fails by itself; others go before it, it is tried again in `ms`, people in charge are told.",
  "outbox.thread-refused": "The homeserver took a message only outside its thread; it was sent without.",
  "pulse.not-written": "The pulse for `relevo doctor` could not be written (`why`): look at the disk.",
  "recovery.checkpoints-unread": "After a restore, the room's checkpoints could not be read: what is missing could not be told. Report the line.",
  "redactions.failed": "A message of the bot's that somebody removed could not be posted again. Report the line.",
  "rooms.adopt-failed": "A room could not be taken over; it is tried again. Report the line.",
  "rooms.departed-failed": "After somebody had left a room its key could not be changed at once. Report the line.",
  "rooms.joined-failed": "Somebody who came in could not be given the board; they get it at its next change. Report the line.",
  "rooms.not-resolved": "What the homeserver has resolved a room's state to could not be looked up; it is tried again. Report the line.",
  "rooms.step-failed": "A step to put a room right failed (`why`, `status`) and is tried again; with a `bug` it is a fault of the program.",
  "safe-mode.entered": "SAFE MODE: the journal is unfit (`why`). Nothing is carried out or written down; the lines below say what to do.",
  "safe-mode.failed": "Listening in safe mode failed by a fault of the program; tried again. Report the line.",
  "safe-mode.unsaid": "Somebody could not be told of safe mode (`why`): phone them.",
  "sync.failed": "No answer from the homeserver (`why`); asked again, `attempt` times so far. While it lasts nobody is heard: `/ready` says so after two minutes.",
  "sync.gap-unreadable": "Part of what was said in a room during a gap cannot be had; its people are told to say it again.",
  "sync.gap-waits": "What was said in a gap could not be read yet (`why`); tried again.",
  "sync.invitation-failed": "An invitation could not be answered (`why`); tried again.",
  "sync.invitations-left-out": "More invitations at once than are looked at; `count` were left out.",
  "sync.malformed": "`count` pieces of an answer had a wrong shape and were left out. A few may be anything; many mean a faulty or hostile server.",
  "tick.failed": "A reminder or time limit failed by a fault of the program; it is tried again, later each time. Report the line.",
  "tick.nothing-decided": "A time limit that was due decided nothing; it is looked at again. Report the line.",
  "line.reported": "The part that speaks to the homeserver reports something that has no code of its own (`why`).",
} as const;

/** What the part that speaks to the homeserver reports, with how much it matters. */
export const OF_LINE = {
  "crypto.age-untold": ["warn", "How far the crypto store has come could not be written to the account; tried again."],
  "crypto.engine-panicked": ["error", "The crypto engine failed on a message made for that; it was opened again, and the message is left out from now on."],
  "crypto.event-poisonous": ["warn", "A message on which the crypto engine fails was left out."],
  "crypto.pump-long": ["warn", "There were more keys to send than at one go; the rest follows."],
  "crypto.request-failed": ["warn", "Keys could not be sent or asked for (`status`); tried again."],
  "crypto.to-device-left-out": ["warn", "Messages between devices were left out: malformed, unreadable, or made to harm."],
  "crypto.verification-asked": ["info", "Somebody asks to compare emoji with the bot."],
  "crypto.verification-ended": ["info", "A comparison of emoji has ended."],
  "crypto.verification-malformed": ["warn", "A message of a comparison of emoji had a wrong shape and was left out."],
  "crypto.verification-waits": ["warn", "A message of a comparison of emoji could not be dealt with; the comparison ends by its own time limit."],
  "crypto.withheld-untold": ["warn", "Somebody who gets no key could not be told why; tried again."],
  "http.again": ["warn", "The homeserver did not answer or asked to wait (`status`); asked again after `ms`, `attempt` times so far."],
  "identity.published": ["info", "The bot's identity was made and published: at the first start only. At another it means that the account was emptied: find out by whom."],
  "identity.recovered": ["info", "The bot's identity was recovered with the recovery key, and its device signed."],
  "key-backup.made": ["info", "The room keys are sealed into a backup on the homeserver from now on."],
  "key-backup.no-key": ["warn", "There is no key for the backup of room keys: the account was emptied or its secret storage is another. `relevo doctor` says more."],
  "key-backup.not-ours": ["warn", "The backup of room keys on the homeserver was somebody else's: it was left alone, and a new one made. Find out who made it."],
  "identity.secrets-stored": ["info", "The identity was sealed into the account's secret storage, and the recovery key written."],
} as const satisfies Readonly<Record<string, readonly ["info" | "warn" | "error", string]>>;

/** A dotted lower-case code, `sync.failed`: a text put together at run time is not one, so nothing that was read from anywhere can be logged. */
export type LogCode = keyof typeof OF_APP | keyof typeof OF_LINE;

/** Every code with what it means, in the order of the alphabet. */
export const LOG_CODES: readonly (readonly [code: LogCode, means: string])[] = [
  ...Object.entries(OF_APP), ...Object.entries(OF_LINE).map(([code, [, means]]) => [code, means] as const),
].toSorted(([one], [other]) => (one < other ? -1 : 1)) as readonly (readonly [LogCode, string])[];

/** What can stand in a line besides its time, level and code. */
export const LOG_FIELDS = {
  "count": "How many.",
  "of": "Of how many.",
  "ms": "A span in milliseconds.",
  "bytes": "A size in bytes.",
  "attempt": "How many times it has been tried.",
  "status": "HTTP status; 0 where there was no answer.",
  "errcode": "Matrix error code; one that does not look like it is written as `M_OTHER`.",
  "why": "A short code: of the network (`econnrefused`), of a gateway fault (`unreachable`, `rate-limited`, `refused`, `token`), of the system.",
  "bug": "Code of a fault of the program, `B-3f9a1c`: the same fault has the same code.",
  "kind": "Kind of that fault, such as `TypeError`.",
  "frames": "Places in the program's own source; no text of the error.",
} as const satisfies Readonly<Record<keyof LogFacts | "bug" | "kind" | "frames", string>>;
