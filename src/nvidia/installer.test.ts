import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  containerOptions,
  dkmsState,
  installedVersion,
  installerOptions,
  type InstallerOption,
  knowsOption,
  nodeOptions,
} from './installer.ts'

const recordings = join(import.meta.dirname, '../../test/data/nvidia-installer')

/** Options that the installers accept without listing them in `--advanced-options`. */
const undocumented: readonly InstallerOption[] = ['--no-kernel-module']

/** The option names in a recording: `  -k NAME, --kernel-name=NAME`, `  --dkms, --no-dkms`. */
function recordedOptions(text: string): ReadonlySet<string> {
  const names = text.split('\n').flatMap((line) => {
    if (!/^ {2}-/.test(line)) return []
    return [...line.matchAll(/--[a-z0-9-]+/g)].map(([name]) => name)
  })
  return new Set(names)
}

const files = readdirSync(recordings).filter((name) => name.endsWith('--advanced-options.txt'))

test('recordings of six branches exist', () => {
  assert.equal(files.length, 6)
})

for (const file of files) {
  const version = file.slice(0, file.indexOf('--'))
  test(`the option table matches the installer of ${version}`, () => {
    const recorded = recordedOptions(readFileSync(join(recordings, file), 'utf8'))
    assert.ok(recorded.size > 60, `only ${recorded.size} options were read from the recording`)
    for (const name of Object.keys(installerOptions)) {
      const option = Object.keys(installerOptions).find((known): known is InstallerOption => known === name)
      if (option === undefined || undocumented.includes(option)) continue
      assert.equal(knowsOption(version, option), recorded.has(option), `${option} with ${version}`)
    }
  })

  test(`the installer of ${version} knows every option that it gets`, () => {
    const recorded = recordedOptions(readFileSync(join(recordings, file), 'utf8'))
    const given = [
      ...nodeOptions(version, { moduleType: 'open', beside: true, sign: true }),
      ...nodeOptions(version, { moduleType: 'proprietary', beside: false, sign: false }),
      ...containerOptions(version, { graphics: false }),
    ].map((option) => option.split('=', 1)[0] ?? '')
    for (const option of given) {
      if (undocumented.some((name) => name === option)) continue
      assert.ok(recorded.has(option), `${option} with ${version}`)
    }
  })
}

test('the type of kernel modules is requested with the option of the version', () => {
  const asked = (version: string, moduleType: 'open' | 'proprietary'): string | undefined =>
    nodeOptions(version, { moduleType, beside: false, sign: false }).find((option) =>
      option.startsWith('--kernel-module'),
    )
  assert.equal(asked('580.95.05', 'proprietary'), '--kernel-module-type=proprietary')
  assert.equal(asked('550.144.03', 'open'), '--kernel-module-build-directory=kernel-open')
  assert.equal(asked('550.144.03', 'proprietary'), undefined)
})

test("modules are signed with DKMS's key by installers that can sign", () => {
  const asked = (version: string, sign: boolean): readonly string[] =>
    nodeOptions(version, { moduleType: 'proprietary', beside: false, sign }).filter((option) =>
      option.startsWith('--module-signing'),
    )
  assert.deepEqual(asked('580.95.05', true), [
    '--module-signing-secret-key=/var/lib/dkms/mok.key',
    '--module-signing-public-key=/var/lib/dkms/mok.pub',
  ])
  assert.deepEqual(asked('580.95.05', false), [])
  assert.deepEqual(asked('304.137', true), [])
})

test('if a driver is loaded, an installer that supports it gets the option for it; graphics keeps OpenGL', () => {
  const flag = '--allow-installation-with-running-driver'
  assert.ok(nodeOptions('580.95.05', { moduleType: 'open', beside: true, sign: true }).includes(flag))
  assert.ok(!nodeOptions('580.95.05', { moduleType: 'open', beside: false, sign: false }).includes(flag))
  assert.ok(!nodeOptions('535.216.01', { moduleType: 'open', beside: true, sign: true }).includes(flag))
  assert.ok(containerOptions('580.95.05', { graphics: false }).includes('--no-opengl-files'))
  assert.ok(!containerOptions('580.95.05', { graphics: true }).includes('--no-opengl-files'))
})

test("the installed version is read from the installer's records", () => {
  assert.equal(
    installedVersion('1.0-5 (580.95.05)\nNVIDIA Accelerated Graphics Driver for Linux-x86_64 (580.95.05)\n'),
    '580.95.05',
  )
  assert.equal(installedVersion('1: /usr/bin/nvidia-smi\n'), undefined)
  assert.equal(installedVersion(''), undefined)
})

test('dkms status shows the state of one version for one kernel', () => {
  const kernel = '6.8.12-9-pve'
  const status = [
    'nvidia/550.54.14, 6.8.12-9-pve, x86_64: installed',
    'nvidia/580.95.05, 6.8.12-10-pve, x86_64: installed',
    'zfs/2.2.7, 6.8.12-9-pve, x86_64: installed',
  ].join('\n')
  assert.equal(dkmsState(status, { name: 'nvidia', version: '550.54.14' }, kernel), 'installed')
  assert.equal(dkmsState(status, { name: 'nvidia', version: '580.95.05' }, kernel), 'added')
  assert.equal(dkmsState(status, { name: 'nvidia', version: '590.48.01' }, kernel), 'absent')
  assert.equal(
    dkmsState('nvidia/580.95.05: added\n', { name: 'nvidia', version: '580.95.05' }, kernel),
    'added',
  )
  assert.equal(
    dkmsState(
      'nvidia, 580.95.05, 6.8.12-9-pve, x86_64: installed',
      { name: 'nvidia', version: '580.95.05' },
      kernel,
    ),
    'installed',
  )
  assert.equal(
    dkmsState(
      'nvidia/580.95.05, 6.8.12-9-pve, x86_64: built',
      { name: 'nvidia', version: '580.95.05' },
      kernel,
    ),
    'built',
  )
  assert.equal(
    dkmsState(
      'nvidia/580.95.05, 6.8.12-9-pve, x86_64: installed (WARNING! Diff between built and installed module!)',
      { name: 'nvidia', version: '580.95.05' },
      kernel,
    ),
    'installed',
  )
})
