#!/bin/sh
# This archive unpacks itself and runs ./nvidia-installer with every option that is not one of its own.
label='NVIDIA Accelerated Graphics Driver for Linux-x86_64 @VERSION@'
version='@VERSION@'
target='NVIDIA-Linux-x86_64-@VERSION@'
md5='@MD5@'
size='@SIZE@'
skip='@SKIP@'
archive=$0

usage() {
	echo "$archive [options]"
	echo
	echo "  --info                     Print embedded info (title, target directory)"
	echo "  --check                    Check integrity of the archive"
	echo "  -x, --extract-only         Extract the contents, but do not run 'nvidia-installer'"
	echo "  --target DIRECTORY         Extract in the specified directory"
	echo "  --keep                     Do not delete target directory when done"
	echo "  --list                     Print the list of files in the archive"
	echo "  --tmpdir DIRECTORY         Where to extract to when no target is given"
	echo "  -h, --help  -A, --advanced-options  Help of the installer"
}

payload() { tail -c "+$((skip + 1))" "$archive"; }

verify() {
	printf 'Verifying archive integrity... '
	sum=$(payload | md5sum | cut -d ' ' -f 1)
	if [ "$sum" != "$md5" ]; then
		echo "Error in MD5 checksums: $sum is different from $md5" >&2
		exit 1
	fi
	echo OK
}

unpack() {
	if [ "$only" ]; then echo "Creating directory $directory"; fi
	mkdir -p "$directory" || exit 1
	printf 'Uncompressing %s' "$label"
	if ! payload | gzip -dc | tar -x --no-same-owner -C "$directory" -f -; then
		echo
		echo "Extraction failed." >&2
		exit 1
	fi
	echo '.............'
}

only= directory= keep= root=${TMPDIR:-/tmp}
count=$#
while [ "$count" -gt 0 ]; do
	option=$1
	shift
	count=$((count - 1))
	case $option in
	--info)
		echo "Identification: $label"
		echo "Target directory: $target"
		echo "Uncompressed size: $size bytes"
		echo "Compression: gzip"
		exit 0
		;;
	--check)
		verify
		exit 0
		;;
	--list)
		payload | gzip -dc | tar -t -f -
		exit
		;;
	--lsm | --pkg-history) exit 0 ;;
	-x | --extract-only) only=1 keep=1 ;;
	--keep) keep=1 ;;
	--extract-decompress) exit 0 ;;
	--target | --tmpdir | --apply-patch)
		case $option in --target) directory=$1 ;; --tmpdir) root=$1 ;; esac
		shift
		count=$((count - 1))
		;;
	-h | --help)
		usage
		set -- "$@" "$option"
		;;
	*) set -- "$@" "$option" ;;
	esac
done

verify
if [ -z "$directory" ]; then
	if [ "$keep" ]; then directory=$target; else directory=$root/selfgz$$; fi
fi
unpack
[ -z "$only" ] || exit 0
status=0
(cd "$directory" && exec ./nvidia-installer "$@") || status=$?
[ "$keep" ] || rm -rf "$directory"
exit $status
