import assert from 'node:assert/strict'
import { test } from 'node:test'
import { disable } from '../apt/source-files.ts'
import { cudaRepository, findCudaSources } from './cuda-sources.ts'
import { compatibility, nvccRelease, repositoryName, versionedPackage } from './cuda.ts'

test('a driver is fully compatible, compatible within its major version, or incompatible', () => {
  const kinds = (cuda: string, ...drivers: readonly string[]): readonly string[] =>
    drivers.map((driver) => compatibility(cuda, driver).kind)
  assert.deepEqual(kinds('12.8', '580.95.05', '570.26', '560.35.05', '525.60.13', '520.61.05'), [
    'full',
    'full',
    'minor',
    'minor',
    'none',
  ])
  assert.deepEqual(kinds('13.1', '590.44.01', '580.65.06', '575.57.08'), ['full', 'minor', 'none'])
})

test('a toolkit that is not in the tables needs at least the driver of the one before it', () => {
  assert.deepEqual(compatibility('12.99', '580.95.05'), { kind: 'full', least: '575.51.03' })
  assert.deepEqual(compatibility('13.99', '580.95.05'), { kind: 'minor', least: '610.43.02' })
  assert.deepEqual(compatibility('14.0', '580.95.05'), { kind: 'none', least: '610.43.02' })
  assert.deepEqual(compatibility('14.0', '700.10'), { kind: 'full', least: '610.43.02' })
  assert.deepEqual(compatibility('10.2', '440.33'), { kind: 'full', least: undefined })
})

test('names of packages, repositories and releases', () => {
  assert.equal(versionedPackage('cuda-toolkit', '12.8'), 'cuda-toolkit-12-8')
  assert.equal(repositoryName('debian', '12.5'), 'debian12')
  assert.equal(repositoryName('ubuntu', '24.04'), 'ubuntu2404')
  assert.equal(repositoryName('alpine', '3.20'), undefined)
  assert.equal(nvccRelease('Cuda compilation tools, release 12.8, V12.8.93\n'), '12.8')
})

const list = {
  path: '/etc/apt/sources.list.d/nvidia.list',
  text: '# deb https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64/ /\ndeb http://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64 /\ndeb [arch=amd64 signed-by=/k.gpg] https://developer.download.nvidia.com/compute/cuda/repos/debian11/x86_64/ /\ndeb https://example.org/ stable main\n',
}
const stanzas = {
  path: '/etc/apt/sources.list.d/cuda.sources',
  text: 'Types: deb\nURIs: https://example.org/\nSuites: stable\n\n# ours\nTypes: deb\nURIs: https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64/\nSuites: /\nSigned-By: /usr/share/keyrings/k.gpg\n',
}

const files = new Map([list, stanzas].map(({ path, text }) => [path, text]))

test('every enabled entry is found, in both formats', () => {
  assert.deepEqual(
    findCudaSources(files, '').map(({ path, entry, url }) => [path, entry.from + 1, url, entry.signedBy]),
    [
      [list.path, 2, cudaRepository('debian12', ''), undefined],
      [list.path, 3, cudaRepository('debian11', ''), '/k.gpg'],
      [stanzas.path, 5, cudaRepository('debian12', ''), '/usr/share/keyrings/k.gpg'],
    ],
  )
})

test('disabled entries are not found again, and the rest is unchanged', () => {
  for (const { path, text } of [list, stanzas]) {
    const found = findCudaSources(new Map([[path, text]]), '').map(({ entry }) => entry)
    const after = disable(path, text, found).content.text
    assert.deepEqual(findCudaSources(new Map([[path, after]]), ''), [])
    assert.equal(
      after.replace('# Disabled by gpuplay.\nEnabled: no\n', '').replaceAll('# Disabled by gpuplay: ', ''),
      text,
    )
    assert.match(after, /example\.org/)
  }
})

test('an entry with a word for "off" that apt knows is not found', () => {
  for (const off of ['no', 'False', 'without', 'off', 'disable', '0']) {
    const text = `Enabled: ${off}\n${stanzas.text.slice(stanzas.text.indexOf('Types: deb\nURIs: https://dev'))}`
    assert.deepEqual(findCudaSources(new Map([[stanzas.path, text]]), ''), [], off)
  }
})
