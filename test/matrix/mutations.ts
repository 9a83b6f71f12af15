/** Changes a JSON value as somebody would who wants to break whoever reads it; what JSON.stringify cannot write is put into the text afterwards. */

/** A whole number below the bound. */
export type Draw = (below: number) => number;
type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const DEEP = 10_000;
const LONG = 1_000_000;
/** Pieces of JSON text that no value could be written as. */
const RAW: readonly string[] = [
  `${"[".repeat(DEEP)}${"]".repeat(DEEP)}`, `${'{"a":'.repeat(DEEP)}1${"}".repeat(DEEP)}`, "1e999", "-1e999", "-0", "123456789012345678901234567890", "1e-400", "9007199254740993",
  '"\\ud800"', '"\\udfff\\ud800x"', '"\\u0000"', `"${"x".repeat(LONG)}"`, '{"__proto__":{"owner":true,"events":[1]}}', '{"constructor":{"prototype":{"owner":true}}}', '{"a":1,"a":2}',
  `[${"0,".repeat(30_000)}0]`, `{${Array.from({ length: 3_000 }, (_, index) => `"k${index}":{}`).join()}}`,
];
const EVIL: readonly Json[] = [
  null, true, false, 0, -1, 1.5, 2 ** 53, -(2 ** 31), "", " ", "\u202e0774471\u202c", "\u200b\u2066stop\u2069", "ѕtop", "ＳＴＯＰ", "@relevo:bot.example", "@ana:es.example", "!", "$", "m.room.encrypted", "m.room.create",
  "m.replace", "toString", "__proto__", "constructor", "hasOwnProperty", "../../", "%00", "\n\n\n", "{0} {n, plural, other {#}}", "<b>&amp;</b>", "join", "ban", "knock", "megolm", "a".repeat(300),
  "é".repeat(200), "👍🏽".repeat(200), "z̷̢̛̼͇".repeat(40), [], [[]], [null], {}, { "": "" }, { events: {} }, { events: [null, 1, "x"] }, ["a", 1, {}],
];
const KEYS: readonly string[] = ["__proto__", "constructor", "prototype", "toString", "type", "content", "sender", "event_id", "state_key", "unsigned", "events", "membership", "m.relates_to", "m.new_content", "body", "", "\u0000"];
const RAW_MARK = "\uffffraw:";
const KEY_MARK = "\uffffkey:";

/** The value with so many changes. */
export function mutated(value: unknown, times: number, draw: Draw): unknown {
  const copy = structuredClone(value) as Json;
  const root: { [name: string]: Json } = { root: copy };
  for (let time = 0; time < times; time += 1) mutate(root, draw);
  return root["root"];
}

/** The text of it; not always JSON that would give the same value again. */
export function textOf(value: unknown): string {
  return JSON.stringify(value ?? null)
    .replaceAll(/"\uffffraw:(\d+)"/g, (_all, index: string) => RAW[Number(index)] ?? "null")
    .replaceAll(/"\uffffkey:\d+:/g, '"');
}

function mutate(root: { [name: string]: Json }, draw: Draw): void {
  const holders = [root, ...holdersIn(root["root"] ?? null)];
  // What is deep inside is most of it: half of the changes are to the outer parts.
  const holder = holders[draw(2) === 0 ? draw(Math.min(holders.length, 12)) : draw(holders.length)] ?? root;
  const names = Object.keys(holder);
  const name = names[draw(names.length)];
  const evil = (): Json => (draw(6) === 0 ? `${RAW_MARK}${draw(RAW.length)}` : structuredClone(EVIL[draw(EVIL.length)] ?? null));
  const object = holder as { [name: string]: Json };
  const added = (key: string): void => {
    if (Array.isArray(holder)) holder.push(evil());
    else object[`${KEY_MARK}${draw(1_000_000)}:${key}`] = evil();
  };
  if (name === undefined) return added(KEYS[draw(KEYS.length)] ?? "");
  switch (draw(9)) {
    case 0: case 1: case 2: object[name] = evil(); break;
    case 3: if (holder !== root) Reflect.deleteProperty(object, name); break;
    // The same name twice: who reads it decides which one counts.
    case 4: added(name); break;
    case 5: added(KEYS[draw(KEYS.length)] ?? ""); break;
    case 6: {
      const other = holders[draw(holders.length)] as { [name: string]: Json } | undefined;
      const [theirs] = Object.keys(other ?? {});
      if (other !== undefined && theirs !== undefined) object[name] = structuredClone(other[theirs] ?? null);
      break;
    }
    case 7: {
      const value = object[name];
      if (Array.isArray(value)) object[name] = draw(2) === 0 ? value.toReversed() : Array.from({ length: 1 + draw(40) }, () => structuredClone(value)).flat();
      else if (typeof value === "string") object[name] = `${value}${["\u202e", "\u200b", "\u0000", "A", "x".repeat(5_000)][draw(5)] ?? ""}`;
      else if (typeof value === "number") object[name] = [-value, value * 1e6, value + 0.5, Number.MAX_SAFE_INTEGER][draw(4)] ?? 0;
      break;
    }
    default: object[name] = Array.from({ length: 1 + draw(3) }, () => structuredClone(object[name] ?? null));
  }
}

function holdersIn(value: Json): (Json[] | { [name: string]: Json })[] {
  const found: (Json[] | { [name: string]: Json })[] = [];
  const open: Json[] = [value];
  for (let next = open.shift(); next !== undefined && found.length < 2_000; next = open.shift()) {
    if (typeof next !== "object" || next === null) continue;
    found.push(next);
    open.push(...Object.values(next));
  }
  return found;
}
