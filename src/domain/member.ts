/** The people of a case as the app keeps them: how they come in (roster.ts), are kept out and let back (access.ts). */
import { evolveMemberAccess } from "./access.ts";
import { accessEffects } from "./access-effects.ts";
import type { Entity } from "./entity.ts";
import type { MemberEvent } from "./roster.ts";
import { addedEffects, confirmedEffects, removedEffects } from "./roster.ts";

/** The people of a case. */
export const memberEntity: Entity<"member", MemberEvent> = {
  kind: "member",
  events: { "member.added": [1], "member.removed": [1], "member.confirmed": [1], "member.suspended": [1], "member.identity-seen": [1], "member.restored": [1], "member.cut-off": [1], "member.let-back": [1] },
  home: "decision",
  key: (event) => event.callSign,
  evolve(member, event) {
    if (event.type !== "member.added") {
      if (member === undefined) throw new Error(`${event.type} before member.added`);
      if (event.type === "member.removed") return { ...member, left: event.at };
      return event.type === "member.confirmed" ? member : evolveMemberAccess(member, event);
    }
    if (member !== undefined) throw new Error("a call sign was given twice");
    const { callSign, user, name, country, role, at } = event;
    return { callSign, user, name, country, role, since: at };
  },
  effects(event, scope) {
    switch (event.type) {
      case "member.added": return addedEffects(event, scope);
      case "member.removed": return removedEffects(event, scope);
      case "member.confirmed": return confirmedEffects(event, scope);
      default: return accessEffects(event, scope);
    }
  },
};
