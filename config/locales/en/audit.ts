/** English: checking the journal. */
export const sayings = {
  "audit.verified": "{entries, plural, one {# entry} other {# entries}} since {since}, chain unbroken.",
  "audit.checkpoint": "The last checkpoint, {at}, matches.",
  "audit.no-checkpoint": "I found no checkpoint to compare with: that nobody rewrote the whole chain is not shown.",
  "audit.not-covered": "Not yet covered by a checkpoint: the last {entries, plural, one {# entry} other {# entries}}.",
  "audit.shows": "Shows that nothing was changed or removed since it was written; not that what people wrote was true.",
  "audit.broken": "The journal of this case is NOT whole: entry {seq, number} {what, select, hash {was changed} link {does not follow the one before it} missing {is missing} commitment {has another content than the one recorded} checkpoint {is not the one that was signed} other {cannot be read}}.",
  "audit.broken-means": "Trust nothing in it from there on. Tell the other administrators and the operator now, keep the checkpoints posted in the coordination room, and have the exported file checked by somebody else.",
  "audit.lost": "Lost, not changed: {count, plural, one {entry {from, number}} other {entries {from, number} to {to, number}}} as they were when a checkpoint signed them, {signed}. The journal was restored from an older copy, {restored}.",
  "audit.lost-means": "What they said is only in the rooms and in people’s memory: whoever gave a command then should say it again.",
  "audit.empty": "There is nothing in the journal of this case yet.",
} as const;

export const words = {
  "audit verify": { typed: ["audit verify"], summary: "checks that nothing in the journal was changed or removed", params: {} },
} as const;
