import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  cachedRunfile,
  checksumUrl,
  runfileUrls,
  sha256FromFile,
  versionInScript,
  versionOfRunfile,
} from './runfile.ts'

const hash = 'a1'.repeat(32)

test('the URL is derived from the version, and the version from the URL', () => {
  const [url] = runfileUrls('580.95.05')
  assert.equal(
    url,
    'https://download.nvidia.com/XFree86/Linux-x86_64/580.95.05/NVIDIA-Linux-x86_64-580.95.05.run',
  )
  assert.equal(versionOfRunfile(url), '580.95.05')
  assert.equal(checksumUrl(url), `${url}.sha256sum`)
  assert.equal(
    cachedRunfile('/var/cache/gpuplay/', '590.48'),
    '/var/cache/gpuplay/NVIDIA-Linux-x86_64-590.48.run',
  )
})

test('variants of the name and mirrors are recognised, other names are not', () => {
  assert.equal(
    versionOfRunfile('https://mirror.test/x/NVIDIA-Linux-x86_64-570.207-no-compat32.run?sig=1'),
    '570.207',
  )
  assert.equal(versionOfRunfile('NVIDIA-Linux-x86_64-535.161.05-vgpu-kvm.run'), '535.161.05')
  assert.equal(versionOfRunfile('https://mirror.test/driver.run'), undefined)
  assert.equal(versionOfRunfile('https://mirror.test/580.95.05/driver.run'), undefined)
})

test('the last .run in a script is the one that it installs', () => {
  const run = (version: string): string => `/var/cache/gpuplay/NVIDIA-Linux-x86_64-${version}.run`
  assert.equal(versionInScript(`timeout 900 sh '${run('580.95.05')}' --silent\n`), '580.95.05')
  assert.equal(versionInScript(`sh "${run('580.95.05')}"; rm ${run('570.207')}.sha256`), '580.95.05')
  const exchange = `nvidia-driver install 580.95.05 570.207 ${run('570.207')} --dkms -- sh ${run('580.95.05')}`
  assert.equal(versionInScript(exchange), '580.95.05')
  assert.equal(versionInScript('apt-get install nvidia-driver'), undefined)
})

test('a checksum file can name its file in any common format', () => {
  const name = 'NVIDIA-Linux-x86_64-580.95.05.run'
  assert.equal(sha256FromFile(`${'b'.repeat(64)}  other.run\n${hash}  ${name}\n`, name), hash)
  assert.equal(sha256FromFile(`${hash.toUpperCase()} *./${name}\r\n`, name), hash)
  assert.equal(sha256FromFile(`SHA256 (${name}) = ${hash}\n`, name), hash)
  assert.equal(sha256FromFile(`${hash}\n`, name), hash)
  assert.equal(sha256FromFile(`${hash}  other.run\n`, name), undefined)
  assert.equal(sha256FromFile('<html>not found</html>', name), undefined)
})
