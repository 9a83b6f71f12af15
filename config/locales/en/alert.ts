/** English: alerts. */
export const sayings = {
  "alert.not-yourself": "An alert goes to somebody else. Type  {example}",
  "alert.not-reachable": "{who} audits and sees no content: name somebody else.",
  "alert.unknown-person": "Nobody in this case is called {who}.",
  "alert.too-many": "Not raised: {max, number} alerts are open that nobody has acknowledged. More would not be read.",
  "alert.unknown": "There is no such alert for you here.",
  "alert.yours": "Asked of you: {alerts}.",
  "alert.none-yours": "None is asked of you now.",
  "alert.acknowledged-by-you": "You have acknowledged {number} already, {at}.",
  "alert.declined-by-you": "You have said already that {number} is not for you. If it is, type  {ack}",
  "alert.taken-already": "{number} is acknowledged already: by {by}, {at}. Nothing is asked of you.",
  "alert.from": "From {by}:",
  "alert.stub": "{codename} {number} · {priority} · answer by {by}",
  "alert.acknowledge": "I acknowledge",
  "alert.not-for-me": "Not for me",
  "alert.raised": "{number} · {priority} · asked {who} · answer by {by}",
  "alert.asked-again": "{number}: nobody has acknowledged. Asked for the {round, selectordinal, one {#st} two {#nd} few {#rd} other {#th}} time: {who}.",
  "alert.nobody-yet": "{number} · {priority}: nobody has acknowledged after {after}, asked {rounds, plural, one {# time} other {# times}}.",
  "alert.not-yet": "Not yet: {who}.",
  "alert.unheard": "{who}: nothing heard since {at}.",
  "alert.unheard-server": "{who}: nothing heard since {at}, nor from anybody of {server} since {then}. Their homeserver may be away; then this has not reached them. Call them.",
  "alert.goes-on": "I go on asking.",
  "alert.acknowledged": "{number}: acknowledged by {by}, {at}. Nobody is asked any more.",
  "alert.acknowledged-too": "{number}: acknowledged by {by} too, {at}.",
  "alert.you-acknowledged": "{number}: you have acknowledged it, {at}.",
  "alert.you-declined": "{number}: noted that it is not for you.",
  "alert.declined": "{number}: {by} says that it is not for them.",
  "alert.all-declined": "{number}: all have said so. I go on asking, and ask the administrators too.",
} as const;

export const words = {
  "alert raise": {
    typed: ["alert raise", "alert"], summary: "alert a person by name; P1 asks administrators too",
    params: { priority: "P1 to P4", to: "who", text: "what it is" },
  },
  "alert ack": { typed: ["alert ack", "alert take"], summary: "acknowledge an alert, by your name", params: { alert: "alert" } },
  "alert decline": { typed: ["alert decline"], summary: "say that an alert is not for you", params: { alert: "alert" } },
} as const;
