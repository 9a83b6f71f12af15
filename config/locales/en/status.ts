/** English: how the bot is. */
export const sayings = {
  "status.well": "All is well.",
  "status.not-well": "{count, plural, one {One thing is} other {# things are}} not well:",
  "status.starting": "I have had no answer from the homeserver since I was started: nothing you say elsewhere is heard yet.",
  "status.not-synced": "No answer from the homeserver since {since}: what people say is not heard.",
  "status.stopping": "I have been asked to end and am stopping.",
  "status.safe-mode": "SAFE MODE since {since}: my journal cannot be relied on ({why, select, journal_disk_full {the disk is full} journal_disk_broken {the disk fails} journal_damaged {its file is damaged} journal_in_use {another process holds it} journal_older {an older file was put in its place} other {{why}}}).",
  "status.safe-mode-means": "I carry out no command, not even a stop, and write nothing down. Call one another. {told, plural, =0 {Nobody else has been told.} one {One person in charge has been told.} other {# people in charge have been told.}} The operator: run  relevo doctor",
  "status.unsent-urgent": "{count, plural, one {# urgent message has} other {# urgent messages have}} not gone out for {waiting}. Call whoever it concerns.",
  "status.unsent-long": "{count, plural, one {# message has} other {# messages have}} not gone out, the oldest for {waiting}.",
  "status.set-aside": "{count, plural, one {# message fails} other {# messages fail}} again and again; others go first.",
  "status.undecryptable": "{count, plural, one {# message} other {# messages}} cannot be read yet: the key is missing. Who wrote should send it again.",
  "status.rooms": "Not as they should be: {rooms}.",
  "status.rooms-elsewhere": "{count, plural, one {# room of another case is not as it should be} other {# rooms of other cases are not as they should be}}.",
  "status.up": "Running since {since}. Last answer from the homeserver {synced}.",
  "status.up-unheard": "Running since {since}.",
  "status.waits": "Waiting: {unsent, number} to be sent, {inbox, number} to be dealt with.",
  "status.case": "{codename}: {moving, plural, =0 {nothing} one {# delivery} other {# deliveries}} on the move, {waiting, number} being prepared. Last checkpoint {checkpoint}.",
  "status.servers": "{codename}, other homeservers: {servers}.",
  "status.server": "{server} last heard {at}",
  "status.server-unheard": "{server} nothing heard since {since}",
  "status.more": "Every check with its cure:  {line}",
} as const;
export const words = {
  "status": { typed: ["status"], summary: "how I am: what is wrong, what waits, since when", params: {} },
} as const;
