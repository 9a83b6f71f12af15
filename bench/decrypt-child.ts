/** The bare reference of catching up: the engine on the bot's own store decrypts the same events one after the other: `node decrypt-child.ts CONFIG USER DEVICE FILE`. */
import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import { hkdfSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { systemRandom } from "../src/app/system.ts";
import { loadConfig } from "../src/cli/config.ts";
import { readSecrets } from "../src/cli/secret-file.ts";
import type { UserId } from "../src/domain/ids.ts";
import { openKeys } from "../src/journal/keys.ts";
import { CRYPTO_STORE, installCryptoStore, openCryptoStore } from "../src/matrix/crypto-store/open.ts";
import { Machine } from "../src/matrix/machine.ts";

const [config = "", user = "", device = "", file = ""] = process.argv.slice(2);
const settings = await loadConfig(config);
const keys = openKeys({ folder: settings.data, passphrase: (await readSecrets(settings)).passphrase, random: systemRandom() });
const derived = (purpose: string): Uint8Array => new Uint8Array(hkdfSync("sha256", keys.cryptoStore, new Uint8Array(0), `relevo/crypto-store/${purpose}`, 32));
const fatal = (error: unknown): void => {
  throw error;
};
installCryptoStore(openCryptoStore({ file: join(settings.data, CRYPTO_STORE), key: derived("file"), fatal }));
const machine = await Machine.open(user as UserId, device, { key: derived("values") }, fatal);
const wires = readFileSync(file, "utf8").trimEnd().split("\n");
const rooms = wires.map((wire) => (JSON.parse(wire) as { readonly room_id: string }).room_id);

const from = performance.now();
const spent = process.cpuUsage();
for (const [index, wire] of wires.entries()) {
  await machine.run((engine) => engine.decryptRoomEvent(wire, new olm.RoomId(rooms[index] ?? ""), new olm.DecryptionSettings(olm.TrustRequirement.CrossSigned)));
}
const cpu = process.cpuUsage(spent);
console.log(JSON.stringify({ seconds: (performance.now() - from) / 1000, cpuSeconds: (cpu.user + cpu.system) / 1e6, messages: wires.length }));
process.exit();
