/**
 * The bare reference: an encrypted echo bot with the same wasm engine, the same store and `synchronous=FULL`, on fetch alone. It remembers nothing,
 * proves nobody and repeats nothing; what Relevo costs beyond it is what its promises cost. Started as `node echo-bot.ts URL TOKEN USER DEVICE FILE`.
 */
import { randomBytes } from "node:crypto";
import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import { installCryptoStore, openCryptoStore } from "../src/matrix/crypto-store/open.ts";

const [url = "", token = "", user = "", device = "", file = ""] = process.argv.slice(2);

interface WireEvent {
  readonly event_id: string;
  readonly type: string;
  readonly sender: string;
  readonly state_key?: string;
  readonly content: Readonly<Record<string, unknown>>;
}
interface SyncAnswer {
  readonly next_batch: string;
  readonly to_device?: { readonly events?: readonly unknown[] };
  readonly device_lists?: { readonly changed?: readonly string[]; readonly left?: readonly string[] };
  readonly device_one_time_keys_count?: Readonly<Record<string, number>>;
  readonly device_unused_fallback_key_types?: readonly string[];
  readonly rooms?: {
    readonly join?: Readonly<Record<string, { readonly timeline?: { readonly events?: readonly WireEvent[] } }>>;
    readonly invite?: Readonly<Record<string, unknown>>;
  };
}

const store = openCryptoStore({
  file, key: randomBytes(32),
  fatal(error) {
    throw error;
  },
});
installCryptoStore(store);
await olm.initAsync();
const handle = await olm.StoreHandle.openWithKey("echo", new Uint8Array(randomBytes(32)));
const machine = await olm.OlmMachine.initFromStore(new olm.UserId(user), new olm.DeviceId(device), handle);
const settings = (): olm.DecryptionSettings => new olm.DecryptionSettings(olm.TrustRequirement.CrossSigned);

await sendWaiting();
const identity = await machine.bootstrapCrossSigning(false);
if (identity.uploadKeysRequest !== undefined) await deliver(identity.uploadKeysRequest);
await call("POST", "/v3/keys/device_signing/upload", identity.uploadSigningKeysRequest.body);
await deliver(identity.uploadSignaturesRequest);

let since: string | undefined;
let told = false;
for (;;) {
  const answer = await call("GET", `/v3/sync?timeout=${told ? 30_000 : 0}${since === undefined ? "" : `&since=${encodeURIComponent(since)}`}`) as unknown as SyncAnswer;
  await machine.receiveSyncChanges(
    JSON.stringify(answer.to_device?.events ?? []),
    new olm.DeviceLists(ids(answer.device_lists?.changed ?? []), ids(answer.device_lists?.left ?? [])),
    new Map(Object.entries(answer.device_one_time_keys_count ?? {})),
    new Set(answer.device_unused_fallback_key_types ?? []),
    settings(),
  );
  await sendWaiting();
  for (const room of Object.keys(answer.rooms?.invite ?? {})) await call("POST", `/v3/join/${encodeURIComponent(room)}`, "{}");
  for (const [room, { timeline }] of Object.entries(answer.rooms?.join ?? {})) {
    for (const event of timeline?.events ?? []) if (event.type === "m.room.encrypted" && event.sender !== user) await echo(room, event);
  }
  since = answer.next_batch;
  if (!told) process.stdout.write("ready\n");
  told = true;
}

async function echo(room: string, event: WireEvent): Promise<void> {
  await machine.updateTrackedUsers(ids([event.sender]));
  await sendWaiting();
  const decrypted = await machine.decryptRoomEvent(JSON.stringify({ origin_server_ts: 0, ...event, room_id: room }), new olm.RoomId(room), settings());
  const { content } = JSON.parse(decrypted.event) as { readonly content: { readonly body?: string } };
  const claim = await machine.getMissingSessions(ids([event.sender]));
  if (claim instanceof olm.KeysClaimRequest) await deliver(claim);
  const sharing = new olm.EncryptionSettings();
  sharing.sharingStrategy = olm.CollectStrategy.identityBasedStrategy();
  for (const request of await machine.shareRoomKey(new olm.RoomId(room), ids([event.sender]), sharing)) await deliver(request);
  const ciphertext = await machine.encryptRoomEvent(new olm.RoomId(room), "m.room.message", JSON.stringify({ msgtype: "m.notice", body: `echo ${content.body ?? ""}` }));
  await call("PUT", `/v3/rooms/${encodeURIComponent(room)}/send/m.room.encrypted/${randomBytes(8).toString("hex")}`, ciphertext);
}

type Request = olm.KeysUploadRequest | olm.KeysQueryRequest | olm.KeysClaimRequest | olm.ToDeviceRequest | olm.SignatureUploadRequest | olm.RoomMessageRequest | olm.KeysBackupRequest;

async function sendWaiting(): Promise<void> {
  for (const request of (await machine.outgoingRequests()) as Request[]) await deliver(request);
}

async function deliver(request: Request): Promise<void> {
  const { type, body, id } = request;
  let answer: unknown;
  if (type === olm.RequestType.KeysUpload) answer = await call("POST", "/v3/keys/upload", body);
  else if (type === olm.RequestType.KeysQuery) answer = await call("POST", "/v3/keys/query", body);
  else if (type === olm.RequestType.KeysClaim) answer = await call("POST", "/v3/keys/claim", body);
  else if (type === olm.RequestType.SignatureUpload) answer = await call("POST", "/v3/keys/signatures/upload", body);
  else if (request instanceof olm.ToDeviceRequest) answer = await call("PUT", `/v3/sendToDevice/${request.event_type}/${request.txn_id}`, body);
  else throw new Error("a request that the echo bot does not know");
  if (id !== undefined) await machine.markRequestAsSent(id, type, JSON.stringify(answer));
}

async function call(method: string, path: string, body?: string): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(`${url}/_matrix/client${path}`, {
    method, headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }, ...(body === undefined ? {} : { body }),
  });
  if (!answer.ok) throw new Error(`${method} ${path.split("?")[0]}: ${answer.status}`);
  return await answer.json() as Readonly<Record<string, unknown>>;
}

function ids(users: readonly string[]): olm.UserId[] {
  return users.map((each) => new olm.UserId(each));
}
