#!/usr/bin/env node
"use strict";
// Makes the npm package of one platform from its binary: node npm/platform.js linux-x64 target/release/timelint out

const fs = require("node:fs");
const path = require("node:path");

const [platform, binary, out] = process.argv.slice(2);
if (!platform || !binary || !out) {
  console.error("usage: node npm/platform.js PLATFORM BINARY FOLDER");
  process.exit(2);
}
const [os, cpu] = platform.split("-");
const { version, license, repository } = JSON.parse(fs.readFileSync(path.join(__dirname, "package.json"), "utf8"));
const folder = path.join(out, platform);
const name = os === "win32" ? "timelint.exe" : "timelint";
fs.mkdirSync(path.join(folder, "bin"), { recursive: true });
fs.copyFileSync(binary, path.join(folder, "bin", name));
fs.chmodSync(path.join(folder, "bin", name), 0o755);
const manifest = {
  name: `@timelint/${platform}`,
  version,
  description: `The timelint binary for ${platform}`,
  license,
  repository,
  os: [os],
  cpu: [cpu],
  files: [`bin/${name}`],
};
fs.writeFileSync(path.join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
