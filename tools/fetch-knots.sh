#!/usr/bin/env bash
# Unpacks Debian's package of Bitcoin Knots, with the C libraries of the same release, into a folder: a machine of an
# older Debian runs it without installing it. Prints the path of a bitcoind to be given as KNOTSD.
# Usage: tools/fetch-knots.sh FOLDER
set -euo pipefail
mkdir -p "$1"
folder=$(cd "$1" && pwd)
if [ -x "$folder/bitcoind" ]; then
  echo "$folder/bitcoind"
  exit
fi
mkdir -p "$folder"/{apt/lists/partial,apt/cache/archives/partial,debs,root}
keys=/usr/share/keyrings/debian-archive-keyring.gpg
for suite in trixie trixie-backports; do
  echo "deb [signed-by=$keys] http://deb.debian.org/debian $suite main"
done > "$folder/apt/sources.list"
apt=(apt-get -qq -o "Dir::Etc::sourcelist=$folder/apt/sources.list" -o Dir::Etc::sourceparts=- -o Debug::NoLocking=1
  -o "Dir::State::lists=$folder/apt/lists" -o "Dir::Cache=$folder/apt/cache" -o APT::Sandbox::User=root)
packages=(bitcoin-knots libc6 libgcc-s1 libstdc++6 libevent-core-2.1-7t64 libevent-extra-2.1-7t64
  libevent-pthreads-2.1-7t64 libsqlite3-0 libzmq5 libsodium23 libpgm-5.3-0t64 libnorm1t64 libgssapi-krb5-2 libkrb5-3
  libk5crypto3 libkrb5support0 libcom-err2 libkeyutils1 libbsd0 libmd0 libssl3t64 libxml2 liblzma5 zlib1g)
"${apt[@]}" update >&2
(cd "$folder/debs" && "${apt[@]}" download "${packages[@]}" >&2)
for package in "$folder"/debs/*.deb; do dpkg-deb -x "$package" "$folder/root"; done
rm -r "$folder/apt" "$folder/debs"
libraries="$folder/root/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH 2>/dev/null || echo x86_64-linux-gnu)"
cat > "$folder/bitcoind" << WRAPPER
#!/bin/sh
exec "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries" "$folder/root/usr/bin/bitcoind" "\$@"
WRAPPER
chmod +x "$folder/bitcoind"
"$folder/bitcoind" --version >&2
echo "$folder/bitcoind"
