/** English: what came late, could not be read, or was too much. */
export const sayings = {
  "late.ran": "Sent {sent} by the server’s clock, arrived {arrived}.",
  "late.arrived": "It arrived late, {arrived}.",
  "late.unread": "Not everything that was said here meanwhile has been read yet.",
  "late.gap": "Not everything that was said in {room} could be read back. Ask there whether something is missing: what I have not answered, I have not read. A stop is to be said again.",
  "late.unreadable": "{who}: {count, plural, one {I cannot read your message} other {I cannot read # messages of yours}} (since {since}). Nothing in {count, plural, one {it} other {them}} has counted, a stop neither.",
  "late.unreadable-cure": "Open the app on a phone that is verified, stay online a minute, and send it again. If that does not help, verify your device with your other one.",
  "late.unreadable-withheld": "Your app refuses me the key: verify this device with your other one, or send it again from a phone that is verified.",
  "late.waiting-full": "More than {count, number} messages wait for their keys. The newest of whoever has sent most of them are given up; those of others stay.",
  "quota.too-fast": "Too fast: I read at most {most, number} commands of one person a minute. What you send until you pause is not read as a command. A stop, an acknowledgement and an answer always count.",
  "quota.not-read": "{count, plural, one {Your message before this was not read as a command: send it again if it still holds.} other {Your # messages before this were not read as commands: send again what still holds.}}",
  "quota.too-many-open": "Not done: you have {most, number} things open in this case (tasks, alerts, deliveries), no more are possible. Finish some first. A stop always counts.",
  "clock.jumped": "The machine slept, or its clock was set forward, by {by}. I take it for a downtime: what was said meanwhile is read as late, and what fell due comes now.",
  "clock.after-jump": "This fell due while the machine slept, or because its clock was set forward.",
  "clock.behind": "The machine’s clock says {wall}. That is before what is on record, so I do not believe it and go on by my own count: {now}. Reminders and alarms go on. Put the machine’s clock right.",
  "clock.far-ahead": "The machine’s clock says {wall}, more than a day after my own count: {now}. I do not believe it and go on by mine; reminders and alarms go on. Put the machine’s clock right. If it is right, restart me: what fell due comes then.",
} as const;
export const words = {} as const;
