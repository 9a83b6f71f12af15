/** English: what is told after the bot has been restored from a backup. */
export const sayings = {
  "restored.title": "I was restored, {restored}: I go on from what I knew on {copied}. What was said to me after that I no longer know.",
  "restored.again": "Whoever gave a command, an answer or a grant after that time: give it again. A message of then that I cannot read I name to whoever sent it.",
  "restored.missing": "My checkpoint in this room, {signed}, shows what is missing: {count, plural, one {entry {from, number}} other {entries {from, number} to {to, number}}} of the log, at least.",
  "restored.missing-unknown": "How much is missing I cannot tell: compare with what stands in the rooms.",
  "restored.numbers": "A number that was given after that time (T-…, CD-…, A-…) may be given again for something else: go by the text, not by the number.",
  "restored.rooms": "Who was added after that time has to be added again. In a room that I made after that time I hear nothing, a stop neither: say it in your direct chat with me.",
  "restored.delivery": "{delivery} stands for me as it stood then. Tell me now: where are you, who has the watch, is the seal as it was? If it is to stop, type stop.",
  "restored.question": "{codename}: this question is still open for me: “{stub}”. If you have answered it, answer again: your answer may be among what was lost.",
  "restored.owner": "{cases, plural, one {The case has} other {All # cases have}} been told. Look in docs/recovery.md for what is to be done now: take the recovery key off this machine, and make a new backup.",
} as const;
export const words = {} as const;
