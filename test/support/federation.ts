/** Two real homeservers that talk to each other on the loopback: each with a name, a certificate of an authority made for the occasion, and a line that can be cut. */
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { synapsePython, type Progress } from "./python.ts";
import { freePort, startSynapse, type Synapse, type SynapseOptions } from "./synapse.ts";

const run = promisify(execFile);

/** One of the two. */
export interface Federated {
  readonly synapse: Synapse;
  /** The part of a user id after the colon. */
  readonly name: string;
  /** Starts it again after it was stopped: the same server, with its port, accounts and rooms. */
  start(): Promise<Synapse>;
}

/** Two homeservers and the line between them. */
export interface Federation {
  readonly here: Federated;
  readonly there: Federated;
  /** Nothing passes between the two any more; each goes on serving its own people. */
  cut(): void;
  /** What was cut is whole again. */
  mend(): void;
  stop(): Promise<void>;
}

export interface FederationOptions {
  readonly dir: string;
  readonly progress?: Progress;
}

/** Starts both. A server tries one that was away again after a second: a real one may wait for up to a week (docs/operating.md). */
export async function startFederation({ dir, progress }: FederationOptions): Promise<Federation> {
  const lines = await Promise.all(["here", "there"].map(async (which) => {
    const folder = path.join(dir, which);
    mkdirSync(folder, { recursive: true });
    // What others connect to is our own listener, so that the line can be cut; Synapse listens behind it.
    const behind = await freePort();
    return { folder, behind, line: await Line.open(behind) };
  }));
  const names = lines.map(({ line }) => `localhost:${line.port}`);
  await certify(dir, lines.map(({ folder }) => folder));
  const started: { readonly synapse: Synapse; readonly name: string; readonly options: SynapseOptions; readonly line: Line }[] = [];
  // One after the other: both at once take longer than one may, on a machine that does much else.
  for (const [index, { folder, behind, line }] of lines.entries()) {
    const options: SynapseOptions = {
      dir: folder, fast: true, ...(progress === undefined ? {} : { progress }),
      overrides: {
        server_name: names[index],
        federation_domain_whitelist: names,
        federation_custom_ca_list: [path.join(dir, "authority.pem")],
        federation_client_minimum_tls_version: "1.2",
        // Loopback addresses are refused by default: they are where a server's own services listen.
        ip_range_blocklist: [], ip_range_whitelist: ["127.0.0.0/8", "::1"],
        tls_certificate_path: path.join(folder, "tls.pem"), tls_private_key_path: path.join(folder, "tls.key"),
        federation: { destination_min_retry_interval: "1s", destination_max_retry_interval: "2s", destination_retry_multiplier: 1, client_timeout: "10s", max_short_retries: 1, max_short_retry_delay: "1s" },
        rc_federation: { window_size: 1_000, sleep_limit: 10_000, sleep_delay: 1, reject_limit: 10_000, concurrent: 100 },
      },
      listeners: [{ port: behind, bind_addresses: ["127.0.0.1"], type: "http", tls: true, resources: [{ names: ["federation"], compress: false }] }],
    };
    const synapse = await startSynapse(options).catch(async (error: unknown) => {
      for (const each of started) await each.synapse.stop();
      for (const each of lines) await each.line.close();
      throw error;
    });
    started.push({ synapse, name: names[index] as string, options, line });
  }
  const servers = started.map((each) => {
    let { synapse } = each;
    return {
      name: each.name,
      get synapse() { return synapse; },
      async start() {
        synapse = await startSynapse(each.options);
        return synapse;
      },
    };
  });
  const [here, there] = servers as [Federated, Federated];
  return {
    here, there,
    cut: () => { for (const { line } of started) line.cut(); },
    mend: () => { for (const { line } of started) line.mend(); },
    async stop() {
      await Promise.all(servers.map(({ synapse }) => synapse.stop()));
      await Promise.all(started.map(({ line }) => line.close()));
    },
  };
}

/** Passes bytes on to a port, until it is cut: then what is open ends and nothing new gets through. */
class Line {
  readonly port: number;
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #isCut = false;

  private constructor(port: number, server: Server) {
    this.port = port;
    this.#server = server;
  }
  static async open(behind: number): Promise<Line> {
    const server = createServer();
    const port = await new Promise<number>((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)));
    const line = new Line(port, server);
    server.on("connection", (from) => line.#pass(from, behind));
    return line;
  }
  #pass(from: Socket, behind: number): void {
    if (this.#isCut) return void from.destroy();
    const to = connect(behind, "127.0.0.1");
    for (const [one, other] of [[from, to], [to, from]] as const) {
      this.#open.add(one);
      one.on("error", () => undefined);
      one.on("close", () => {
        this.#open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#open) socket.destroy();
  }
  mend(): void {
    this.#isCut = false;
  }
  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** An authority that lives as long as the test, and a certificate for `localhost` in each folder. Made with the library that Synapse brings. */
async function certify(dir: string, folders: readonly string[]): Promise<void> {
  await run(await synapsePython(), ["-c", CERTIFY, dir, ...folders], { timeout: 30_000 });
}

const CERTIFY = `
import datetime, ipaddress, os, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

def name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

def write(path, data):
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)

def pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

now = datetime.datetime.now(datetime.timezone.utc)
def certificate(subject, issuer, public, signer, extensions):
    builder = (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer)).public_key(public)
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=1)))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(signer, hashes.SHA256())

authority = ec.generate_private_key(ec.SECP256R1())
identifier = x509.SubjectKeyIdentifier.from_public_key(authority.public_key())
write(os.path.join(sys.argv[1], "authority.pem"), certificate("Relevo tests", "Relevo tests", authority.public_key(), authority,
    [(x509.BasicConstraints(ca=True, path_length=0), True), (identifier, False)]).public_bytes(serialization.Encoding.PEM))
for folder in sys.argv[2:]:
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    write(os.path.join(folder, "tls.key"), pem(key))
    write(os.path.join(folder, "tls.pem"), certificate("localhost", "Relevo tests", key.public_key(), authority,
        [(x509.BasicConstraints(ca=False, path_length=None), True), (names, False),
         (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), False)]).public_bytes(serialization.Encoding.PEM))
`;
