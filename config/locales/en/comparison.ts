/** English: comparing emoji with the bot. */
export const sayings = {
  "comparison.stub": "{who} · the same emoji?",
  "comparison.stub-self": "Relevo · the same emoji?",
  "comparison.ask": "{who} ({user}) compares with me now, so that we know who they are. Call them, or stand beside them, and let them read out what their app shows for the verification. I see:",
  "comparison.ask-self": "You compare with me now. Your identity is confirmed already; by this you see that I am who I say. I see:",
  "comparison.emoji": "{symbol} {name}",
  // Names of the specification's 64 emoji (client-server API, SAS method: emoji).
  "comparison.emoji-name": "{name, select, dog {Dog} cat {Cat} lion {Lion} horse {Horse} unicorn {Unicorn} pig {Pig} elephant {Elephant} rabbit {Rabbit} panda {Panda} rooster {Rooster} penguin {Penguin} turtle {Turtle} fish {Fish} octopus {Octopus} butterfly {Butterfly} flower {Flower} tree {Tree} cactus {Cactus} mushroom {Mushroom} globe {Globe} moon {Moon} cloud {Cloud} fire {Fire} banana {Banana} apple {Apple} strawberry {Strawberry} corn {Corn} pizza {Pizza} cake {Cake} heart {Heart} smiley {Smiley} robot {Robot} hat {Hat} glasses {Glasses} spanner {Spanner} santa {Santa} thumbs_up {Thumbs Up} umbrella {Umbrella} hourglass {Hourglass} clock {Clock} gift {Gift} light_bulb {Light Bulb} book {Book} pencil {Pencil} paperclip {Paperclip} scissors {Scissors} lock {Lock} key {Key} hammer {Hammer} telephone {Telephone} flag {Flag} train {Train} bicycle {Bicycle} aeroplane {Aeroplane} rocket {Rocket} trophy {Trophy} ball {Ball} guitar {Guitar} trumpet {Trumpet} bell {Bell} anchor {Anchor} headphones {Headphones} folder {Folder} pin {Pin} other {{name}}}",
  "comparison.their-words": "In the words of their app: {words}",
  "comparison.numbers": "Where an app shows numbers instead: {numbers}",
  "comparison.only-from-screen": "Only what the app itself shows for this verification counts, read out by a voice that is known; never what stands in a message, whoever seems to have written it.",
  "comparison.same": "The same",
  "comparison.different": "Not the same",
  "comparison.told-person": "Call {who} now: they have been asked whether your app shows what I see. Read out the seven emoji of your app's verification, then confirm there, too. There is about a minute.",
  "comparison.nobody": "I have ended the verification: nobody in your case can say yet whether we see the same, because no administrator's identity is confirmed. Ask them to see to theirs first.",
  "comparison.over": "Came too late: that verification is over. Nothing was confirmed; they can start it again from their app.",
  "comparison.not-yours": "Not counted: you are not, or no longer, one of those who can say so.",
  "comparison.noted": "Noted. It counts when {who} has confirmed in their app, too.",
  "comparison.verified": "We have verified each other.",
  "comparison.mismatch": "NOT THE SAME: what {who} and I see differs, so somebody may be between us. Nothing is confirmed.",
  "comparison.mismatch-means": "Do not try again at once. Speak with each other on another channel, and ask the operator of the homeserver concerned.",
  "comparison.broken-off": "The verification of {who} {why, select, timeout {took too long} restart {ended because I was started anew} other {was broken off}}. Nothing is confirmed.",
  "comparison.again": "To try again: start a verification with me from the app, with the other one on the phone from the beginning.",
} as const;

export const words = {} as const;
