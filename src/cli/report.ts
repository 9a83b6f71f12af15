/** Tells errors to the person at the terminal: what is wrong, what that means for the bot, what to do; a bug by its code; never a stack trace, never a foreign error's text. */
import { CommanderError } from "commander";
import type { Log } from "../app/system.ts";
import { bugCode } from "../app/system.ts";
import { OperatorError } from "../operator-error.ts";
import type { GatewayFault } from "../ports.ts";

/** What the process ends with. `config` is EX_CONFIG of sysexits.h: starting again will not help (systemd: RestartPreventExitStatus=78). */
export const EXIT = { fine: 0, failed: 1, config: 78 } as const;

const BUG_CURE = "start it again; nothing accepted is lost. Report the line with the code: it holds no secret and nothing of a case.";
/** Codes of what stays wrong until a person has changed a file. */
const UNTIL_CHANGED = /^(?:config|secret|init|keys|node|identity|recovery-key)\.|^(?:crypto-store\.(?:older|not-ours|newer|key)|journal\.(?:older|format|unknown-event)|homeserver\.token|login\.(?:bad-token|no-token|token-refused|other-account|other-device|no-device))$/;

/** What it means that a bot ended, for whoever has to tell others: it had not been ready yet, or it had. */
export const DID = {
  "not-started": "The bot did not start. Nothing was sent and nothing accepted is lost; what people write waits at the homeserver. Tell them to phone.",
  "stopped": "The bot has stopped. Nothing accepted is lost; what people write waits at the homeserver. Tell them to phone.",
} as const;

/** Writes what happened by `err`, a line a call, and gives the exit code. `did`: what became of a bot that was to run. */
export function report(thrown: unknown, err: (line: string) => void, log: Log, did?: keyof typeof DID): number {
  // Commander has printed its text already.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.fine : EXIT.failed;
  const curable = curableOf(thrown);
  if (curable !== undefined) {
    const [what, ...details] = curable.message.replace(curable.cure, "").trimEnd().split("\n");
    err(`relevo: ${what} (${curable.code})`);
    for (const detail of details) err(detail);
    if (did !== undefined) err(DID[did]);
    err(`To do: ${curable.cure}`);
    return exitOf(curable.code);
  }
  const bug = log.bug("cli.fault", thrown);
  err(`relevo: stopped by a fault of its own, ${bug}. The line with this code in the log (standard error) says where.`);
  if (did !== undefined) err(DID[did]);
  err(`To do: ${BUG_CURE}`);
  return EXIT.failed;
}

/** Tells what a bot that has gone into safe mode lacks; it goes on, and whoever looks at its output must not take it for well. */
export function complain({ code, message, cure }: OperatorError, err: (line: string) => void, log: Log): void {
  log.error("safe-mode.entered", { why: code as Lowercase<string> });
  err(`relevo: SAFE MODE, nothing is carried out or written down: ${message} (${code})`);
  err(`To do: ${cure}`);
}

/** The same for whoever asks later why the process ended. */
export function endOf(thrown: unknown): { readonly code: string; readonly what: string; readonly cure: string } {
  const curable = curableOf(thrown);
  if (curable !== undefined) return { code: curable.code, what: curable.message.replace(curable.cure, "").trimEnd(), cure: curable.cure };
  const bug = bugCode(thrown);
  return { code: bug, what: `It was stopped by a fault of its own; the line with ${bug} in its log says where.`, cure: BUG_CURE };
}

/** What a process ends with that has met this error. */
export function exitOf(code: string): number {
  return UNTIL_CHANGED.test(code) ? EXIT.config : EXIT.failed;
}

function curableOf(thrown: unknown): OperatorError | undefined {
  return isCurable(thrown) ? thrown : isGatewayFault(thrown) ? fromGateway(thrown) : undefined;
}

/** By shape as well as by class: an error that names its cure is told, whichever layer made it. */
function isCurable(thrown: unknown): thrown is OperatorError {
  if (thrown instanceof OperatorError) return true;
  return thrown instanceof Error && thrown.name === "OperatorError" && "code" in thrown && typeof thrown.code === "string"
    && "cure" in thrown && typeof thrown.cure === "string";
}

function isGatewayFault(thrown: unknown): thrown is GatewayFault {
  return thrown instanceof Error && thrown.name === "GatewayFault" && "kind" in thrown && typeof thrown.kind === "string";
}

/** Node's codes for certificates, in words. */
const CERTIFICATE: ReadonlyMap<string, string> = new Map([
  ["CERT_HAS_EXPIRED", "it has expired"], ["CERT_NOT_YET_VALID", "it is not valid yet"], ["ERR_TLS_CERT_ALTNAME_INVALID", "it is of another name"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "nobody but the server itself has signed it"], ["SELF_SIGNED_CERT_IN_CHAIN", "its authority is not known here"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "its authority is not known here"], ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "its authority is not known here"], ["CERT_REVOKED", "it was revoked"],
]);

/** What the homeserver or the network said while the bot was starting; once it runs it waits and tries again by itself. */
function fromGateway({ kind, status, errcode, network }: GatewayFault): OperatorError {
  const facts = [status === undefined || status === 0 ? undefined : `status ${status}`, /^M_[A-Z_]{1,40}$/.test(errcode ?? "") ? errcode : undefined].filter((fact) => fact !== undefined);
  const said = facts.length === 0 ? "" : ` (${facts.join(", ")})`;
  switch (kind) {
    case "token":
      return new OperatorError("homeserver.token", `The homeserver does not accept the access token${said}.`,
        "Nothing accepted is lost. Run: relevo login --config FILE --password-file FILE (the same device goes on), then start the bot again.");
    case "unreachable":
      if (network !== undefined && CERTIFICATE.has(network)) {
        return new OperatorError("homeserver.certificate", `The homeserver shows a certificate that cannot be trusted: ${CERTIFICATE.get(network) ?? ""} (${network}). Nothing was sent to it.`,
          "Check the address in homeserver, then the certificate there and the clock of this machine. A certificate authority of your own: start with NODE_EXTRA_CA_CERTS=FILE. Never switch the check off.");
      }
      return new OperatorError("homeserver.unreachable", `The homeserver cannot be reached${said}.`,
        "Check homeserver in the configuration, the network, and the homeserver itself; then start again.");
    case "rate-limited":
      return new OperatorError("homeserver.rate-limited", `The homeserver makes the bot wait too long${said}.`,
        "Lift the rate limit for the bot's account (README, On your own homeserver, step 4); then start again.");
    case "refused":
      return new OperatorError("homeserver.refused", `The homeserver refused what the bot needs for its start${said}.`,
        "Check that the account in user is the one of the access token and is not deactivated, then start again.");
  }
}

/** Commander repeats what was typed; a value after "=", or one argument too many, may be a secret. */
export function withoutValues(text: string): string {
  return text.replaceAll(/'(--?[A-Za-z][A-Za-z0-9-]*)=[^']*'/g, "'$1'").replace(/(Expected \d+ arguments? but got \d+): .*$/m, "$1.");
}
