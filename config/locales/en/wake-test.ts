/** English: the test whether a phone rings. */
export const sayings = {
  "wake-test.asked": "Lock your phone and put it down. I ring in {wait}.",
  "wake-test.asked-how": "If you hear it, tap “I heard it”. It rings as an alert at night would.",
  "wake-test.running": "A test is under way already: {wait} left.",
  "wake-test.over": "That test is over. For a new one, type  {line}",
  "wake-test.stub": "Relevo · test: does your phone ring?",
  "wake-test.question": "Relevo · did it ring?",
  "wake-test.heard-it": "I heard it",
  "wake-test.did-not-ring": "It did not ring",
  "wake-test.heard": "Your phone rang, and you answered after {after}. This is on record: an alert reaches you as long as the phone stays set like this.",
  "wake-test.missed": "Not heard: no answer within {wait}. An alert at night might not wake you. Check these, one after the other:",
  "wake-test.silent": "It arrived and did not ring. An alert at night would not wake you. Check these, one after the other:",
  "wake-test.hint-chat": "1. In the app, this chat → Notifications: “All messages” or “Mentions and keywords”, not “Off”; the app’s own notifications are on.",
  "wake-test.hint-android": "2. Android: Settings → Apps → your Matrix app → Battery “Unrestricted”; Notifications on and not silent. Element X: Settings → Notifications → Troubleshoot.",
  "wake-test.hint-ios": "3. iPhone: Settings → Notifications → your Matrix app: on, with sound. Focus and Do Not Disturb: let this app through.",
  "wake-test.hint-desktop": "4. Element on a computer or in a browser wakes no phone: the app has to be on the phone, with its device verified.",
  "wake-test.again": "Then once more:  {line}",
  "wake-test.cancelled": "I was not there when I should have rung. That says nothing about your phone. Once more:  {line}",
} as const;

export const words = {
  "me test": { typed: ["me test"], summary: "lock your phone, I ring: does it wake you?", params: {} },
} as const;
