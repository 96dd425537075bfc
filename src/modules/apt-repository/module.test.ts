import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { addFile, fakeWorld, type FakeWorld } from '../testing/fake-host.ts'
import { aptRepository } from './module.ts'

const key = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n-----END PGP PUBLIC KEY BLOCK-----'
const stamp = '/var/lib/apt/periodic/update-success-stamp'
const cuda = {
  name: 'cuda',
  uris: ['https://gpu.example/debian12/x86_64/'],
  suites: ['/'],
  signed_by: key,
}

/** Answers whether anything is newer than the lists, and lets `apt-get update` fetch them. */
function aptWorld(files: Readonly<Record<string, string>> = {}): FakeWorld {
  const world = fakeWorld({ '/etc/apt/sources.list.d/.keep': '', ...files })
  let fetched = false
  world.answer = (argv) =>
    argv[0] === 'find' ? { code: 0, stdout: fetched ? '' : 'x\n', stderr: '' } : undefined
  world.program = (argv) => {
    if (argv.at(-1) !== 'update') return undefined
    fetched = true
    addFile(world, stamp, '')
    return { code: 0, stdout: '', stderr: '' }
  }
  return world
}

function kinds(actions: readonly { readonly kind: string }[]): readonly string[] {
  return actions.map(({ kind }) => kind)
}

test('a repository is written with its key and its lists are fetched, and then nothing is left to do', async () => {
  const world = aptWorld()
  const { actions, report } = await converge(aptRepository, cuda, world)
  assert.deepEqual(kinds(actions), ['makeDirectory', 'writeFile', 'writeFile', 'run'])
  assert.equal(world.files.get('/etc/apt/keyrings/cuda.asc')?.text, `${key}\n`)
  assert.equal(
    world.files.get('/etc/apt/sources.list.d/cuda.sources')?.text?.replace(/^#.*\n/, ''),
    'Types: deb\nURIs: https://gpu.example/debian12/x86_64/\nSuites: /\nSigned-By: /etc/apt/keyrings/cuda.asc\n',
  )
  assert.deepEqual(report, { file: '/etc/apt/sources.list.d/cuda.sources', conflicts: [] })
})

test('lists that an interrupted run did not fetch are fetched by the next', async () => {
  const world = aptWorld()
  await converge(aptRepository, { ...cuda, update_cache: false }, world)
  assert.deepEqual(kinds((await converge(aptRepository, cuda, world)).actions), ['run'])
})

test('the key is fetched once from its address', async () => {
  const world = aptWorld()
  const args = { ...cuda, signed_by: 'https://gpu.example/key.asc' }
  world.http.set('https://gpu.example/key.asc', { status: 200, length: undefined, body: key })
  await converge(aptRepository, args, world)
  world.http.clear()
  assert.deepEqual((await converge(aptRepository, args, world)).actions, [])
})

const list = '/etc/apt/sources.list.d/cuda-debian12.list'
const line = 'deb [signed-by=/usr/share/keyrings/old.gpg] https://gpu.example/debian12/x86_64 /\n'

test('an entry of the same repository with another key is refused by name, and nothing is touched', async () => {
  const { refusal, actions } = await planOnce(aptRepository, cuda, aptWorld({ [list]: line }))
  assert.equal(refusal?.code, 'signed-by-conflict')
  assert.match(refusal?.message ?? '', /cuda-debian12\.list; with both entries apt fails/)
  assert.deepEqual(refusal?.findings, [{ message: `${list}:1 has Signed-By /usr/share/keyrings/old.gpg` }])
  assert.deepEqual(actions, [])
})

test('disabled, the other entry alone is switched off and kept', async () => {
  const other = 'deb http://debian.example bookworm main\n'
  const world = aptWorld({ [list]: other + line })
  const { report } = await converge(aptRepository, { ...cuda, conflicts: 'disable' }, world)
  assert.equal(world.files.get(list)?.text, `${other}# Disabled by gpuplay: ${line}`)
  assert.ok([...world.files.keys()].some((path) => path.startsWith('/var/lib/gpuplay/v1/backups')))
  assert.deepEqual(report['conflicts'], [])
})

test('an entry with the same key is no conflict', async () => {
  const same = line.replace('/usr/share/keyrings/old.gpg', '/etc/apt/keyrings/cuda.asc')
  assert.equal((await planOnce(aptRepository, cuda, aptWorld({ [list]: same }))).refusal, undefined)
})

test('a repository goes with its key', async () => {
  const world = aptWorld()
  await converge(aptRepository, cuda, world)
  const { actions } = await converge(aptRepository, { name: 'cuda', state: 'absent' }, world)
  assert.deepEqual(kinds(actions), ['remove', 'remove', 'run'])
  assert.equal(world.files.has('/etc/apt/keyrings/cuda.asc'), false)
})

test('a file that is not a key is not written', async () => {
  const world = aptWorld()
  world.http.set('https://gpu.example/key', { status: 200, length: undefined, body: '<html>' })
  const { refusal } = await planOnce(aptRepository, { ...cuda, signed_by: 'https://gpu.example/key' }, world)
  assert.equal(refusal?.message, 'https://gpu.example/key is not an armored key')
})

test('a repository that must be present needs a URL', async () => {
  await assert.rejects(planOnce(aptRepository, { name: 'x' }, aptWorld()), /uris/)
})
