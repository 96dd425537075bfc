#!/bin/sh
# trust.sh OUT - the certificate authority and the signing keys of the simulated internet.
#   OUT/ca.crt ca.key          certificate authority, trusted in the images
#   OUT/server.crt server.key  of the web server, valid for every host name in hosts.txt
#   OUT/{debian,proxmox,cuda,toolkit,docker,rotated}.{gpg,asc}   public keys; the secret ones are in OUT/gnupg
set -e
here=$(cd "$(dirname "$0")" && pwd)
out=$1
mkdir -p "$out"
curve='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
openssl req -x509 $curve -keyout "$out/ca.key" -out "$out/ca.crt" -days 3650 -subj '/CN=gpuplay lab practice CA' 2>/dev/null
names=$(grep -v '^#' "$here/hosts.txt" | sed 's/^/DNS:/' | paste -sd,)
openssl req -x509 $curve -keyout "$out/server.key" -out "$out/server.crt" -days 3650 -subj '/CN=gpuplay lab' \
  -addext "subjectAltName=$names" -addext basicConstraints=critical,CA:FALSE -CA "$out/ca.crt" -CAkey "$out/ca.key" 2>/dev/null

export GNUPGHOME="$out/gnupg"
mkdir -m 700 "$GNUPGHOME"
for key in debian proxmox cuda toolkit docker rotated; do
  gpg --batch --quiet --passphrase '' --quick-gen-key "gpuplay lab, $key (practice key)" ed25519 sign never 2>/dev/null
  gpg --batch --export "gpuplay lab, $key" >"$out/$key.gpg"
  gpg --batch --armor --export "gpuplay lab, $key" >"$out/$key.asc"
done
gpgconf --kill all
