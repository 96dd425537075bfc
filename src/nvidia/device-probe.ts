/** Tries what root of a privileged container could do: create the device node of any GPU, and open it. */
import { many, questionAbout } from '../host/question.ts'

/**
 * Creates each node MAJOR:MINOR in a directory of its own, opens it for reading and for writing, and prints
 * those that open. A denial by the container's device rules is EPERM or EACCES; any other error comes from
 * the driver behind it. File systems mounted with `nodev` deny every device, so the directory must let
 * /dev/null (1:3) be opened.
 */
const program = `#!/bin/sh
export LC_ALL=C
umask 077
for place in /dev /root /var/lib; do
  directory=$(mktemp -d "$place/.gpuplay.XXXXXX" 2>/dev/null) || continue
  trap 'rm -rf "$directory"' EXIT
  trap 'exit 1' HUP INT TERM
  if mknod "$directory/null" c 1 3 2>/dev/null && (: <"$directory/null") 2>/dev/null; then
    for device do
      mknod "$directory/$device" c "\${device%:*}" "\${device#*:}" 2>/dev/null || continue
      for mode in read write; do
        case $mode in
        read) error=$({ : <"$directory/$device"; } 2>&1) ;;
        write) error=$({ : >>"$directory/$device"; } 2>&1) ;;
        esac && error=
        case $error in
        *'not permitted'* | *'ermission denied'*) ;;
        *) echo "$device" && break ;;
        esac
      done
    done
    exit 0
  fi
  rm -rf "$directory"
done
exit 0
`

/** Of these devices, `MAJOR:MINOR`, those that the host's root can open through a new device node. */
export const opensCreated = questionAbout({
  words: ['device-probe', many('devices', /[0-9]{1,3}:[0-9]{1,3}/)],
  carried: { script: program },
  reads: () => ['file:/dev/nvidia*', 'file:/dev/dri*', 'kernelModule:nvidia*'],
  parse: ({ stdout }, { devices }): readonly string[] => {
    const lines = stdout.split('\n')
    return devices.filter((device) => lines.includes(device))
  },
})
