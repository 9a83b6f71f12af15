/** The ten people of a run, of four countries, and somebody who belongs to none of it. */
import type { UserId } from "../../src/domain/ids.ts";
import { ANA, LUIS, NUNO } from "../domain/builders-core.ts";

/** A word that stands in all that people write, and may stand nowhere in clear. */
export const SECRET = "zebra7";
const user = (name: string): UserId => name as UserId;
export const EVA = user("@eva:es.example");
export const PILAR = user("@pilar:es.example");
export const ROSA = user("@rosa:co.example");
export const TITO = user("@tito:co.example");
export const INES = user("@ines:pt.example");
export const DINA = user("@dina:cv.example");
export const BETO = user("@beto:cv.example");
export const CELIA = user("@celia:cv.example");
export const JOAO = user("@joao:pt.example");
export const LOLA = user("@lola:es.example");
/** In no case: whatever they do must come to nothing. */
export const STRANGER = user("@mallory:elsewhere.example");

/** Ana owns the installation. */
export const PEOPLE: readonly UserId[] = [ANA, EVA, PILAR, LUIS, ROSA, TITO, NUNO, INES, DINA, BETO];
/** Not in a case at the beginning; may be taken in. */
export const OUTSIDERS: readonly UserId[] = [CELIA, JOAO, LOLA, STRANGER];

/** How somebody is called in the story: the part of their name that is their own. */
export function short(who: UserId): string {
  return who.slice(1, who.indexOf(":"));
}
