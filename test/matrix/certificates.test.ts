import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setDefaultCACertificates } from "node:tls";
import { jsonLog } from "../../src/app/system.ts";
import { report } from "../../src/cli/report.ts";
import { Rest } from "../../src/matrix/rest.ts";
import { newAuthority, startTlsServer, type Certificate } from "../support/tls-server.ts";

describe("a homeserver's certificate", () => {
  const dir = mkdtempSync(join(tmpdir(), "relevo-tls-"));
  before(async () => setDefaultCACertificates([await newAuthority(dir)]));
  after(() => rmSync(dir, { recursive: true, force: true }));

  /** What the operator is told; undefined if the call succeeded. */
  async function told(certificate: Certificate): Promise<{ readonly said: string | undefined; readonly asked: number }> {
    const server = await startTlsServer(dir, certificate);
    try {
      const rest = new Rest({ homeserver: server.url, token: "secret-token", log: () => undefined, pause: async () => undefined });
      const fault = await rest.call({ method: "GET", path: "/_matrix/client/v3/account/whoami", repeat: "idempotent" }).then(() => undefined, (error: unknown) => error);
      const lines: string[] = [];
      if (fault !== undefined) report(fault, (line) => lines.push(line), jsonLog(() => undefined, () => 0));
      return { said: fault === undefined ? undefined : lines.join("\n"), asked: server.asked() };
    } finally {
      await server.stop();
    }
  }

  it("that is good lets the bot in", async () => assert.deepEqual(await told("good"), { said: undefined, asked: 1 }));
  for (const [certificate, why] of [
    ["expired", /it has expired/], ["not yet valid", /it is not valid yet/], ["of another name", /it is of another name/], ["signed by nobody", /nobody but the server itself has signed it/],
  ] as const) {
    it(`that is ${certificate} gets nothing, and the operator is told why and what to do`, async () => {
      const { said, asked } = await told(certificate);
      assert.equal(asked, 0);
      assert.match(said ?? "", why);
      assert.match(said ?? "", /\(homeserver\.certificate\)\nTo do: Check the address .* the clock of this machine/);
      assert.doesNotMatch(said ?? "", /secret-token/);
    });
  }
});
