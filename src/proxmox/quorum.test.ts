import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseVotes } from './quorum.ts'

/** The last two sections of `pvecm status`, which is `corosync-quorumtool -siH`. */
function status(quorum: string, flags: string, rows: readonly string[]): string {
  return `Votequorum information
----------------------
Expected votes:   3
Highest expected: 3
Total votes:      3
Quorum:           ${quorum}
Flags:            ${flags}

Membership information
----------------------
    Nodeid      Votes    Qdevice Name
${rows.map((row) => `${row}\n`).join('')}`
}

test('votes are read with and without a QDevice, and the own ones are found in any row', () => {
  const plain = status('2  ', 'Quorate', [
    '0x00000001          1 192.0.2.11',
    '0x00000002          2 pve2 (local)',
  ])
  assert.deepEqual(parseVotes(plain), { total: 3, quorum: 2, own: 2 })
  const device = status('2 Activity blocked', 'Quorate Qdevice', [
    '0x00000001          1    A,V,NMW 192.0.2.11 (local)',
    '0x00000002          1    A,V,NMW 192.0.2.12',
    '0x00000000          1            Qdevice',
  ])
  assert.deepEqual(parseVotes(device), { total: 3, quorum: 2, own: 1 })
})

test('two nodes with two_node need one vote', () => {
  const two = status('1', '2Node Quorate WaitForAll', ['0x00000001          1 192.0.2.11 (local)'])
  assert.equal(parseVotes(two)?.quorum, 1)
})

test('without the numbers there are no votes', () => {
  assert.equal(parseVotes('Cannot initialize QUORUM service\n'), undefined)
})
