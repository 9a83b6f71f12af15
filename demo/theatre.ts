/** Everything the story needs before its first word: a homeserver, five people with phones, and the bot. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { startBot } from "../test/support/bot.ts";
import { newHuman, type Human } from "../test/support/human.ts";
import { startSynapse, type Synapse } from "../test/support/synapse.ts";
import { CAST, type Name } from "./cast.ts";
import { Stage, type Narrator } from "./stage.ts";
import { WINDOWS, ZONE } from "./story.ts";
import type { DemoLanguage } from "./words.ts";

export interface TheatreOptions {
  /** Everything that homeserver and bot write lies here. */
  readonly dir: string;
  readonly language: DemoLanguage;
  readonly narrator: Narrator;
  /** Told what is being done, in a few words each. */
  readonly progress: (text: string) => void;
}

export interface Theatre {
  readonly synapse: Synapse;
  readonly stage: Stage;
  /** Ends clients, bot and homeserver, in this order. */
  close(): Promise<void>;
}

/** Opens everything, on a homeserver with its default rate limits. Whatever was started is ended again if a later part fails. */
export async function openTheatre({ dir, language, narrator, progress }: TheatreOptions): Promise<Theatre> {
  mkdirSync(dir, { recursive: true });
  const closing: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).toReversed()) await end();
  };
  try {
    progress("starting a homeserver");
    const synapse = await startSynapse({ dir: path.join(dir, "synapse"), progress });
    closing.push(() => synapse.stop());
    progress(`homeserver on ${synapse.url}; five people sign in, each with an own signed device`);
    const entries: [Name, Human][] = [];
    for (const { name } of CAST) {
      const human = await newHuman(synapse, name, { joins: true });
      closing.push(() => human.stop());
      entries.push([name, human]);
    }
    const people = Object.fromEntries(entries) as Readonly<Record<Name, Human>>;
    progress("starting the bot as its own process");
    const bot = await startBot({
      dir: path.join(dir, "bot"), synapse, language, zone: ZONE, windows: WINDOWS,
      owners: [{ user: people.ana.userId, masterKey: await people.ana.masterKey() }],
    });
    closing.push(() => bot.stop());
    return { synapse, stage: new Stage({ people, bot, narrator }), close };
  } catch (error) {
    await close();
    throw error;
  }
}
