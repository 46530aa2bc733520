#!/usr/bin/env bash
# Downloads a release of timelint, checks it against the release's checksums, and puts it into PATH.
set -euo pipefail

case "$TIMELINT_VERSION" in
    *[!0-9.a-z-]* | "") echo "::error title=timelint::\`$TIMELINT_VERSION\` is no version"; exit 2 ;;
esac
case "$TIMELINT_OS-$TIMELINT_ARCH" in
    Linux-X64) target=x86_64-unknown-linux-gnu ;;
    Linux-ARM64) target=aarch64-unknown-linux-gnu ;;
    macOS-X64) target=x86_64-apple-darwin ;;
    macOS-ARM64) target=aarch64-apple-darwin ;;
    Windows-X64) target=x86_64-pc-windows-msvc ;;
    *) echo "::error title=timelint::there is no release for $TIMELINT_OS on $TIMELINT_ARCH"; exit 2 ;;
esac

folder="$TIMELINT_TEMP/timelint-$TIMELINT_VERSION"
mkdir -p "$folder"
cd "$folder"
base="${TIMELINT_RELEASES:-https://github.com/timelint/timelint/releases/download}/v$TIMELINT_VERSION"
archive="timelint-$target.tar.gz"
for file in "$archive" SHA256SUMS; do
    curl --fail --silent --show-error --location --retry 3 --output "$file" "$base/$file"
done
grep -F " $archive" SHA256SUMS > wanted || { echo "::error title=timelint::no checksum for $archive"; exit 2; }
if command -v sha256sum >/dev/null; then sha256sum --check wanted; else shasum -a 256 --check wanted; fi
tar -xzf "$archive"
echo "$folder" >> "$GITHUB_PATH"
