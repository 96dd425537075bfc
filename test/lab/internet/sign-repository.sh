#!/bin/sh
# sign-repository.sh TRUST KEY pool|flat DIRECTORY [SUITE COMPONENT...] - indexes and signs an apt repository
# with the secret key KEY of TRUST. Its packages are in DIRECTORY/pool/COMPONENT (pool) or in DIRECTORY itself
# (flat).
set -e
trust=$1 key=$2 kind=$3 directory=$4 suite=$5
[ $# -lt 5 ] || shift 5
components=$*
export GNUPGHOME="$trust/gnupg"
cd "$directory"
set -- -o "APT::FTPArchive::Release::Architectures=amd64"
case $kind in
pool)
  release=dists/$suite
  for component in $components; do
    index=$release/$component/binary-amd64
    mkdir -p "$index"
    apt-ftparchive packages "pool/$component" >"$index/Packages"
    gzip -k9nf "$index/Packages"
  done
  set -- "$@" -o "APT::FTPArchive::Release::Suite=$suite" -o "APT::FTPArchive::Release::Codename=$suite" \
    -o "APT::FTPArchive::Release::Components=$components" -o "APT::FTPArchive::Release::Origin=gpuplay lab, $key"
  ;;
flat)
  release=.
  apt-ftparchive packages . >Packages
  gzip -k9nf Packages
  set -- "$@" -o "APT::FTPArchive::Release::Label=NVIDIA CUDA" -o "APT::FTPArchive::Release::Origin=NVIDIA"
  ;;
esac
# outside the folder that is listed
apt-ftparchive "$@" release "$release" >"$directory/.Release"
mv "$directory/.Release" "$release/Release"
gpg --batch --quiet --yes -u "gpuplay lab, $key" --clearsign -o "$release/InRelease" "$release/Release"
gpg --batch --quiet --yes -u "gpuplay lab, $key" --armor --detach-sign -o "$release/Release.gpg" "$release/Release"
