import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterEach, beforeEach, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { systemClock, systemRandom } from "../../src/app/system.ts";
import { loadConfig } from "../../src/cli/config.ts";
import type { Asker } from "../../src/cli/init-ask.ts";
import { terminalAsker } from "../../src/cli/init-ask.ts";
import type { GivenOptions } from "../../src/cli/init-command.ts";
import { initCommand } from "../../src/cli/init-command.ts";
import { readSecrets } from "../../src/cli/secret-file.ts";
import { OperatorError } from "../../src/operator-error.ts";

const TOKEN = "syt_cmVsZXZv_planted_1a2b3c";
const ANA = "@ana:es.example=cmVwbGFjZSB0aGlzIGJ5IHRoZSBmaW5nZXJwcmludCE";

const PROGRAM = fileURLToPath(new URL("../../bin/relevo.js", import.meta.url));
function hasSystemd(): boolean {
  return spawnSync("systemd-analyze", ["--version"]).status === 0;
}

describe("relevo init, as it is typed", () => {
  const ends: (() => Promise<unknown> | void)[] = [];
  let folder = "";
  let homeserver = "";
  /** What the homeserver answers, by path; a test changes it. */
  let answers: Record<string, unknown> = {};
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "relevo-init-command-"));
    ends.push(() => rmSync(folder, { recursive: true }));
    answers = {
      "/_matrix/client/versions": { versions: ["v1.11"] },
      "/_matrix/client/v3/account/whoami": { user_id: "@relevo:example.org", device_id: "BOT" },
      "/_matrix/client/v3/capabilities": { capabilities: { "m.room_versions": { default: "12", available: { "12": "stable" } } } },
      "/_matrix/client/v3/keys/query": { device_keys: {} },
      "/_matrix/client/v3/createRoom": { room_id: "!r" },
    };
    const server = createServer((request, response) => {
      const path = (request.url ?? "").split("?")[0] ?? "";
      const needsToken = !path.endsWith("/versions") && !path.startsWith("/_matrix/federation");
      const isKnown = !needsToken || request.headers.authorization === `Bearer ${TOKEN}`;
      const found = isKnown ? answers[path] ?? (path.includes("/state/") || path.endsWith("/leave") ? {} : undefined) : undefined;
      response.writeHead(!isKnown ? 401 : found === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(isKnown ? found ?? { errcode: "M_NOT_FOUND" } : { errcode: "M_UNKNOWN_TOKEN" }));
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    ends.push(() => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }));
    homeserver = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => { for (const end of ends.splice(0).toReversed()) await end(); });

  const command = (given: GivenOptions, asker?: Asker) => initCommand(given, { input: Readable.from([Buffer.from(`${TOKEN}\n`)]), asker, clock: systemClock(), random: systemRandom(), account: "relevo", program: "/opt/relevo/bin/relevo.js", node: "/opt/relevo/node_modules/.bin/node" });
  const flags = (more: GivenOptions = {}): GivenOptions => ({ homeserver, user: "@relevo:example.org", owner: [ANA], accessTokenFile: "-", config: join(folder, "relevo.yaml"), ...more });
  /** A person who gives these answers in this order, and remembers what was asked and shown. */
  function person(...given: readonly string[]): Asker & { readonly asked: { question: string; hidden: boolean }[]; readonly shown: string[] } {
    const left = [...given];
    const asked: { question: string; hidden: boolean }[] = [];
    const shown: string[] = [];
    return {
      asked, shown, brokenOff: new Promise<never>(() => {}), close() {}, say: (text) => void shown.push(text),
      async ask(question, hidden = false) {
        asked.push({ question, hidden });
        const answer = left.shift();
        if (answer === undefined) throw new Error(`nothing to say to: ${question}`);
        return answer;
      },
    };
  }

  it("asks nothing when every option is there, and says what the homeserver was found to be", async () => {
    const { lines, start } = await command(flags());
    assert.match(lines.join("\n"), /^✓ server +Matrix v1\.11 answers/m);
    assert.match(lines.join("\n"), /^✓ token +The access token belongs/m);
    assert.equal(start, undefined);
    assert.equal((await loadConfig(join(folder, "relevo.yaml"))).homeserver, homeserver);
  });
  for (const [what, change, says] of [
    ["the token is not the account's", () => { answers["/_matrix/client/v3/account/whoami"] = { user_id: "@other:example.org", device_id: "BOT" }; }, /another account/],
    ["rooms of version 12 cannot be made", () => { answers["/_matrix/client/v3/capabilities"] = { capabilities: { "m.room_versions": { default: "10", available: { "10": "stable" } } } }; }, /room version 12/],
    ["it is no homeserver", () => { answers = {}; }, /cannot be reached/],
  ] as const) {
    it(`writes nothing when ${what}, and names the cure`, async () => {
      change();
      await assert.rejects(command(flags()), (error: unknown) => error instanceof OperatorError && error.code === "init.homeserver" && says.test(error.message) && error.cure.length > 20 && !error.message.includes(TOKEN));
      assert.deepEqual(readdirSync(folder), []);
    });
  }
  it("writes without looking when it is told so", async () => {
    await command(flags({ homeserver: "http://127.0.0.1:1", check: false }));
    assert.ok(readdirSync(folder).includes("relevo.yaml"));
  });
  it("tries the rate limit when it is told so", async () => {
    assert.match((await command(flags({ tryLimit: true }))).lines.join("\n"), /^✓ rate-limit +The homeserver does not hold the bot back \(tried\)/m);
  });

  it("asks for whatever is missing, looks at each answer as it is given, and can start the bot", async () => {
    const token = join(folder, "token");
    writeFileSync(token, `${TOKEN}\n`, { mode: 0o600 });
    const ana = person(
      "matrix.example.org", "http://127.0.0.1:1", homeserver, "relevo", "@relevo:example.org", "syt_not_the_right_one_", token, "y",
      "@ana:es.example", "short", "cmVw bGFj ZSB0 aGlz IGJ5 IHRo ZSBm aW5n ZXJw cmlu dCE", "", "es", "Bogota", "America/Bogota", join(folder, "relevo.yaml"), "", "", folder, "",
    );
    const { start } = await command({}, ana);
    assert.equal(start, join(folder, "relevo.yaml"));
    const settings = await loadConfig(join(folder, "relevo.yaml"));
    assert.deepEqual([settings.homeserver, settings.user, settings.language, settings.zone, settings.owners[0]?.user, settings.metrics], [homeserver, "@relevo:example.org", "es", "America/Bogota", "@ana:es.example", { host: "127.0.0.1", port: 9_477 }]);
    assert.equal((await readSecrets(settings)).accessToken, TOKEN);
    const shown = ana.shown.join("\n");
    for (const said of [/expected an address/, /✖ server .*cannot be reached/, /expected a Matrix user id/, /✖ token .*does not accept/, /✓ token/, /expected 43 characters/, /expected an IANA time zone/, /✓ rate-limit/]) assert.match(shown, said);
    assert.deepEqual(ana.asked.filter(({ hidden }) => hidden).map(({ question }) => question.split(":")[0]), ["The bot's access token", "The bot's access token"]);
  });
  it("takes a token that was typed, and shows it nowhere", async () => {
    const ana = person(homeserver, "@relevo:example.org", TOKEN, "n", "@ana:es.example", ANA.split("=")[1] ?? "", "", "", "", join(folder, "relevo.yaml"), "", "off", "-", "n");
    const { lines, start } = await command({}, ana);
    assert.equal(start, undefined);
    assert.equal((await readSecrets(await loadConfig(join(folder, "relevo.yaml")))).accessToken, TOKEN);
    assert.ok(![...ana.shown, ...lines, ...ana.asked.map(({ question }) => question), readFileSync(join(folder, "relevo.yaml"), "utf8")].join("\n").includes("planted"));
  });
  it("gives up after five answers that do not fit, and writes nothing", async () => {
    await assert.rejects(command({}, person("a", "b", "c", "d", "e")), (error: unknown) => error instanceof OperatorError && error.code === "init.given-up");
    assert.deepEqual(readdirSync(folder), []);
  });

  it("writes a unit for systemd that names what it was given, and refuses to overwrite one", async () => {
    const { lines } = await command(flags({ data: "my data", systemd: folder }));
    const unit = readFileSync(join(folder, "relevo.service"), "utf8");
    assert.match(unit, new RegExp(`^ExecStart=/opt/relevo/node_modules/\\.bin/node /opt/relevo/bin/relevo\\.js run --config ${join(folder, "relevo.yaml")}$`, "m"));
    assert.match(unit, new RegExp(`^ReadWritePaths="${join(folder, "my data")}" ${join(folder, "secrets")}$`, "m"));
    assert.match(unit, /^RestartPreventExitStatus=78$/m);
    assert.match(lines.join("\n"), /systemctl enable --now relevo/);
    assert.equal(statSync(join(folder, "relevo.service")).mode & 0o077, 0);
    // Under the unit the data folder may be written, and nothing above it: it must be there before the first start.
    assert.equal(statSync(join(folder, "my data")).mode & 0o777, 0o700);
    await assert.rejects(command(flags({ config: join(folder, "b", "relevo.yaml"), systemd: folder })), (error: unknown) => error instanceof OperatorError && error.code === "init.exists");
  });

  it("writes a unit that systemd accepts", { skip: hasSystemd() ? false : "no systemd-analyze here" }, async () => {
    await initCommand(flags({ data: "my data", systemd: folder }), { input: Readable.from([Buffer.from(`${TOKEN}\n`)]), clock: systemClock(), random: systemRandom(), account: "root", program: PROGRAM, node: process.execPath });
    const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", join(folder, "relevo.service")], { encoding: "utf8" });
    assert.equal(`${status} ${stdout}${stderr}`, "0 ");
  });
  it("at a terminal shows what is typed, but not the answer to a hidden question", async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    let seen = "";
    output.on("data", (chunk: Buffer) => { seen += chunk.toString(); });
    const asker = terminalAsker(input, output);
    const first = asker.ask("Name: ");
    input.write("visible\r");
    assert.equal(await first, "visible");
    const second = asker.ask("Token: ", true);
    input.write(`${TOKEN}\r`);
    assert.equal(await second, TOKEN);
    // Typed while nothing was asked, as while the homeserver is looked at.
    input.write(`ahead ${TOKEN}\r`);
    assert.equal(await asker.ask("Ahead: "), `ahead ${TOKEN}`);
    const third = asker.ask("More: ");
    input.write("\u0003");
    for (const end of [third, asker.brokenOff]) await assert.rejects(end, (error: unknown) => error instanceof OperatorError && error.code === "init.given-up");
    assert.match(seen, /Name: [^]*visible[^]*Token: /);
    assert.ok(!seen.includes("planted"), seen);
  });
});
