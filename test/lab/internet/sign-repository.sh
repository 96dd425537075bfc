#!/bin/sh
# sign-repository.sh TRUST KEY pool|flat DIRECTORY [SUITE COMPONENT] - indexes and signs an apt repository whose packages
# lie in DIRECTORY/pool (pool) or in DIRECTORY itself (flat), with the secret key named KEY of TRUST.
set -e
trust=$1 key=$2 kind=$3 directory=$4 suite=$5 component=$6
export GNUPGHOME="$trust/gnupg"
cd "$directory"
set -- -o "APT::FTPArchive::Release::Architectures=amd64"
case $kind in
pool)
  release=dists/$suite
  index=$release/$component/binary-amd64
  mkdir -p "$index"
  apt-ftparchive packages pool >"$index/Packages"
  gzip -k9nf "$index/Packages"
  set -- "$@" -o "APT::FTPArchive::Release::Suite=$suite" -o "APT::FTPArchive::Release::Codename=$suite" \
    -o "APT::FTPArchive::Release::Components=$component" -o "APT::FTPArchive::Release::Origin=gpuplay lab, $key"
  ;;
flat)
  release=.
  apt-ftparchive packages . >Packages
  gzip -k9nf Packages
  set -- "$@" -o "APT::FTPArchive::Release::Label=NVIDIA CUDA" -o "APT::FTPArchive::Release::Origin=NVIDIA"
  ;;
esac
# not into the folder that is being listed
apt-ftparchive "$@" release "$release" >"$directory/.Release"
mv "$directory/.Release" "$release/Release"
gpg --batch --quiet --yes -u "gpuplay lab, $key" --clearsign -o "$release/InRelease" "$release/Release"
gpg --batch --quiet --yes -u "gpuplay lab, $key" --armor --detach-sign -o "$release/Release.gpg" "$release/Release"
