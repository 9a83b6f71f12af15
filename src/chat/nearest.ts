/** What somebody may have meant who mistyped a command. Guesses are offered, never carried out. */
import type { Command } from "./command.ts";
import type { Registry } from "./registry.ts";

/** Longest text that is compared, in characters. */
const LONGEST = 40;

/**
 * Damerau-Levenshtein distance (optimal string alignment): letters added, left out, changed, or two neighbours swapped cost 1 each.
 * Texts longer than 40 characters are cut.
 */
export function distance(a: string, b: string): number {
  const [left, right] = [[...a].slice(0, LONGEST), [...b].slice(0, LONGEST)];
  let before: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const same = left[i - 1] === right[j - 1];
      const swapped = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1];
      row.push(Math.min(
        (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1), swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      ));
    }
    before = last;
    last = row;
  }
  return last[right.length] ?? 0;
}

/** Commands whose words are close to the first words typed: at most a third of the letters differ. Never one that needs two people. */
export function nearest(registry: Pick<Registry, "forms">, words: readonly string[], most: number): readonly Command[] {
  return nearestOf(registry.forms, words, most);
}

/** {@link nearest} among these forms. */
export function nearestOf(forms: Registry["forms"], words: readonly string[], most: number): readonly Command[] {
  const best = new Map<Command, number>();
  for (const { folded, command } of forms) {
    if (command.alsoNeeds !== undefined) continue;
    const length = folded.split(" ").length;
    const typed = words.slice(0, length).join(" ");
    const most = Math.floor(Math.max(typed.length, folded.length) / 3);
    // Each letter that one has more than the other is one that is missing: most forms need not be compared.
    if (Math.abs(Math.min([...typed].length, LONGEST) - Math.min([...folded].length, LONGEST)) > most) continue;
    const away = distance(typed, folded);
    if (away > most) continue;
    if (away < (best.get(command) ?? Number.POSITIVE_INFINITY)) best.set(command, away);
  }
  return [...best].sort((a, b) => a[1] - b[1] || (a[0].name < b[0].name ? -1 : 1)).slice(0, most).map(([command]) => command);
}
