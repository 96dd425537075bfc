/** Builds the .deb files of the simulated mirrors. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { run } from '../process.ts'
import type { PracticePackage } from './package.ts'

/** Writes a .deb for each package to `directory`, which is created. */
export async function buildPackages(packages: readonly PracticePackage[], directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true })
  const work = mkdtempSync(join(tmpdir(), 'gpuplay-lab-'))
  try {
    for (const one of packages) layOut(one, folder(work, one))
    await Promise.all(
      packages.map((one) => {
        const version = one.version.replace(/^\d+:/, '')
        const file = join(directory, `${one.name}_${version}_${architecture(one)}.deb`)
        return run(['dpkg-deb', '--root-owner-group', '-Znone', '--build', folder(work, one), file])
      }),
    )
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** Of the package's unpacked files. */
function folder(work: string, { name, version }: PracticePackage): string {
  return join(work, `${name}_${version}`)
}

function layOut(one: PracticePackage, root: string): void {
  mkdirSync(join(root, 'DEBIAN'), { recursive: true, mode: 0o755 })
  writeFileSync(join(root, 'DEBIAN/control'), control(one))
  const files = Object.entries(one.files ?? {})
  for (const [path, file] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true, mode: 0o755 })
    writeFileSync(join(root, path), file.text)
    chmodSync(join(root, path), file.executable === true ? 0o755 : 0o644)
  }
  const conffiles = files.filter(([, file]) => file.conffile === true).map(([path]) => `${path}\n`)
  if (conffiles.length > 0) writeFileSync(join(root, 'DEBIAN/conffiles'), conffiles.join(''))
  for (const [name, body] of [
    ['postinst', one.postinst],
    ['prerm', one.prerm],
  ] as const) {
    if (body === undefined) continue
    writeFileSync(join(root, 'DEBIAN', name), `#!/bin/sh\nset -e\n${body}`)
    chmodSync(join(root, 'DEBIAN', name), 0o755)
  }
}

function control(one: PracticePackage): string {
  const fields = {
    Package: one.name,
    Version: one.version,
    Architecture: architecture(one),
    Maintainer: 'gpuplay lab <lab@localhost>',
    Section: 'misc',
    Priority: 'optional',
    ...one.fields,
    Description: `practice package that stands in for ${one.name}\n Tiny, of the same name, for real apt and dpkg.`,
  }
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('')
}

function architecture(one: PracticePackage): string {
  return one.architecture ?? 'amd64'
}
