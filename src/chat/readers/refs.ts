/** Reading what is counted in a case: tasks, deliveries, alerts. */
import type { AlertId, DeliveryId, TaskId } from "../../domain/ids.ts";
import { type Line, line } from "../../domain/say.ts";
import { fold, shorten, upper } from "../clean.ts";
import type { Candidate, Reading, Token, World } from "../reading.ts";
import { retype } from "../tokens.ts";

interface Kind<T extends string> {
  readonly kind: string;
  readonly prefix: string;
  known(world: World, id: T): boolean;
  unknown(id: string): Line;
  implied?(world: World): T | undefined;
  /** What follows may be text: "2 and 3" is then refused, not done for 2 with the text "and 3". */
  readonly single?: boolean;
}

const ECHO = 60;
const JOINERS = new Set([",", ";", "and", "y", "e", "&", "+"]);

/** `Albatross T-12`: the codename of the very case may stand before a reference, as messages write it. */
function afterCodename(tokens: readonly Token[], from: number, world: World): number {
  const [first, second] = tokens.slice(from);
  const named = first !== undefined && !first.quoted && second !== undefined && world.case !== undefined && fold(first.text) === fold(world.case.codename);
  return named ? from + 1 : from;
}

/** `T-12`, `t12`, and `12` where no other is meant by the place; zeros in front do not count. */
function reference<T extends string>(of: Kind<T>): Reading<T> {
  const pattern = new RegExp(`^(?:${of.prefix}-?)0*([1-9]\\d{0,5})[.,;:]?$`);
  const bare = /^([1-9]\d{0,5})[.,;:]?$/;
  return {
    kind: of.kind, sample: `${of.prefix}-7`,
    read(tokens, start, world): readonly Candidate<T>[] {
      const from = afterCodename(tokens, start, world);
      const token = tokens[from];
      if (token === undefined || token.quoted) return [];
      const text = upper(token.text);
      // In the room of CD-3 a bare number is a contact, a seal or a count, never another delivery.
      const number = pattern.exec(text)?.[1] ?? (of.implied?.(world) === undefined ? bare.exec(text)?.[1] : undefined);
      if (number === undefined) return [];
      const id = `${of.prefix}-${number}` as T;
      const others = tokens.slice(from + 1).filter((each) => !JOINERS.has(fold(each.text)));
      if (of.single === true && others.length > 0 && others.every((each) => !each.quoted && (pattern.test(upper(each.text)) || bare.test(each.text)))) {
        return [{ next: tokens.length, complaint: line("chat.one-at-a-time", { text: shorten(retype(tokens.slice(from)), ECHO) }) }];
      }
      if (!of.known(world, id)) return [{ next: from + 1, complaint: of.unknown(id) }];
      return [{ next: from + 1, meanings: [{ value: id }] }];
    },
    ...(of.implied === undefined ? {} : { implied: of.implied }),
  };
}

/** A task of the case. */
export const taskReading: Reading<TaskId> = reference<TaskId>({
  kind: "task", prefix: "T", single: true,
  known: (world, id) => world.case?.hasTask(id) ?? false,
  unknown: (id) => line("chat.unknown-task", { id }),
});
/** A delivery of the case, or the one of the room. */
export const deliveryReading: Reading<DeliveryId> = reference<DeliveryId>({
  kind: "delivery", prefix: "CD",
  known: (world, id) => world.case?.hasDelivery(id) ?? false,
  unknown: (id) => line("chat.unknown-delivery", { id }),
  implied: (world) => world.delivery,
});
/** An alert of the case. */
export const alertReading: Reading<AlertId> = reference<AlertId>({
  kind: "alert", prefix: "A", single: true,
  known: (world, id) => world.case?.hasAlert(id) ?? false,
  unknown: (id) => line("chat.unknown-alert", { id }),
});
