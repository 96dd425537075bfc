import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plan } from '../../host/plan.ts'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import { sha256 } from '../testing/fake-host.ts'
import type { Args } from './args.ts'
import { nvidiaRunfile } from './module.ts'

const content = 'a driver'
const hash = sha256(content)
const url = 'https://download.nvidia.com/XFree86/Linux-x86_64/580.95.05/NVIDIA-Linux-x86_64-580.95.05.run'
const path = '/var/cache/gpuplay/NVIDIA-Linux-x86_64-580.95.05.run'
const record = { [`${path}.sha256`]: `${hash}  NVIDIA-Linux-x86_64-580.95.05.run\n` }
const published = {
  [`HEAD ${url}`]: { status: 200, length: 400 * 1024 * 1024 },
  [`GET ${url}.sha256sum`]: { status: 200, body: `${hash}  NVIDIA-Linux-x86_64-580.95.05.run\n` },
}

function args(more: Partial<Args> = {}): Args {
  return {
    version: '580.95.05',
    url: '',
    directory: '/var/cache/gpuplay',
    sha256: '',
    source: 'node',
    keep: 2,
    proxy: '',
    ...more,
  }
}

async function planOf(given: GpuHost, more: Partial<Args> = {}): Promise<Plan> {
  return nvidiaRunfile.plan(args(more), await nvidiaRunfile.probe(args(more), gpuHost(given)))
}

function summary({ actions }: Plan): readonly string[] {
  return actions.map((action) => ('path' in action ? `${action.kind} ${action.path}` : action.kind))
}

test('a missing file is downloaded and verified with the published sha256, which is recorded', async () => {
  const plan = await planOf({ pages: published })
  assert.deepEqual(summary(plan), [
    'makeDirectory /var/cache/gpuplay',
    `download ${path}`,
    `writeFile ${path}.sha256`,
  ])
  const download = plan.actions[1]
  assert.equal(download?.kind === 'download' ? download.sha256 : '', hash)
})

test('a file that was verified before is kept without a request to a server', async () => {
  assert.deepEqual((await planOf({ files: { [path]: content, ...record } })).actions, [])
})

test('a damaged file is downloaded again', async () => {
  const plan = await planOf({ files: { [path]: 'a drivel', ...record }, pages: published })
  assert.ok(summary(plan).includes(`download ${path}`))
})

test('a file from another source is accepted after verification', async () => {
  assert.deepEqual(summary(await planOf({ files: { [path]: content }, pages: published })), [
    `writeFile ${path}.sha256`,
  ])
})

test('a file without a sha256 is refused', async () => {
  const plan = await planOf({ pages: { [`HEAD ${url}`]: { status: 200, length: 9 } } })
  assert.equal(plan.refusal?.code, 'no-checksum')
  assert.match(plan.refusal?.hint ?? '', /runfile_cache_sha256/)
})

test('a version that the server does not have is refused before any change', async () => {
  const plan = await planOf({}, { sha256: hash })
  assert.equal(plan.refusal?.code, 'runfile-not-available')
  assert.match(plan.refusal?.message ?? '', /status 404/)
})

test('a driver that is only among those for data centers is downloaded from there', async () => {
  const tesla = 'https://us.download.nvidia.com/tesla/580.95.05/NVIDIA-Linux-x86_64-580.95.05.run'
  const pages = {
    [`HEAD ${tesla}`]: { status: 200, length: 8 },
    [`GET ${tesla}.sha256sum`]: { status: 200, body: `${hash}\n` },
  }
  const address = async (more: Partial<Args> = {}): Promise<string | undefined> => {
    const download = (await planOf({ pages }, more)).actions.find(({ kind }) => kind === 'download')
    return download?.kind === 'download' ? download.url : undefined
  }
  assert.equal(await address(), tesla)
  assert.equal(await address({ sha256: hash }), tesla)
  assert.equal(await address({ url, sha256: hash }), undefined)
  const usual = await planOf({ pages: { ...pages, ...published } })
  const download = usual.actions.find(({ kind }) => kind === 'download')
  assert.equal(download?.kind === 'download' ? download.url : '', url)
})

test('a version that does not match the URL is invalid input', async () => {
  const plan = await planOf({}, { url: url.replaceAll('580.95.05', '570.207') })
  assert.equal(plan.refusal?.exitCode, 2)
  assert.match(plan.refusal?.message ?? '', /580\.95\.05.*570\.207/)
})

test('insufficient space is reported before the download', async () => {
  assert.equal((await planOf({ pages: published, space: 1024 })).refusal?.code, 'no-space')
})

test('a mirror is requested with VERSION/NAME', async () => {
  const mirror = 'https://mirror.test/nvidia/580.95.05/NVIDIA-Linux-x86_64-580.95.05.run'
  const pages = { [`HEAD ${mirror}`]: { status: 200, length: 8 } }
  const plan = await planOf({ pages }, { source: 'https://mirror.test/nvidia/', sha256: hash })
  const download = plan.actions.find(({ kind }) => kind === 'download')
  assert.equal(download?.kind === 'download' ? download.url : '', mirror)
})

test('a file of the controller is sent by reference, and refused if its checksum differs', async () => {
  const file = '/home/me/files/NVIDIA-Linux-x86_64-580.95.05.run'
  const controllerFiles = { [file]: content }
  const more: Partial<Args> = { source: 'controller', file }
  const plan = await planOf({ controllerFiles }, { ...more, sha256: hash })
  const sent = plan.actions.find((action) => action.kind === 'writeFile' && action.path === path)
  assert.deepEqual(sent?.kind === 'writeFile' ? sent.content : undefined, {
    kind: 'controllerFile',
    path: file,
    sha256: hash,
    size: content.length,
  })
  const other = await planOf({ controllerFiles }, { ...more, sha256: 'b'.repeat(64) })
  assert.equal(other.refusal?.code, 'runfile-checksum-mismatch')
  assert.equal((await planOf({ controllerFiles }, more)).refusal?.code, 'no-checksum')
})

test('old versions are removed, except the loaded one, which a downgrade needs', async () => {
  const old = (version: string): string => `/var/cache/gpuplay/NVIDIA-Linux-x86_64-${version}.run`
  const files = {
    [path]: content,
    ...record,
    [old('570.207')]: 'x',
    [`${old('570.207')}.sha256`]: 'x',
    [`${old('570.207')}.part`]: 'x',
    [old('550.144.03')]: 'x',
    [old('575.57.08')]: 'x',
    '/var/cache/gpuplay/other.run': 'x',
    '/sys/module/nvidia/version': '550.144.03\n',
  }
  const plan = await planOf({ files })
  assert.deepEqual(summary(plan), [
    `remove ${old('570.207')}`,
    `remove ${old('570.207')}.part`,
    `remove ${old('570.207')}.sha256`,
    `remove ${old('575.57.08')}`,
  ])
})
