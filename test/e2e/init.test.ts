import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { newHuman, type Human } from "../support/human.ts";
import { freePort, startSynapse, type Account, type Synapse } from "../support/synapse.ts";
import { atTerminal, type Terminal } from "../support/terminal.ts";

const PROGRAM = fileURLToPath(new URL("../../bin/relevo.js", import.meta.url));

describe("relevo init, at a terminal and on a real homeserver", () => {
  let dir = "";
  let synapse: Synapse;
  let bot: Account;
  let other: Account;
  let ana: Human;
  before(async () => {
    dir = mkdtempSync(path.join(tmpdir(), "relevo-newcomer-"));
    synapse = await startSynapse({ dir: path.join(dir, "synapse") });
    [bot, other] = [await synapse.register("relevo", "a password of the bot"), await synapse.register("somebody", "another password")];
    ana = await newHuman(synapse, "ana");
  });
  after(async () => {
    ana?.stop();
    await synapse?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  /** A newcomer's folder, and `relevo init` begun in it without a single option. */
  async function begun(): Promise<{ readonly folder: string; readonly terminal: Terminal }> {
    const folder = mkdtempSync(path.join(dir, "folder-"));
    const terminal = await atTerminal([process.execPath, PROGRAM, "init"], folder);
    await terminal.sees(/Address of the homeserver .*: $/);
    return { folder, terminal };
  }

  it("asks, lets every mistake be made good, and ends with a bot that answers, and with a unit", async () => {
    const { folder, terminal } = await begun();
    const answers = async (question: RegExp, ...texts: readonly string[]): Promise<void> => {
      for (const text of texts) {
        await terminal.sees(question);
        terminal.types(text);
      }
    };
    terminal.types("matrix.example.org");
    await answers(/expected an address[^]*Address of the homeserver .*: $/, `http://127.0.0.1:${await freePort()}`);
    await answers(/✖ server .*cannot be reached \(ECONNREFUSED\)[^]*Address of the homeserver .*: $/, `${synapse.url}/`);
    await answers(/✓ server [^]*own account .*: $/, bot.user_id);
    await answers(/access token: .*not shown\): $/, "token", other.access_token, bot.access_token);
    await answers(/✓ token [^]*\[Y\/n\] $/, "");
    await answers(/▲ rate-limit .*about ten messages[^]*open cases .*: $/, ana.userId);
    await answers(/Fingerprint of [^]*: $/, "no fingerprint", await ana.masterKey());
    await answers(/Another owner .*: $/, "");
    await answers(/Language .*\[en\]: $/, "");
    await answers(/Time zone .*\[UTC\]: $/, "Madrid", "Europe/Madrid");
    for (const question of [/Configuration to write .*: $/, /Folder of the journal, .*: $/]) await answers(question, "");
    await answers(/figures [^]*: $/, `0.0.0.0:9477`, `127.0.0.1:${await freePort()}`);
    await answers(/systemd unit .*: $/, "");
    await answers(/Start the bot .*\[Y\/n\] $/, "");
    await terminal.sees(/^ready$/m);

    await synapse.overrideRatelimit(bot.user_id);
    const room = await ana.direct(bot.user_id);
    await ana.say(room, "help");
    await ana.waitFor((seen) => seen.sender === bot.user_id && seen.encrypted && /jit open/.test(seen.body), 30_000, "the new bot's answer");

    terminal.control("C");
    assert.equal(await terminal.ended, 0, terminal.shown);
    assert.ok(!terminal.shown.includes(bot.access_token) && !terminal.shown.includes(other.access_token), "a token was shown");
    assert.doesNotMatch(terminal.shown, /"level":"error"|"bug"/);
    assert.deepEqual(readdirSync(folder).toSorted(), ["data", "relevo.service", "relevo.yaml", "secrets"]);
    assert.match(readFileSync(path.join(folder, "relevo.service"), "utf8"), new RegExp(`^ExecStart=.*bin/node .*bin/relevo\\.js run --config ${path.join(folder, "relevo.yaml")}$`, "m"));
    for (const name of ["data", "secrets"]) assert.equal(statSync(path.join(folder, name)).mode & 0o777, 0o700);

    const again = await atTerminal([process.execPath, PROGRAM, "init", "--homeserver", synapse.url, "--user", bot.user_id, "--owner", `${ana.userId}=${await ana.masterKey()}`, "--access-token-file", path.join(folder, "secrets", "access-token")], folder);
    assert.equal(await again.ended, 78);
    assert.match(again.shown, /relevo\.yaml is there already; nothing was written|access-token is there already; nothing was written/);
  });
  it("writes nothing when it is broken off, at a question or while it looks", async () => {
    const { folder, terminal } = await begun();
    terminal.control("C");
    assert.equal(await terminal.ended, 78);
    assert.match(terminal.shown, /broken off; nothing was written\. \(init\.given-up\)\nTo do: /);
    assert.deepEqual(readdirSync(folder), []);
  });
});
