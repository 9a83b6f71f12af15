/** English: whether somebody is who they say. */
export const sayings = {
  "identity.confirm": "{codename}: {callSign} is {name} ({user}), and this identity is theirs:",
  "identity.confirm-fingerprint": "{fingerprint}",
  "identity.confirm-only-if": "Confirm only if they have shown or read it to you themselves, face to face or by a voice that you know; never from a message.",
  "identity.yourself": "Not done: nobody confirms themselves. Another administrator whose identity is confirmed types  {line}",
  "identity.already": "Nothing to do: the identity of {callSign} is {state}.",
  "identity.not-in": "Not done: {callSign} is not in this case.",
  "identity.you-first": "Not done: your own identity is not confirmed yet, so that your word about another proves nothing.",
  "identity.needed": "Not done: your identity has not been confirmed yet, and here that is needed for this.",
  "identity.how-alone": "Start a verification with me from your app (my profile, Verify) and tell an owner beforehand: they are asked whether you see the same. Or give the owner the fingerprint of your identity for the agreement. In a case, a confirmed administrator can also type  {line}",
  "identity.how": "Call {who}. Then start a verification with me from your app (my profile, Verify) and read out what it shows; or let them compare your identity with you and type  {line}",
  "identity.state-open": "not yet confirmed",
  "identity.state": "{how, select, config {confirmed by the operator} agreement {confirmed from the agreement} compared {confirmed by emoji} other {confirmed in person}}",
  "identity.state-by": "{how, select, agreement {confirmed by {by} from the agreement} compared {confirmed by {by} by emoji} other {confirmed by {by} in person}}",
} as const;

export const words = {} as const;
