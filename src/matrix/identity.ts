/** The bot's own identity: made once, kept in secret storage, found again with the recovery key, never replaced in silence. */
import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import { z } from "zod";
import type { MasterKey } from "../domain/ids.ts";
import type { Random } from "../ports.ts";
import { AccountSecrets } from "./account-secrets.ts";
import type { CrossSigningSecrets } from "./account-secrets.ts";
import { ownStanding } from "./crypto.ts";
import { Fault, isFault } from "./fault.ts";
import type { Machine } from "./machine.ts";
import { OperatorError } from "../operator-error.ts";
import type { OutgoingRequest, Outgoing } from "./outgoing.ts";
import { RECOVERY_KEY_BYTES, inGroups, readRecoveryKeyFile, writeRecoveryKeyFile } from "./recovery-key.ts";
import type { Log, Rest } from "./rest.ts";
import { masterKeyOf } from "./standing.ts";

/** What it takes to make sure of the identity. */
export interface IdentityParts {
  readonly machine: Machine;
  readonly outgoing: Outgoing;
  readonly rest: Rest;
  readonly random: Pick<Random, "bytes">;
  readonly recoveryKeyFile: string;
  /** Needed only if the homeserver wants it before it takes new cross-signing keys. */
  readonly password?: string;
  readonly log: Log;
}

/** How people compare a master key: its 43 characters in groups of four. */
export function fingerprint(masterKey: MasterKey): string {
  return inGroups(masterKey);
}

/** The master key that a fingerprint names, however it was spaced; `undefined` if it names none. */
export function fromFingerprint(text: string): MasterKey | undefined {
  const key = text.replace(/\s/g, "");
  return /^[A-Za-z0-9+/]{43}$/.test(key) ? (key as MasterKey) : undefined;
}

/**
 * Makes sure that the account has an identity whose private keys are here, that this device is signed with it, and that secret storage
 * holds it. Throws an {@link OperatorError} if that cannot be done without a person: an unsigned bot is refused by the clients of others.
 */
export async function ensureIdentity(parts: IdentityParts): Promise<void> {
  const { machine, outgoing, log } = parts;
  const published = await publishedMasterKey(parts);
  await outgoing.pump();
  // The public identity first: private keys are checked against it, and dropped if another device has replaced it.
  await machine.run((engine) => engine.updateTrackedUsers([new olm.UserId(machine.user)]));
  await outgoing.queryAnew(new olm.UserId(machine.user));
  const complete = await machine.run(async (engine) => {
    const status = await engine.crossSigningStatus();
    return status.hasMaster && status.hasSelfSigning && status.hasUserSigning;
  });
  const own = await machine.run((engine) => engine.getIdentity(engine.userId));
  if (complete && published !== undefined && own !== undefined && published !== masterKeyOf(own)) throw replaced();
  if (!complete && published !== undefined) {
    await recover(parts);
    log("identity.recovered", {});
  } else if (published === undefined) {
    // Also when a crash came between making the keys and publishing them: the same keys are used again.
    await publish(parts);
    log("identity.published", { made: !complete });
  }
  await signOwnDevice(parts);
  await storeSecrets(parts);
  if (!(await machine.run(ownStanding))) {
    throw new OperatorError("identity.unsigned", "The bot's device could not be signed by the bot's own identity.", "Start again; if it stays so, log in as a new device with the recovery key.");
  }
}

const keyObject = z.object({ keys: z.record(z.string(), z.string()) });
const ownKeys = z.object({
  device_keys: z.record(z.string(), z.record(z.string(), keyObject)),
  master_keys: z.record(z.string(), keyObject).optional(),
});

/**
 * The master key that the homeserver shows for the bot, as it is: the engine leaves out one that is not well signed, and a new identity
 * would be put in its place. Refuses a device whose store was lost: others would send to keys that nobody has any more.
 */
async function publishedMasterKey({ machine, rest }: IdentityParts): Promise<string | undefined> {
  const { user, device } = machine;
  const answer = await rest.call({ method: "POST", path: "/_matrix/client/v3/keys/query", body: { device_keys: { [user]: [device] } }, repeat: "idempotent" });
  const read = ownKeys.safeParse(answer);
  if (!read.success) throw new Fault("unreachable", { network: "unusable_answer" });
  const known = read.data.device_keys[user]?.[device]?.keys[`ed25519:${device}`];
  const own = await machine.run(async (engine) => engine.identityKeys.ed25519.toBase64());
  if (known !== undefined && known !== own) {
    throw new OperatorError(
      "identity.store-lost",
      "The homeserver knows this device with other keys: its crypto store was lost, replaced or restored. Nothing was sent and nothing is lost: the journal is another file.",
      "Put the recovery key into its file and go on as a new device: relevo recover --config FILE --password-file FILE",
    );
  }
  const master = read.data.master_keys?.[user];
  return master === undefined ? undefined : (Object.values(master.keys)[0] ?? "");
}

async function publish(parts: IdentityParts): Promise<void> {
  const { machine, outgoing } = parts;
  // false: keys that exist already are uploaded again, never replaced.
  const requests = await machine.run((engine) => engine.bootstrapCrossSigning(false));
  const uploadKeys = requests.uploadKeysRequest as OutgoingRequest | undefined;
  if (uploadKeys !== undefined) await outgoing.send(uploadKeys);
  await uploadSigningKeys(parts, JSON.parse(requests.uploadSigningKeysRequest.body) as Record<string, unknown>);
  await outgoing.send(requests.uploadSignaturesRequest);
  await outgoing.queryAnew(new olm.UserId(machine.user));
}

/** Most servers take the first keys of an account without more; some want the password. */
async function uploadSigningKeys({ rest, machine, password }: IdentityParts, keys: Record<string, unknown>): Promise<void> {
  const upload = (body: Record<string, unknown>): Promise<unknown> =>
    rest.call({ method: "POST", path: "/_matrix/client/v3/keys/device_signing/upload", body, repeat: "idempotent" });
  try {
    await upload(keys);
  } catch (error) {
    const challenge = isFault(error) ? error.challenge() : undefined;
    if (challenge === undefined) throw error;
    if (!challenge.passwordIsEnough || password === undefined) {
      throw new OperatorError(
        "identity.password-needed",
        "The homeserver takes the bot's cross-signing keys only from a person who proves to be the account's owner.",
        challenge.passwordIsEnough ? "Give the account's password file in the configuration for this start." : "Allow the reset of cross-signing keys for this account on the homeserver, then start again.",
      );
    }
    const identifier = { type: "m.id.user", user: machine.user };
    await upload({ ...keys, auth: { type: "m.login.password", identifier, password, session: challenge.session } });
  }
}

async function recover(parts: IdentityParts): Promise<void> {
  const { recoveryKeyFile, machine, rest, random } = parts;
  const cure = `Put the account's recovery key into ${recoveryKeyFile}. If it is lost, a person must reset the account's cross-signing with another client; everybody must then confirm the bot anew.`;
  const key = readRecoveryKeyFile(recoveryKeyFile);
  if (key === undefined) throw new OperatorError("identity.recovery-key-needed", "The account has an identity whose keys are not on this machine.", cure);
  const secrets = await new AccountSecrets(rest, machine.user, random).read(key);
  if (secrets === "none") throw new OperatorError("identity.no-secret-storage", "The account has an identity, but its keys are not in its secret storage.", cure);
  if (secrets === "wrong-key") throw new OperatorError("identity.wrong-recovery-key", "The recovery key does not fit this account.", cure);
  const status = await machine.run((engine) => engine.importCrossSigningKeys(secrets.master, secrets.selfSigning, secrets.userSigning));
  if (!status.hasMaster || !status.hasSelfSigning || !status.hasUserSigning) {
    throw replaced();
  }
}

function replaced(): OperatorError {
  return new OperatorError(
    "identity.replaced",
    "The identity that the homeserver shows for the bot is not the bot's own.",
    "Somebody replaced it. Find out who before anything else; then reset it with another client and let everybody confirm the bot anew.",
  );
}

async function signOwnDevice({ machine, outgoing }: IdentityParts): Promise<void> {
  if (await machine.run(ownStanding)) return;
  const request = await machine.run(async (engine) => (await engine.getDevice(engine.userId, engine.deviceId))?.verify());
  if (request !== undefined) await outgoing.send(request);
  await outgoing.queryAnew(new olm.UserId(machine.user));
}

/** The key file is on the disk before anything is sealed with it; a crash in between is mended at the next start. */
async function storeSecrets({ machine, rest, random, recoveryKeyFile, log }: IdentityParts): Promise<void> {
  const storage = new AccountSecrets(rest, machine.user, random);
  // A key file that is gone is as it should be: it belongs in a safe, not on this machine.
  if (await storage.exists()) return;
  let key: Uint8Array | undefined = readRecoveryKeyFile(recoveryKeyFile);
  if (key === undefined) {
    key = random.bytes(RECOVERY_KEY_BYTES);
    writeRecoveryKeyFile(recoveryKeyFile, key);
  }
  await storage.write(key, await exportSecrets(machine));
  log("identity.secrets-stored", {});
}

async function exportSecrets(machine: Machine): Promise<CrossSigningSecrets> {
  const exported = await machine.run((engine) => engine.exportCrossSigningKeys());
  const [master, selfSigning, userSigning] = [exported?.masterKey, exported?.self_signing_key, exported?.userSigningKey];
  if (master === undefined || selfSigning === undefined || userSigning === undefined) throw new Error("the crypto engine gave out an incomplete identity");
  return { master, selfSigning, userSigning };
}
