/** Brings up matrix-js-sdk for one person: quiet, and with its keys in memory. */
import "./quiet-globals.ts";
import * as sdk from "matrix-js-sdk";
import { AllDevicesIsolationMode, OnlySignedDevicesIsolationMode, type CryptoApi } from "matrix-js-sdk/lib/crypto-api/index.js";
import { logger, type Logger } from "matrix-js-sdk/lib/logger.js";

// Some parts of js-sdk log through children of this one instead of the client's: a person's terminal is for what the person reads.
// Their own type hides that it is loglevel's, whose children take over the factory of their parent.
const shared = logger as unknown as { methodFactory: () => () => void; setLevel(level: "silent"): void };
shared.methodFactory = () => () => {};
shared.setLevel("silent");
const quiet: Logger = { trace() {}, debug() {}, info() {}, warn() {}, error() {}, getChild: () => quiet };

export interface Login {
  readonly url: string;
  readonly user_id: string;
  readonly device_id: string;
  readonly access_token: string;
}

/**
 * A client whose keys live in memory, so its device must be one that has published none yet (a registration's, or a new login's).
 * `careful` talks only to devices signed by their owners; a client whose own device is not signed cannot send in that mode.
 */
export async function bringUp(login: Login, careful: boolean): Promise<{ readonly client: sdk.MatrixClient; readonly crypto: CryptoApi }> {
  const opened = new Map<string, Uint8Array<ArrayBuffer>>();
  const client = sdk.createClient({
    baseUrl: login.url, userId: login.user_id, deviceId: login.device_id, accessToken: login.access_token, logger: quiet,
    cryptoCallbacks: {
      getSecretStorageKey: async ({ keys }) => Object.keys(keys).flatMap((id) => { const key = opened.get(id); return key === undefined ? [] : [[id, key] as [string, Uint8Array<ArrayBuffer>]]; })[0] ?? null,
      cacheSecretStorageKey: (id, _info, key) => void opened.set(id, key),
    },
  });
  await client.initRustCrypto({ useIndexedDB: false });
  const crypto = client.getCrypto();
  if (crypto === undefined) throw new Error("matrix-js-sdk has no crypto");
  crypto.setDeviceIsolationMode(careful ? new OnlySignedDevicesIsolationMode() : new AllDevicesIsolationMode(false));
  return { client, crypto };
}

/** Logs in with a password on a new device. */
export async function logIn(url: string, user: string, password: string): Promise<Login> {
  const client = sdk.createClient({ baseUrl: url, logger: quiet });
  const login = await client.loginRequest({ type: "m.login.password", identifier: { type: "m.id.user", user }, password });
  return { url, user_id: login.user_id, device_id: login.device_id, access_token: login.access_token };
}

/** Makes a new cross-signing identity and signs this device with it; replaces the old identity if there is one, as its owner's password allows. */
export async function newIdentity(crypto: CryptoApi, userId: string, password: string): Promise<void> {
  await crypto.bootstrapCrossSigning({
    setupNewCrossSigning: true,
    async authUploadDeviceSigningKeys(upload) {
      try {
        await upload(null); // The first upload needs no password.
      } catch (error) {
        if (!(error instanceof sdk.MatrixError) || error.httpStatus !== 401) throw error;
        const session = (error.data as { session?: string }).session;
        await upload({ type: "m.login.password", identifier: { type: "m.id.user", user: userId }, password, ...(session === undefined ? {} : { session }) });
      }
    },
  });
}

/** Puts the identity's keys into secret storage, as a person does who wants to sign in on another device; returns the recovery key that opens it. */
export async function storeSecrets(crypto: CryptoApi): Promise<string> {
  const key = await crypto.createRecoveryKeyFromPassphrase();
  await crypto.bootstrapSecretStorage({ createSecretStorageKey: async () => key, setupNewSecretStorage: true });
  if (key.encodedPrivateKey === undefined) throw new Error("matrix-js-sdk made a recovery key without its text");
  return key.encodedPrivateKey;
}

/** Starts syncing; resolves when the first sync is in. */
export async function startSyncing(client: sdk.MatrixClient): Promise<void> {
  const ready = new Promise<void>((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error("the first sync did not come within 30 s")), 30_000);
    const follow = (state: sdk.SyncState) => {
      if (state !== sdk.SyncState.Prepared) return;
      clearTimeout(limit);
      client.off(sdk.ClientEvent.Sync, follow);
      resolve();
    };
    client.on(sdk.ClientEvent.Sync, follow);
  });
  await client.startClient({ initialSyncLimit: 100, threadSupport: false, includeArchivedRooms: false });
  await ready;
}
