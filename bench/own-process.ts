/** Measures in a process of its own, whose memory is then that of the thing measured alone. */
import { fileURLToPath } from "node:url";
import { startLeashed } from "../test/support/leash.ts";

/** Runs a file of this folder with Node; its last line on standard output is the JSON of what it measured. */
export async function inOwnProcess<T>(file: string, args: readonly string[], nodeArgs: readonly string[] = []): Promise<T> {
  const program = fileURLToPath(new URL(file, import.meta.url));
  const child = await startLeashed(process.execPath, [...nodeArgs, program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.child.stdout?.on("data", (chunk: Buffer) => { out += chunk.toString(); });
  const { code, signal } = await child.ended;
  const last = out.trimEnd().split("\n").at(-1) ?? "";
  if (code !== 0) throw new Error(`${file} ended with ${code ?? signal}; its output ends: ${out.slice(-500)}`);
  return JSON.parse(last) as T;
}
