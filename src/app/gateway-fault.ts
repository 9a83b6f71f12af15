import type { GatewayFault } from "../ports.ts";

const FAULTS: ReadonlySet<unknown> = new Set<GatewayFault["kind"]>(["rate-limited", "unreachable", "refused", "token"]);

/** The gateway's own error, recognised by its shape: another implementation may make it. */
export function faultOf(fault: unknown): GatewayFault | undefined {
  return fault instanceof Error && "kind" in fault && FAULTS.has(fault.kind) ? (fault as GatewayFault) : undefined;
}

/** An event may have 65,536 bytes with all that homeservers put round its content (client-server API, "Size limits"): so much is left for the content. */
export const LONGEST_CONTENT = 61_440;

/** What a homeserver would say of a message that is too large; it need not be asked. */
export function tooLarge(): GatewayFault {
  return Object.assign(new Error("homeserver: refused, status 413, M_TOO_LARGE"), { name: "GatewayFault", kind: "refused" as const, status: 413, errcode: "M_TOO_LARGE" });
}
