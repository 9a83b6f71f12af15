/** A person as the installation knows them: the pinned identity, language and zone. Shared by all cases. */
import type { Entity } from "./entity.ts";
import type { MasterKey, UserId, Zone } from "./ids.ts";

/** Languages shipped; a person's own choice decides replies and direct chats. */
export type Language = "en" | "es";
export const LANGUAGES: readonly Language[] = ["en", "es"];

export interface Person {
  readonly user: UserId;
  /** Only a device signed by this identity may command or be given keys; a different one is refused until restored. */
  readonly masterKey: MasterKey;
  readonly language: Language;
  readonly zone: Zone;
}

export type PersonEvent =
  | { readonly type: "person.pinned"; readonly v: 1; readonly user: UserId; readonly masterKey: MasterKey; readonly language: Language; readonly zone: Zone }
  | { readonly type: "person.language-set"; readonly v: 1; readonly user: UserId; readonly language: Language }
  | { readonly type: "person.zone-set"; readonly v: 1; readonly user: UserId; readonly zone: Zone };

export const personEntity: Entity<"person", PersonEvent> = {
  kind: "person",
  events: { "person.pinned": [1], "person.language-set": [1], "person.zone-set": [1] },
  home: "installation",
  key: (event) => event.user,
  evolve(person, event) {
    if (event.type === "person.pinned") {
      return { user: event.user, masterKey: event.masterKey, language: event.language, zone: event.zone };
    }
    if (person === undefined) throw new Error(`${event.type} before person.pinned`);
    return event.type === "person.language-set" ? { ...person, language: event.language } : { ...person, zone: event.zone };
  },
  effects: () => [],
};
