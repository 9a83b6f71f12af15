/** Who is in a case, for which state, in which role, and by which call sign. */
import type { CallSign, Country, Instant, UserId } from "./ids.ts";

/**
 * - administrator: the Regulation's space administrator (Reg. (EU) 2023/969 art. 14); may also grant for the own country.
 * - authority: prosecutor, judge or head of service who may authorise for the country.
 * - member: investigator. - liaison: receives alerts, sees the liaison room. - auditor: sees the log and no content.
 */
export type Role = "administrator" | "authority" | "member" | "liaison" | "auditor";
export const ROLES: readonly Role[] = ["administrator", "authority", "member", "liaison", "auditor"];

export interface Member {
  readonly callSign: CallSign;
  readonly user: UserId;
  /** As given by the administrator who added them; never taken from a Matrix profile. */
  readonly name: string;
  readonly country: Country;
  readonly role: Role;
  readonly since: Instant;
}

export type MemberEvent = {
  readonly type: "member.added"; readonly v: 1; readonly callSign: CallSign; readonly user: UserId; readonly name: string;
  readonly country: Country; readonly role: Role; readonly at: Instant; readonly by: UserId; readonly approvedBy: readonly UserId[];
};
