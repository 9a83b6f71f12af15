/** `npm run fuzz -- --count 100000 [--seed 1]`: mutated answers of a homeserver through the whole app; what came of them is printed. */
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { fuzz } from "./fuzzing.ts";

const { values } = parseArgs({ options: { count: { type: "string", default: "100000" }, seed: { type: "string", default: "1" } } });
const [answers, seed] = [Number(values.count), Number(values.seed)];
if (!Number.isSafeInteger(answers) || answers < 1 || !Number.isSafeInteger(seed)) throw new Error("--count and --seed take whole numbers");
setFlagsFromString("--expose-gc");
Object.assign(globalThis, { gc: runInNewContext("gc") as unknown });

const { counts, heap, milliseconds, events, unusable } = await fuzz({ answers, seed, progress: (done) => { if (done % 10_000 === 0) console.log(`${done} of ${answers}`); } });
console.log(`${answers} answers (${unusable} of them no answer at all), ${events} events, ${(milliseconds / 1000).toFixed(0)} s, ${(answers / milliseconds * 1000).toFixed(0)}/s, seed ${seed}`);
console.log(`heap after each third: ${heap.map((bytes) => `${(bytes / 1_048_576).toFixed(1)} MB`).join(", ")}`);
console.log(Object.entries(counts).filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`).join(", "));
console.log("1 passed, 0 failed");
