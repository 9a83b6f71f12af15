/** The systemd unit under which a bot runs: with as few rights as it can work with. */

/** What the unit names; all paths absolute. */
export interface UnitParts {
  /** The Node that `npm ci` has brought: a service has another PATH than the person who wrote this. */
  readonly node: string;
  /** bin/relevo.js. */
  readonly program: string;
  readonly config: string;
  readonly data: string;
  /** Folders that are written to besides the data: that of the recovery key, at the first start. */
  readonly secrets: string;
  /** The account of the machine that runs it; owns the data and the secrets. */
  readonly user: string;
}

/** The text of the unit (systemd.service(5), systemd.exec(5)). Node compiles at run time, so memory stays writable and executable. */
export function systemdUnit({ node, program, config, data, secrets, user }: UnitParts): string {
  return [
    "[Unit]",
    "Description=Relevo",
    "After=network-online.target time-sync.target",
    "Wants=network-online.target",
    "# Nothing is started again for ever in silence: ten failures in ten minutes are for a person.",
    "StartLimitIntervalSec=600",
    "StartLimitBurst=10",
    "",
    "[Service]",
    "Type=exec",
    `User=${escaped(user)}`,
    `ExecStart=${quoted(node)} ${quoted(program)} run --config ${quoted(config)}`,
    "Restart=always",
    "RestartSec=5",
    "# 78: configuration, secrets or token are wrong; starting again does not help.",
    "RestartPreventExitStatus=78",
    "TimeoutStopSec=40",
    "UMask=0077",
    "LimitCORE=0",
    "MemorySwapMax=0",
    "# Compiled code; may be emptied at any time.",
    "CacheDirectory=%N",
    "CacheDirectoryMode=0700",
    `ReadWritePaths=${[...new Set([data, secrets])].map(quoted).join(" ")}`,
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectProc=invisible",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectControlGroups=yes",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "SystemCallArchitectures=native",
    // Where the processor has protection keys, V8 guards its code with them; @system-service leaves them out.
    "SystemCallFilter=@system-service @pkey",
    "SystemCallErrorNumber=EPERM",
    "",
    "[Install]",
    "WantedBy=multi-user.target",
    "",
  ].join("\n");
}

/** The unit that docs/operating.md shows. */
export function sampleUnit(): string {
  return systemdUnit({ node: "/opt/relevo/node_modules/.bin/node", program: "/opt/relevo/bin/relevo.js", config: "/etc/relevo/relevo.yaml", data: "/var/lib/relevo", secrets: "/etc/relevo/secrets", user: "relevo" });
}

function escaped(text: string): string {
  return text.replaceAll("%", "%%");
}
/** `%` begins a specifier; blanks divide. */
function quoted(path: string): string {
  return /^[\w@+=:,./-]+$/.test(path) ? path : `"${escaped(path).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
