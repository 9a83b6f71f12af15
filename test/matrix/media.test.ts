import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import * as olm from "@matrix-org/matrix-sdk-crypto-wasm";
import { isFault } from "../../src/matrix/fault.ts";
import { addressOf, decryptFile, download, encryptFile, mediaKeys, reserve, upload } from "../../src/matrix/media.ts";
import { Rest } from "../../src/matrix/rest.ts";
import type { Mxc } from "../../src/ports.ts";
import { random } from "./participant.ts";

const PLAIN = new TextEncoder().encode("the list of the grey containers\n".repeat(50));
const URL_ = "mxc://example.org/AbC_-9" as Mxc;

describe("an encrypted file", () => {
  const keys = mediaKeys((length) => random.bytes(length));
  const { bytes, file } = encryptFile(PLAIN, keys, URL_);

  it("is what other clients read, and theirs is what the bot reads", async () => {
    await olm.initAsync();
    const theirs = new olm.EncryptedAttachment(Uint8Array.from(bytes), JSON.stringify(file));
    assert.deepEqual(Buffer.from(olm.Attachment.decrypt(theirs)), Buffer.from(PLAIN));
    const made = olm.Attachment.encrypt(Uint8Array.from(PLAIN));
    const info = { ...(JSON.parse(made.mediaEncryptionInfo ?? "") as object), url: URL_ };
    assert.deepEqual(decryptFile(info, made.encryptedData), Buffer.from(PLAIN));
  });
  it("made again with its keys is the same, byte for byte, and with others is not", () => {
    assert.deepEqual(encryptFile(PLAIN, keys, URL_), { bytes, file });
    assert.notDeepEqual(encryptFile(PLAIN, mediaKeys((length) => random.bytes(length)), URL_).bytes, bytes);
    assert.match(keys.iv, /AAAAAAAAAA$/, "the counter begins at zero");
  });
  it("is not opened when a single bit is another", () => {
    assert.deepEqual(decryptFile(file, bytes), Buffer.from(PLAIN));
    for (const at of [0, 700, bytes.length - 1]) {
      const changed = Uint8Array.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.equal(decryptFile(file, changed), undefined);
    }
    assert.equal(decryptFile(file, bytes.subarray(1)), undefined);
  });
  it("is not opened when what is said of it has another form", () => {
    const wrong: unknown[] = [
      undefined, null, [], {}, { ...file, v: "v1" }, { ...file, url: "https://example.org/x" }, { ...file, url: "mxc://example.org/../../_matrix" }, { ...file, url: "mxc://a/b/c" },
      { ...file, url: `mxc://a/${"b".repeat(600)}` }, { ...file, iv: "" }, { ...file, iv: "AAAA" }, { ...file, hashes: {} }, { ...file, hashes: { sha256: "AAAA" } },
      { ...file, key: { ...file.key, alg: "A128CTR" } }, { ...file, key: { ...file.key, kty: "RSA" } }, { ...file, key: { ...file.key, ext: false } },
      { ...file, key: { ...file.key, key_ops: ["encrypt"] } }, { ...file, key: { ...file.key, k: "short" } }, { ...file, key: { ...file.key, k: "A".repeat(100_000) } },
    ];
    for (const each of wrong) assert.deepEqual([decryptFile(each, bytes), addressOf(each)], [undefined, undefined]);
    assert.equal(addressOf(file), URL_);
  });
});

describe("the way of a file", () => {
  let server: Server;
  let url = "";
  let asked: string[] = [];
  let answer: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
  before(async () => {
    server = createServer((request, response) => {
      asked.push(`${request.method ?? ""} ${request.url ?? ""} ${request.headers["content-type"] ?? ""}`);
      request.resume().once("end", () => answer(request, response));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => { asked = []; });
  const rest = (): Rest => new Rest({ homeserver: url, token: "t", log: () => undefined, pause: async () => undefined });
  const fails = async (call: Promise<unknown>): Promise<string> => {
    const error = await call.then(() => undefined, (fault: unknown) => fault);
    assert.ok(isFault(error));
    return error.message;
  };

  it("is reserved first, and a second upload to the same address is no failure", async () => {
    answer = (request, response) => void (request.method === "POST"
      ? response.writeHead(200).end(JSON.stringify({ content_uri: URL_, unused_expires_at: 1 }))
      : response.writeHead(409).end(JSON.stringify({ errcode: "M_CANNOT_OVERWRITE_MEDIA", error: "" })));
    const to = await reserve(rest());
    await upload(rest(), to, PLAIN);
    assert.deepEqual(asked, ["POST /_matrix/media/v1/create application/json", "PUT /_matrix/media/v3/upload/example.org/AbC_-9 application/octet-stream"]);
  });
  it("fails where the address is no address, the upload refused, or the file longer than allowed, however the server counts", async () => {
    answer = (_request, response) => void response.writeHead(200).end(JSON.stringify({ content_uri: "http://elsewhere/x" }));
    assert.match(await fails(reserve(rest())), /unusable_answer/);
    answer = (_request, response) => void response.writeHead(413).end(JSON.stringify({ errcode: "M_TOO_LARGE" }));
    assert.match(await fails(upload(rest(), URL_, PLAIN)), /413, M_TOO_LARGE/);
    answer = (_request, response) => void response.writeHead(200).write(Buffer.alloc(2_000), () => response.end());
    assert.match(await fails(download(rest(), URL_, 1_999)), /too_long/);
    assert.equal((await download(rest(), URL_, 2_000)).length, 2_000);
  });
  it("never leads to another address", async () => {
    answer = (_request, response) => void response.writeHead(307, { location: `${url}/elsewhere` }).end();
    await fails(download(rest(), URL_, 1_000));
    assert.ok(asked.length > 0 && asked.every((each) => each.startsWith("GET /_matrix/client/v1/media/download/example.org/AbC_-9?")));
  });
});
