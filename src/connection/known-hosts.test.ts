import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { KeyFiles } from './key-files.ts'
import { KnownHostsFiles } from './known-hosts-files.ts'
import {
  addKnownHost,
  entriesFor,
  judgeHostKey,
  knownHostName,
  parseKnownHosts,
  preferredAlgorithms,
} from './known-hosts.ts'

function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

function key(type = 'ssh-ed25519'): { wire: Buffer; text: string } {
  const der = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' })
  const wire = Buffer.concat([field(Buffer.from(type)), field(der.subarray(-32))])
  return { wire, text: `${type} ${wire.toString('base64')}` }
}

function verdict(lines: string, name: string, shown: Buffer): string {
  return judgeHostKey(parseKnownHosts('file', lines), name, shown).kind
}

const mine = key()
const other = key()

test('a plain entry makes only its host known', () => {
  const lines = `# comment\n\npve1,192.0.2.1 ${mine.text} a comment\n`
  assert.equal(verdict(lines, 'pve1', mine.wire), 'known')
  assert.equal(verdict(lines, '192.0.2.1', mine.wire), 'known')
  assert.equal(verdict(lines, 'pve1', other.wire), 'changed')
  assert.equal(verdict(lines, 'pve2', mine.wire), 'unknown')
  assert.equal(verdict(lines, 'pve', mine.wire), 'unknown')
})

test('a port other than 22 is part of the name', () => {
  assert.equal(knownHostName('PVE1', 22), 'pve1')
  assert.equal(knownHostName('pve1', 2222), '[pve1]:2222')
  const lines = `[pve1]:2222 ${mine.text}`
  assert.equal(verdict(lines, '[pve1]:2222', mine.wire), 'known')
  assert.equal(verdict(lines, 'pve1', mine.wire), 'unknown')
})

test('wildcards match, and a negation anywhere in the line excludes the host', () => {
  const lines = `*.lab,!bad.lab,10.0.0.? ${mine.text}`
  assert.equal(verdict(lines, 'a.lab', mine.wire), 'known')
  assert.equal(verdict(lines, 'bad.lab', mine.wire), 'unknown')
  assert.equal(verdict(lines, '10.0.0.7', mine.wire), 'known')
  assert.equal(verdict(lines, '10.0.0.77', mine.wire), 'unknown')
  assert.equal(verdict(`a.lab ${mine.text}`, 'axlab', mine.wire), 'unknown')
})

test('a revoked key is revoked even if another line makes it known', () => {
  assert.equal(verdict(`pve1 ${mine.text}\n@revoked * ${mine.text}`, 'pve1', mine.wire), 'revoked')
  assert.equal(verdict(`pve1 ${mine.text}\n@revoked * ${other.text}`, 'pve1', mine.wire), 'known')
})

test('a certificate authority does not make plain keys known, and is reported', () => {
  const hosts = parseKnownHosts('file', `@cert-authority *.lab ${mine.text}`)
  assert.deepEqual(judgeHostKey(hosts, 'a.lab', mine.wire), { kind: 'unknown', authorities: true })
})

test('a key of an unknown type counts as changed', () => {
  assert.equal(verdict(`pve1 ${mine.text}`, 'pve1', key('ecdsa-sha2-nistp256').wire), 'changed')
})

test('invalid lines make no key known', () => {
  for (const line of [
    'pve1',
    'pve1 ssh-rsa',
    `@future pve1 ${mine.text}`,
    `pve1 ssh-rsa ${mine.text.split(' ')[1]}`,
    'pve1 ssh-ed25519 AAAA',
  ])
    assert.equal(verdict(line, 'pve1', mine.wire), 'unknown')
})

test('algorithms of known keys are offered first', () => {
  const lines = `pve1 ${key('ssh-rsa').text}`
  const hosts = parseKnownHosts('file', lines)
  assert.deepEqual(preferredAlgorithms(entriesFor(hosts, 'pve1'))?.slice(0, 3), [
    'rsa-sha2-512',
    'rsa-sha2-256',
    'ssh-ed25519',
  ])
  assert.equal(preferredAlgorithms(entriesFor(hosts, 'pve2')), undefined)
})

test('a missing file has no lines; an unreadable one is an error', async () => {
  const files = new KnownHostsFiles()
  assert.deepEqual(await files.entries(['/does/not/exist'], ['pve1']), [])
  await assert.rejects(files.entries([tmpdir()], ['pve1']), /^Error: cannot read .*: it is a directory$/)
})

test(
  'a FIFO as known_hosts is refused at once, without waiting for a writer',
  { timeout: 5000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gpuplay-known-'))
    try {
      const fifo = join(folder, 'known_hosts')
      execFileSync('mkfifo', [fifo])
      await assert.rejects(new KnownHostsFiles().entries([fifo], ['pve1']), /known_hosts: it is a FIFO$/)
      const key = await new KeyFiles().read(fifo, undefined)
      assert.ok(key.kind === 'unusable')
      assert.equal(key.problem.message, `cannot read the private key ${fifo}: it is a FIFO`)
      assert.deepEqual(await new KnownHostsFiles().entries(['/dev/null'], ['pve1']), [])
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
)

test('an added host is known to gpuplay and ssh-keygen, hashed or not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-known-'))
  const file = join(folder, 'deep', 'known_hosts')
  await addKnownHost(file, { name: 'pve1', key: mine.wire })
  writeFileSync(file, readFileSync(file, 'utf8').trimEnd())
  await addKnownHost(file, { name: '[pve2]:2222', key: other.wire, salt: Buffer.alloc(20, 7) })
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const files = new KnownHostsFiles()
  const hosts = await files.entries([file], ['pve1', '[pve2]:2222'])
  assert.equal(judgeHostKey(hosts, 'pve1', mine.wire).kind, 'known')
  assert.equal(judgeHostKey(hosts, '[pve2]:2222', other.wire).kind, 'known')
  assert.ok(!readFileSync(file, 'utf8').includes('pve2'))
  if (spawnSync('ssh-keygen', ['-?']).error === undefined) {
    for (const name of ['pve1', '[pve2]:2222'])
      assert.equal(spawnSync('ssh-keygen', ['-F', name, '-f', file]).status, 0)
    assert.equal(spawnSync('ssh-keygen', ['-H', '-f', file]).status, 0)
    const hashed = await files.entries([file], ['pve1'])
    assert.equal(judgeHostKey(hashed, 'pve1', mine.wire).kind, 'known')
    assert.equal(judgeHostKey(hashed, 'pve1', other.wire).kind, 'changed')
  }
  rmSync(folder, { recursive: true })
})

test('cached files give the same lines for a host as a full search, also after a change', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gpuplay-known-'))
  const file = join(folder, 'known_hosts')
  const files = new KnownHostsFiles()
  const hashed = `|1|${Buffer.alloc(20, 3).toString('base64')}|${createHmac('sha1', Buffer.alloc(20, 3)).update('pve1').digest('base64')}`
  const name = fc.constantFrom('pve1', 'PVE1', 'pve2', 'pve*', '!pve1', hashed, '10.0.0.1')
  const line = fc
    .tuple(
      fc.constantFrom('', '@revoked '),
      fc.array(name, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(mine, other),
    )
    .map(([marker, names, { text }]) => `${marker}${names.join(',')} ${text}`)
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 6 }), async (lines) => {
      writeFileSync(file, lines.join('\n'))
      for (const asked of ['pve1', 'pve2', '10.0.0.1']) {
        const wanted = entriesFor(parseKnownHosts(file, lines.join('\n')), asked)
        assert.deepEqual(await files.entries([file], [asked]), wanted)
      }
    }),
  )
  rmSync(folder, { recursive: true })
})

test('a known_hosts file never makes a key known that it does not contain', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), fc.domain(), (text, name) => {
      assert.notEqual(verdict(text, name, mine.wire), 'known')
    }),
  )
})
