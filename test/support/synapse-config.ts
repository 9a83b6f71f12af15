/** What a throw-away Synapse is configured with: loopback only, SQLite, no federation, nothing fetched. */
import { randomBytes } from "node:crypto";
import path from "node:path";

const unlimited = { per_second: 1000, burst_count: 1000 };

/** Every limiter raised, for tests that are not about limits. Without it Synapse's own defaults hold. */
const RAISED = {
  rc_message: unlimited,
  rc_registration: unlimited,
  rc_login: { address: unlimited, account: unlimited, failed_attempts: unlimited },
  rc_joins: { local: unlimited, remote: unlimited },
  rc_joins_per_room: unlimited,
  rc_invites: { per_room: unlimited, per_user: unlimited, per_issuer: unlimited },
  rc_room_creation: unlimited,
  rc_key_requests: unlimited,
  rc_media_create: unlimited,
  rc_user_directory: unlimited,
};

export interface ConfigOf {
  readonly dir: string;
  readonly port: number;
  readonly secret: string;
  readonly fast: boolean;
  readonly overrides: Readonly<Record<string, unknown>>;
  readonly listeners: readonly unknown[];
}

/** The whole configuration file; JSON is valid YAML. */
export function homeserverConfig({ dir, port, secret, fast, overrides, listeners }: ConfigOf): string {
  return JSON.stringify({
    server_name: "localhost",
    public_baseurl: `http://127.0.0.1:${port}/`,
    pid_file: path.join(dir, "synapse.pid"),
    listeners: [{ port, bind_addresses: ["127.0.0.1"], type: "http", tls: false, resources: [{ names: ["client", "media"], compress: false }] }, ...listeners],
    database: { name: "sqlite3", args: { database: databaseFile(dir) } },
    log_config: path.join(dir, "log.yaml"),
    media_store_path: path.join(dir, "media"),
    signing_key_path: path.join(dir, "signing.key"),
    registration_shared_secret: secret,
    macaroon_secret_key: `${secret}-macaroon`,
    form_secret: `${secret}-form`,
    report_stats: false,
    trusted_key_servers: [],
    federation_domain_whitelist: [],
    presence: { enabled: false },
    password_config: { enabled: true },
    enable_registration: false,
    url_preview_enabled: false,
    // Hashing a password is made slow on purpose; here it would only cost time (4 is the least bcrypt allows).
    bcrypt_rounds: 4,
    ...(fast ? RAISED : {}),
    ...overrides,
  }, null, 1);
}

/** Logging into one file, with the text of requests but not of SQL. */
export function logConfig(dir: string): string {
  return JSON.stringify({
    version: 1,
    formatters: { line: { format: "%(asctime)s %(levelname)s %(name)s %(request)s %(message)s" } },
    filters: { context: { "()": "synapse.logging.context.LoggingContextFilter", request: "" } },
    handlers: { file: { class: "logging.FileHandler", formatter: "line", filename: logFile(dir), filters: ["context"] } },
    loggers: { "synapse.storage.SQL": { level: "WARNING" } },
    root: { level: "INFO", handlers: ["file"] },
    disable_existing_loggers: false,
  });
}

/** The server's signing key in the form that `--generate-keys` would write. */
export function newSigningKey(): string {
  return `ed25519 a_${randomBytes(2).toString("hex")} ${randomBytes(32).toString("base64").replace(/=+$/, "")}\n`;
}

export function databaseFile(dir: string): string {
  return path.join(dir, "homeserver.db");
}
export function logFile(dir: string): string {
  return path.join(dir, "synapse.log");
}
