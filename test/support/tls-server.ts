/** Small TLS servers on the loopback whose certificates are good, expired, of another name or signed by nobody; made with openssl in a folder of the test's. */
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { promisify } from "node:util";

const openssl = async (dir: string, ...args: string[]): Promise<void> => void await promisify(execFile)("openssl", args, { cwd: dir });

/** What is wrong with a certificate; `good` has nothing. */
export type Certificate = "good" | "expired" | "not yet valid" | "of another name" | "signed by nobody";

/** An authority of the test's own, in PEM: a client that is to trust it has to be given it. */
export async function newAuthority(dir: string): Promise<string> {
  writeFileSync(path.join(dir, "index.txt"), "");
  writeFileSync(path.join(dir, "serial"), "01\n");
  writeFileSync(path.join(dir, "ca.cnf"), [
    "[ca]", "default_ca = own", "[own]", "dir = .", "new_certs_dir = .", "database = index.txt", "serial = serial", "certificate = ca.pem", "private_key = ca.key", "default_md = sha256",
    "policy = any", "copy_extensions = copy", "unique_subject = no", "[any]", "commonName = supplied", "",
  ].join("\n"));
  await openssl(dir, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority of a test", "-days", "2");
  return readFileSync(path.join(dir, "ca.pem"), "utf8");
}

/** A server that answers everything with `{}` and shows such a certificate; `asked` counts what got through to it. */
export async function startTlsServer(dir: string, certificate: Certificate): Promise<{ readonly url: string; readonly asked: () => number; stop(): Promise<void> }> {
  const name = certificate.replaceAll(" ", "-");
  const [key, request, file] = [`${name}.key`, `${name}.csr`, `${name}.pem`];
  const names = certificate === "of another name" ? "DNS:elsewhere.example" : "DNS:localhost,IP:127.0.0.1";
  const subject = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-subj", "/CN=server of a test", "-addext", `subjectAltName=${names}`];
  if (certificate === "signed by nobody") await openssl(dir, "req", "-x509", ...subject, "-out", file, "-days", "2");
  else {
    await openssl(dir, "req", "-new", ...subject, "-out", request);
    const dates = { expired: ["20200101000000Z", "20200201000000Z"], "not yet valid": ["21200101000000Z", "21200201000000Z"] }[certificate as "expired" | "not yet valid"] ?? ["20200101000000Z", "21200101000000Z"];
    await openssl(dir, "ca", "-batch", "-notext", "-config", "ca.cnf", "-in", request, "-out", file, "-startdate", dates[0] ?? "", "-enddate", dates[1] ?? "");
  }
  let asked = 0;
  const server = createServer({ key: readFileSync(path.join(dir, key)), cert: readFileSync(path.join(dir, file)) }, (_request, response) => {
    asked += 1;
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
