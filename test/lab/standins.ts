/**
 * The stand-ins of a lab node: programs in TypeScript under `pve/` and `nvidia/`, compiled to JavaScript for
 * the node's own Node.js. In addition to `node-files/`, a node needs:
 *
 * - /usr/lib/lab/node: a Node.js binary; /usr/lib/lab/js: the folder that `buildStandins` filled. Both are
 *   also mounted in the containers.
 * - /usr/lib/lab/templates/NAME/layers and layers.unprivileged: one line with the lower directories of a
 *   container from `local:vztmpl/NAME.tar.zst`, top first, joined by `:`; those of `layers.unprivileged` have
 *   ids shifted by 100000.
 * - /var/lib/vz: a file system that supports the upper layer of an overlay (tmpfs or ext4, no overlay).
 * - packages: lxc, kmod, pciutils, iproute2, procps, util-linux, perl-base, systemd; /dev/fuse.
 */
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'

/**
 * Compiles the stand-ins into `outDir`, which is created: ES modules that only need Node.js.
 * @throws Error with the output of the compiler if it fails.
 */
export async function buildStandins(outDir: string): Promise<void> {
  await mkdir(outDir, { recursive: true })
  await writeFile(join(outDir, 'package.json'), '{"type":"module"}\n')
  const compiler = createRequire(import.meta.url).resolve('typescript/package.json')
  const project = join(import.meta.dirname, 'tsconfig.standins.json')
  const argv = [join(compiler, '..', 'bin', 'tsc'), '-p', project, '--outDir', outDir]
  await promisify(execFile)(process.execPath, argv)
}
