/** Which command lines may be asked. Every line that is refused would change a host, or run something else than its name says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readOnlyProgram } from './read-only-programs.ts'

const refused: readonly string[] = [
  'systemctl --failed reboot',
  'systemctl --failed stop pveproxy',
  'systemctl show --host=other x',
  'systemctl stop x',
  'apt-get install x',
  'apt-get -y -s install x',
  'apt-get -s --simulate=false install x',
  'apt-get -s -o APT::Get::Simulate=false install x',
  'apt-get -s --no-simulate install x',
  'apt-get -s --no-s install x',
  'apt-get -s update',
  'apt-get -s source install',
  'apt-get -s',
  'apt-cache policy -o Dir::Cache::pkgcache=/etc/passwd',
  'nvcc /tmp/x.cu',
  'nvcc --version /tmp/x.cu',
  'lxc-info -o /etc/passwd -l DEBUG',
  'lspci -q',
  'journalctl --rotat',
  'journalctl --vacuum-siz=1K',
  'udevadm info --cleanup',
  'mountpoint -qx /dev/sda',
  'nvidia-smi mig -dgi -lgi',
  'nvidia-smi -pm 1',
  'nvidia-smi -i 0 -pl 100',
  'nvidia-smi -q --filename=/etc/passwd',
  'nvidia-smi --query-gpu=uuid --format=csv -f /etc/passwd',
  'find / -delete',
  'find / -newer /x -delete',
  'find / -newer -exec -delete',
  'find / -newer',
  'mokutil --test-key /x --import /y',
  'hostname other',
  'hostname -F /x',
  'cat relative',
  './cat /x',
  '../bin/cat /x',
  '/tmp/evil/cat /x',
  '/usr/local/cuda-12.4/../../tmp/bin/cat /x',
  'constructor',
  '',
]

for (const line of refused) {
  test(`refuses "${line}"`, () => {
    assert.equal(readOnlyProgram(line.split(' ')), undefined)
  })
}

test('what modules ask is allowed, with what its answer rests on', () => {
  const reads = (line: string): readonly string[] | undefined => readOnlyProgram(line.split(' '))?.reads
  assert.deepEqual(reads('cat /etc/a /etc/b'), ['command:cat', 'file:/etc/a', 'file:/etc/b'])
  assert.deepEqual(reads('find /etc/a -maxdepth 0 -newer /etc/b'), [
    'command:find',
    'file:/etc/a*',
    'file:/etc/b*',
  ])
  assert.deepEqual(reads('/usr/local/cuda-12.4/bin/nvcc --version'), [
    'command:nvcc',
    'file:/usr/local/cuda-12.4/bin/nvcc',
    'file:/usr/local/cuda*',
    'package:*',
  ])
  assert.ok(readOnlyProgram(['find', '/x', '-maxdepth', '0', '-newermt', '-300 seconds']))
  assert.equal(readOnlyProgram(['nvidia-smi', '--query-gpu=uuid', '--format=csv,noheader'])?.guard, 'nvidia')
})

test('apt is told to leave its caches alone', () => {
  const told = 'apt-get -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -s -y purge x'
  assert.equal(readOnlyProgram(['apt-get', '-s', '-y', 'purge', 'x'])?.argv?.join(' '), told)
})
