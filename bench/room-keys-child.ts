/** Puts room keys into the crypto store of a bot that is not running: `node room-keys-child.ts CONFIG USER DEVICE ROOM NUMBER`. */
import { generateKeyPairSync, hkdfSync, randomBytes } from "node:crypto";
import { join } from "node:path";
import { systemRandom } from "../src/app/system.ts";
import { loadConfig } from "../src/cli/config.ts";
import { readSecrets } from "../src/cli/secret-file.ts";
import type { UserId } from "../src/domain/ids.ts";
import { openKeys } from "../src/journal/keys.ts";
import { CRYPTO_STORE, installCryptoStore, openCryptoStore } from "../src/matrix/crypto-store/open.ts";
import { Machine } from "../src/matrix/machine.ts";

const [config = "", user = "", device = "", room = "", number = "0"] = process.argv.slice(2);
/** Keys imported at once. */
const AT_ONCE = 2_500;
const settings = await loadConfig(config);
const keys = openKeys({ folder: settings.data, passphrase: (await readSecrets(settings)).passphrase, random: systemRandom() });
const derived = (purpose: string): Uint8Array => new Uint8Array(hkdfSync("sha256", keys.cryptoStore, new Uint8Array(0), `relevo/crypto-store/${purpose}`, 32));
const fatal = (error: unknown): void => {
  throw error;
};
const store = openCryptoStore({ file: join(settings.data, CRYPTO_STORE), key: derived("file"), fatal });
installCryptoStore(store);
const machine = await Machine.open(user as UserId, device, { key: derived("values") }, fatal);
const curve = unpadded(randomBytes(32));
const device25519 = unpadded(publicKey());
let imported = 0;
while (imported < Number(number)) {
  const exported = JSON.stringify(Array.from({ length: Math.min(AT_ONCE, Number(number) - imported) }, () => roomKey()));
  const { importedCount } = await machine.run((engine) => engine.importExportedRoomKeys(exported, () => undefined));
  imported += Number(importedCount);
}
await machine.close();
store.close();
console.log(JSON.stringify({ imported }));
process.exit();

/** As clients export it. Session key: version, index, ratchet, and the public key by which the session is called (Megolm, "session export"). */
function roomKey(): Readonly<Record<string, unknown>> {
  const id = publicKey();
  const key = Buffer.concat([Buffer.from([1, 0, 0, 0, 0]), randomBytes(128), id]);
  return {
    algorithm: "m.megolm.v1.aes-sha2", room_id: room, sender_key: curve, session_id: unpadded(id), session_key: unpadded(key),
    sender_claimed_keys: { ed25519: device25519 }, forwarding_curve25519_key_chain: [],
  };
}

function publicKey(): Buffer {
  return Buffer.from(String(generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }).x), "base64url");
}
function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
