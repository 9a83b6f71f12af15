import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

const LEASH = new URL("./leash.ts", import.meta.url).href;

/** Runs until the process is gone; a zombie that nobody has collected yet counts as gone. */
async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 200; tries += 1) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await pause(25);
  }
  return false;
}

/** A process that starts a child on the leash, tells its id, and then does `last`. */
async function parentOf(last: string): Promise<{ readonly parent: ReturnType<typeof spawn>; readonly child: number }> {
  const program = `import { startLeashed } from ${JSON.stringify(LEASH)};
    const { pid } = await startLeashed("sleep", ["600"], { stdio: "ignore" });
    process.stdout.write(pid + "\\n"); ${last}`;
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", program], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(parent.stdout, "data") as [Buffer];
  return { parent, child: Number(line.toString()) };
}

describe("a child on the leash", () => {
  it("ends when the process that started it is killed", async () => {
    const { parent, child } = await parentOf("setInterval(() => {}, 1000);");
    parent.kill("SIGKILL");
    assert.equal(await isGone(child), true);
  });
  it("ends when the process that started it ends by itself", async () => {
    const { child } = await parentOf("process.exit(3);");
    assert.equal(await isGone(child), true);
  });
  it("ends when the process that started it throws", async () => {
    const { child } = await parentOf('console.error = () => {}; process.on("uncaughtException", () => process.exit(1)); throw new Error("a test failed");');
    assert.equal(await isGone(child), true);
  });
});
