/** English: how one person can be reached. */
export const sayings = {
  "doctor-person.title": "{callSign} in {codename}:",
  "doctor-person.unknown": "There is nobody called {callSign} in the cases that you administer.",
  "doctor-person.identity": "{standing, select, proven {Identity: the one that was pinned.} identity_changed {IDENTITY CHANGED: what the server shows is not what was pinned. Nothing is sent to their devices.} not_pinned {Identity: not the one that was pinned.} other {Identity: not known; the homeserver did not show it.}}",
  "doctor-person.identity-cure": "Ask them in person or by phone whether they made a new identity. Until that is settled they read nothing and their commands do not count.",
  "doctor-person.confirmed": "Whether that identity is theirs: {state}.",
  "doctor-person.unconfirmed-cure": "Compare it with them: they start a verification with me from their app while you are on the phone with them, or you type  {line}",
  "doctor-person.devices": "Devices: {signed, number} signed, all can read.",
  "doctor-person.devices-none": "NO DEVICE OF THEIRS CAN READ: none is signed by their identity{unsigned, plural, =0 {} one { (one is not signed)} other { (# are not signed)}}.",
  "doctor-person.devices-none-cure": "They open their app on the phone, verify the device with the other one or with their recovery key, and then type anything here.",
  "doctor-person.devices-unsigned": "Devices: {signed, number} signed can read, {unsigned, number} not signed cannot.",
  "doctor-person.devices-unsigned-cure": "They verify that device with one that is signed, or sign it out. A device that they do not know is not theirs: then report the phone as lost.",
  "doctor-person.devices-unknown": "Devices: the homeserver could not be asked.",
  "doctor-person.devices-unknown-cure": "Ask again in a minute; their own homeserver may be down.",
  "doctor-person.rooms": "Rooms: in all of theirs.",
  "doctor-person.rooms-invited": "Invited and not yet in: {rooms}. What is said there does not reach them.",
  "doctor-person.rooms-invited-cure": "They accept the invitation in their app.",
  "doctor-person.rooms-out": "Neither in nor invited: {rooms}.",
  "doctor-person.rooms-out-cure": "I invite them again within minutes, at most three times an hour. If they leave on purpose, talk to them.",
  "doctor-person.direct-none": "No direct chat with me that works: questions and alerts to them alone wait.",
  "doctor-person.direct-none-cure": "They accept my invitation, or open an encrypted chat with me and write something.",
  "doctor-person.heard": "Last heard {at}.",
  "doctor-person.heard-not": "Not heard since I was started, {since}. Silence alone means nothing.",
  "doctor-person.wake": "Wake test {at}: the phone rang, answered after {seconds, plural, one {# second} other {# seconds}}.",
  "doctor-person.wake-missed": "Wake test {at}: NOT HEARD.",
  "doctor-person.wake-waiting": "Wake test: under way.",
  "doctor-person.wake-never": "Wake test: never done. Whether an alert wakes them is not known.",
  "doctor-person.wake-cure": "They type in their direct chat with me:  {line}",
} as const;

export const words = {
  "doctor": { typed: ["doctor"], summary: "every check with its cure; of a person: can they read?", params: { person: "person" } },
} as const;
