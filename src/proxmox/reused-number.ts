/** Whether a file about a container is older than the container, which then has the number of a destroyed one. */
import { one, questionAbout } from '../host/question.ts'

/**
 * Proxmox creates `/var/lib/lxc/CTID/rootfs` with a container and removes it with the container
 * (`PVE::LXC::destroy_lxc_container`), so its birth is that of the container. False if the file system
 * does not know it, or if the file is missing.
 */
export const isOlderThanContainer = questionAbout({
  words: [
    'stat',
    '-c',
    '%n %W %Y',
    one('root', /\/var\/lib\/lxc\/[0-9]+\/rootfs/),
    one('file', /\/var\/lib\/gpuplay\/v1\/assignments\/[0-9]+/),
  ],
  reads: ({ root, file }) => [`file:${root}`, `file:${file}`],
  parse: ({ stdout }, { root, file }) => {
    const [born] = timesOf(stdout, root)
    const [, written] = timesOf(stdout, file)
    return born !== undefined && born > 0 && written !== undefined && born > written
  },
})

/** The directory whose birth is that of the container. */
export function rootOf(ctid: string): string {
  return `/var/lib/lxc/${ctid}/rootfs`
}

/** Seconds since 1970: birth, and last change of the content. `-` or 0 stands for an unknown birth. */
function timesOf(stdout: string, path: string): readonly [number | undefined, number | undefined] {
  const line = stdout.split('\n').find((text) => text.startsWith(`${path} `))
  const [born, written] = line?.slice(path.length + 1).split(' ') ?? []
  return [numeric(born), numeric(written)]
}

function numeric(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}
