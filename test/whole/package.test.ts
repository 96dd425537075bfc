/** The package of `npm pack` contains exactly the needed files and works in another folder. */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { repository, runProgram } from './command-line.ts'

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

interface Manifest {
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
}

const manifest: Manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))

let folder = ''
let packed: Packed
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gpuplay-pack-'))
  // No new build: other tests use dist/ at the same time.
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const { stdout, stderr, exitCode } = await runProgram('npm', words, repository)
  assert.equal(exitCode, 0, stderr)
  const [only]: readonly Packed[] = JSON.parse(stdout)
  assert.ok(only)
  packed = only
})
after(() => rmSync(folder, { recursive: true, force: true }))

test('the package contains the program, roles, playbooks and the example, and no tests', () => {
  const paths = packed.files.map(({ path }) => path)
  for (const path of [
    'bin/gpuplay',
    'dist/cli/main.js',
    'dist/index.js',
    'dist/index.d.ts',
    'dist/LICENSES.txt',
    'roles/nvidia_host/tasks/main.yml',
    'playbooks/site.yml',
    'inventory/example/hosts.yml',
    'examples/project/gitignore',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'package.json',
  ]) {
    assert.ok(paths.includes(path), `${path} is missing`)
  }
  const wanted =
    /^(bin|dist|docs|roles|playbooks|inventory\/example|examples\/project|schemas)\/|^(README|CHANGELOG)\.md$|^LICENSE$|^package\.json$/
  assert.deepEqual(
    paths.filter((path) => !wanted.test(path)),
    [],
  )
  assert.deepEqual(
    paths.filter((path) => /\.test\.|\/testing\/|\.ts$/.test(path) && !path.endsWith('.d.ts')),
    [],
  )
})

/** The layout of `npm i -g`, with the dependencies of this checkout instead of those of a registry. */
test('the installed package runs and finds its roles', async () => {
  const prefix = join(folder, 'prefix')
  const home = join(prefix, 'lib/node_modules/gpuplay')
  mkdirSync(home, { recursive: true })
  mkdirSync(join(prefix, 'bin'))
  const tarball = join(folder, packed.filename)
  const unpacked = await runProgram('tar', ['-xzf', tarball, '--strip-components=1', '-C', home], folder)
  assert.equal(unpacked.exitCode, 0, unpacked.stderr)
  for (const name of await productionModules()) {
    cpSync(join(repository, 'node_modules', name), join(home, 'node_modules', name), { recursive: true })
  }
  symlinkSync('../lib/node_modules/gpuplay/bin/gpuplay', join(prefix, 'bin/gpuplay'))
  const gpuplay = join(prefix, 'bin/gpuplay')
  assert.equal((await runProgram(gpuplay, ['--version'], folder)).stdout, `${manifest.version}\n`)
  assert.match((await runProgram(gpuplay, ['modules'], folder)).stdout, /^pve_container +\S/m)
  assert.equal((await runProgram(gpuplay, ['init', 'fleet'], folder)).exitCode, 0)
  const project = join(folder, 'fleet')
  const checked = await runProgram(gpuplay, ['run', 'site.yml', '--syntax-check'], project)
  assert.deepEqual([checked.exitCode, checked.stderr], [0, ''])
  // The build has compiled all included validators.
  rmSync(join(home, 'dist/loaded/ajv.cjs'))
  // The included playbook and roles, as far as they can be checked without a host.
  const site = join(home, 'playbooks/site.yml')
  const inventory = join(home, 'inventory/example')
  const limited = await runProgram(gpuplay, ['run', site, '-i', inventory, '--limit', 'no-such-host'], folder)
  assert.match(limited.stderr, /--limit: error: there is no host or group "no-such-host"/)
  assert.match(limited.stderr, /\n1 problem; no host was contacted/)
  assert.equal(limited.exitCode, 2)
  // Without a clone, a user starts in an empty folder.
  const empty = mkdtempSync(join(tmpdir(), 'gpuplay-empty-'))
  try {
    assert.match((await runProgram(gpuplay, ['run', '--help'], empty)).stdout, /\n {2}site\.yml +[A-Z]/)
    const begun = await runProgram(gpuplay, ['init'], empty)
    assert.deepEqual([begun.exitCode, begun.stderr], [0, ''])
    assert.match((await runProgram(gpuplay, ['inventory', '--graph'], empty)).stdout, /@containers\n/)
    const found = await runProgram(gpuplay, ['run', 'site.yml', '--limit', 'no-such-host'], empty)
    assert.match(found.stderr, /^--limit: error: there is no host or group "no-such-host"/)
    assert.match(found.stderr, /\n1 problem; no host was contacted/)
  } finally {
    rmSync(empty, { recursive: true })
  }
})

/** Paths in node_modules of the packages that `npm i` without development dependencies installs. */
async function productionModules(): Promise<readonly string[]> {
  const { stdout, stderr } = await runProgram('npm', ['ls', '--omit=dev', '--all', '--parseable'], repository)
  const root = join(repository, 'node_modules/')
  const found = stdout
    .split('\n')
    .filter((path) => path.startsWith(root))
    .map((path) => path.slice(root.length))
  assert.ok(found.length >= Object.keys(manifest.dependencies).length, stderr)
  return found.filter((path) => !path.includes('/node_modules/'))
}
