import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fewHosts, hostRanges, hostsText } from './host-names.ts'

for (const [hosts, text] of [
  [['pve1'], 'pve1'],
  [['pve1', 'pve2'], 'pve1 pve2'],
  [['pve1', 'pve2', 'pve3'], 'pve[1:3]'],
  [['gpu-07', 'gpu-08', 'gpu-09', 'gpu-10', 'gpu-11', 'gpu-100'], 'gpu-100 gpu-[07:11]'],
  [['web9', 'web10', 'web11', 'db'], 'web[9:11] db'],
  [['web1', 'web3', 'web2', 'web7'], 'web[1:3] web7'],
  [['a1.lab', 'a2.lab', 'a3.lab', 'a4.home'], 'a[1:3].lab a4.home'],
  [['10.0.0.1', '10.0.0.2', '10.0.0.3'], '10.0.0.1 10.0.0.2 10.0.0.3'],
  [['ct201-a', 'ct202-a', 'ct203-a'], 'ct[201:203]-a'],
  [['a1', 'a1', 'a2', 'a3'], 'a[1:3]'],
] as const) {
  test(`${hosts.join(' ')} is ${text}`, () => {
    assert.equal(hostsText(hosts), text)
  })
}

test('names that do not fit are counted', () => {
  const hosts = ['web1', 'web2', 'web3', 'alpha', 'beta', 'gamma', 'delta']
  assert.equal(fewHosts(hosts, 100), 'web[1:3] alpha beta gamma delta')
  assert.equal(fewHosts(hosts, 26), 'web[1:3] alpha and 3 more')
  assert.equal(fewHosts(hosts, 5), 'web[1:3] and 4 more')
  assert.equal(fewHosts(['a-very-long-name'], 5), 'a-very-long-name')
})

test('the ranges name exactly the hosts', () => {
  const host = fc
    .tuple(
      fc.constantFrom('a', 'gpu-', 'x1y'),
      fc.constantFrom('', '1', '2', '3', '01', '02', '03', '10', '003', '1000'),
      fc.constantFrom('', '-b', '.lab'),
    )
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(fc.uniqueArray(host, { maxLength: 40 }), (hosts) => {
      assert.deepEqual(hostRanges(hosts).flatMap(expanded).sort(), [...hosts].sort())
    }),
  )
})

function expanded(range: string): readonly string[] {
  const [, before = '', first = '', last = '', after = ''] = /^(.*)\[(\d+):(\d+)\](.*)$/.exec(range) ?? []
  if (first === '') return [range]
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => {
    const number = String(Number(first) + index)
    return before + (first.startsWith('0') ? number.padStart(first.length, '0') : number) + after
  })
}
