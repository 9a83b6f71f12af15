/** The identities of people whom a command names, as the server shows them just before it is decided. */
import type { MasterKey, UserId } from "../domain/ids.ts";
import type { Crypto } from "../ports.ts";

/** Matrix users named anywhere in a command's parameters: their identities are looked up before it is decided. */
export function usersIn(value: unknown, depth = 0): UserId[] {
  if (depth > 8) return [];
  if (typeof value === "string") return /^@[^:\s]{0,255}:\S{1,255}$/.test(value) ? [value as UserId] : [];
  if (typeof value !== "object" || value === null) return [];
  return [...new Set(Object.values(value).flatMap((each) => usersIn(each, depth + 1)))].slice(0, 50);
}
/** Master keys that the server shows for these people, each asked once. */
export async function identitiesOf(users: readonly UserId[], crypto: Crypto): Promise<ReadonlyMap<UserId, MasterKey>> {
  const found = await Promise.all(users.map(async (user) => [user, await crypto.masterKey(user)] as const));
  return new Map(found.flatMap(([user, key]) => (key === undefined ? [] : [[user, key] as const])));
}
