/** The five people of the story, from four countries. Names and places are invented. */
export type Name = "ana" | "luis" | "dulce" | "tiago" | "awa";

export interface Person {
  readonly name: Name;
  /** As the terminal shows them. */
  readonly shown: string;
  readonly country: "ES" | "PT" | "CV" | "SN";
  /** What they are in the case, as the terminal says it. */
  readonly part: string;
}

/** In the order in which they come in. */
export const CAST: readonly Person[] = [
  { name: "ana", shown: "Ana", country: "ES", part: "administrator, Spain" },
  { name: "luis", shown: "Luís", country: "PT", part: "administrator, Portugal" },
  { name: "dulce", shown: "Dulce", country: "CV", part: "authority, Cabo Verde" },
  { name: "tiago", shown: "Tiago", country: "PT", part: "investigator, Portugal" },
  { name: "awa", shown: "Awa", country: "SN", part: "liaison, NCB Dakar" },
];

/** The person of a name. */
export function personOf(name: Name): Person {
  const found = CAST.find((person) => person.name === name);
  if (found === undefined) throw new Error(`nobody is called ${name}`);
  return found;
}
