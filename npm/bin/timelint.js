#!/usr/bin/env node
"use strict";
// Runs the binary of this platform, which npm installed as an optional dependency. Nothing is downloaded here.

const { spawnSync } = require("node:child_process");

const platform = `${process.platform}-${process.arch}`;
const name = process.platform === "win32" ? "timelint.exe" : "timelint";

let binary;
try {
  binary = process.env.TIMELINT_BINARY || require.resolve(`@timelint/${platform}/bin/${name}`);
} catch {
  console.error(
    `timelint: there is no binary for ${platform}. Install without --omit=optional; for other platforms build it ` +
      "with cargo (https://github.com/timelint/timelint), and set TIMELINT_BINARY to it.",
  );
  process.exit(2);
}

const { status, signal, error } = spawnSync(binary, process.argv.slice(2), { stdio: "inherit" });
if (error) {
  console.error(`timelint: ${binary} cannot be started: ${error.message}`);
  process.exit(2);
}
if (signal) {
  process.kill(process.pid, signal);
}
process.exit(status === null ? 2 : status);
