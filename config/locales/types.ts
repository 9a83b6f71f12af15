/** The shape of what stands in the locales. */

/** How one command is typed and explained in one language. */
export interface CommandWords {
  /** What may be typed for it, the one to be shown first; lower case, with or without accents is the same. */
  readonly typed: readonly [string, ...string[]];
  /** What may be typed for it where a delivery is at hand: one word each. */
  readonly short?: readonly string[];
  /** One line, at most 60 characters: what it does. */
  readonly summary: string;
  /** What stands for each parameter in a usage line, in a few words: `{ title: "what is to be done" }`. */
  readonly params: Readonly<Record<string, string>>;
}

/** One topic of one language. */
export interface Topic {
  /** Code of a saying → its text in ICU MessageFormat. */
  readonly sayings: Readonly<Record<string, string>>;
  /** Name of a command → its words. */
  readonly words: Readonly<Record<string, CommandWords>>;
}
