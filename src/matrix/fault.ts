import type { GatewayFault } from "../ports.ts";

type Kind = GatewayFault["kind"];

/** What a server asks for before it accepts a guarded call (Matrix client-server API, "User-Interactive Authentication"). */
export interface Challenge {
  readonly session: string;
  /** Whether the password of the account alone is enough. */
  readonly passwordIsEnough: boolean;
}

interface Details {
  readonly status?: number | undefined;
  readonly errcode?: string | undefined;
  readonly wait?: number | undefined;
  readonly challenge?: Challenge | undefined;
  readonly network?: string | undefined;
  readonly soft?: boolean | undefined;
}

/** The gateway's error. Its message holds codes only: no address, token, room, person, or text of the server's. */
export class Fault extends Error implements GatewayFault {
  readonly kind: Kind;
  declare readonly status?: number;
  declare readonly errcode?: string;
  /** Milliseconds. */
  declare readonly wait?: number;
  declare readonly network?: string;
  declare readonly soft?: boolean;
  readonly #challenge: Challenge | undefined;

  constructor(kind: Kind, { status, errcode, wait, challenge, network, soft }: Details = {}) {
    const facts = [status === undefined ? undefined : `status ${status}`, errcode, network, wait === undefined ? undefined : `wait ${wait} ms`];
    super([`homeserver: ${kind}`, ...facts.filter((fact) => fact !== undefined)].join(", "));
    this.name = "GatewayFault";
    this.kind = kind;
    if (status !== undefined) this.status = status;
    if (errcode !== undefined) this.errcode = errcode;
    if (wait !== undefined) this.wait = wait;
    if (network !== undefined) this.network = network;
    if (soft !== undefined) this.soft = soft;
    this.#challenge = challenge;
  }

  /** Not a plain field, so that no log prints its session. */
  challenge(): Challenge | undefined {
    return this.#challenge;
  }
}

/** Whether an error is the gateway's; anything else is a bug. */
export function isFault(error: unknown): error is Fault {
  return error instanceof Fault;
}

/** A longer wait is not believed; the caller asks again after an hour. */
const LONGEST_WAIT = 3_600_000;

/** What an answer that is not a success means. `body` is the parsed JSON, if it was JSON; nothing of it but codes and numbers is kept. */
export function faultFromAnswer(status: number, body: unknown, retryAfter: string | null): Fault {
  const fields = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const errcode = errcodeOf(fields["errcode"]);
  if (status === 429 || errcode === "M_LIMIT_EXCEEDED") return new Fault("rate-limited", { status, errcode, wait: waitOf(fields["retry_after_ms"], retryAfter) });
  if (errcode === "M_UNKNOWN_TOKEN" || errcode === "M_MISSING_TOKEN") return new Fault("token", { status, errcode, soft: fields["soft_logout"] === true });
  if (status >= 500 || status === 408) return new Fault("unreachable", { status, errcode, wait: waitOf(undefined, retryAfter) });
  return new Fault("refused", { status, errcode, challenge: status === 401 ? challengeOf(fields) : undefined });
}

/** A failure before an answer was whole: refused connection, cut body, time-out. Only the code of a known shape is kept. */
export function faultFromNetwork(error: unknown): Fault {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : cause instanceof Error ? cause.name : "";
  return new Fault("unreachable", { network: /^[A-Za-z_]{1,40}$/.test(code) ? code : undefined });
}

/** Error codes are words of the specification or a vendor's; anything else a server puts there is not repeated. */
function errcodeOf(value: unknown): string | undefined {
  return typeof value === "string" && /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(value) ? value : undefined;
}

/** The body's milliseconds first: the header has only whole seconds, rounded up. */
function waitOf(milliseconds: unknown, header: string | null): number | undefined {
  if (typeof milliseconds === "number" && Number.isFinite(milliseconds) && milliseconds >= 0) return Math.min(Math.ceil(milliseconds), LONGEST_WAIT);
  if (header !== null && /^\d{1,9}$/.test(header)) return Math.min(Number(header) * 1000, LONGEST_WAIT);
  return undefined;
}

function challengeOf(fields: Record<string, unknown>): Challenge | undefined {
  const { session, flows } = fields;
  if (typeof session !== "string" || session.length > 1000 || !Array.isArray(flows)) return undefined;
  const passwordIsEnough = flows.some((flow: unknown) => {
    const stages = typeof flow === "object" && flow !== null ? (flow as Record<string, unknown>)["stages"] : undefined;
    return Array.isArray(stages) && stages.length === 1 && stages[0] === "m.login.password";
  });
  return { session, passwordIsEnough };
}
