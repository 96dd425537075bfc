import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePolicy, parseSimulation } from '../host/questions/packages.ts'
import { explained } from './simulation.ts'

test('a simulation is parsed: installed, changed and removed packages', () => {
  const stdout = `The following NEW packages will be installed:
  dkms kmod
Remv old [1.0]
Purg older [2.0]
Inst kmod (30+20221128-1 Debian:12.15/oldstable [amd64])
Inst libc6:i386 [2.36-9] (2.36-9+deb12u10 Debian:12.15/oldstable [i386]) []
Conf kmod (30+20221128-1 Debian:12.15/oldstable [amd64])
`
  assert.deepEqual(explained(parseSimulation({ code: 0, stdout, stderr: '' })), {
    installs: [
      { name: 'kmod', version: '30+20221128-1', before: undefined },
      { name: 'libc6:i386', version: '2.36-9+deb12u10', before: '2.36-9' },
    ],
    removes: ['old', 'older'],
    unavailable: [],
    refusal: undefined,
  })
})

// Messages of apt 2.6 (Debian 12).
const refusals: readonly [says: string, stdout: string, stderr: string, code: string, message: RegExp][] = [
  [
    'an unknown package',
    '',
    'E: Unable to locate package nosuch\n',
    'no-candidate',
    /offers the package nosuch$/,
  ],
  [
    'a package without candidate',
    '',
    "E: Package 'jq' has no installation candidate\n",
    'no-candidate',
    /package jq$/,
  ],
  [
    'a version that nobody has',
    '',
    "E: Version '9.9' for 'jq' was not found\n",
    'no-candidate',
    /jq in version 9\.9/,
  ],
  [
    'two keys of one repository',
    '',
    'E: Conflicting values set for option Signed-By regarding source https://gpu.example/x/ /: /a.gpg != /b.gpg\nE: The list of sources could not be read.\n',
    'signed-by-conflict',
    /https:\/\/gpu\.example\/x\/ name different keys.*\/a\.gpg != \/b\.gpg/,
  ],
  [
    'held packages',
    'The following held packages will be changed:\n  jq libjq1\n1 upgraded\n',
    'E: Held packages were changed and -y was used without --allow-change-held-packages.\n',
    'packages-held',
    /on hold: jq libjq1$/,
  ],
  [
    'dependencies that cannot be met',
    'The following packages have unmet dependencies:\n jq : Depends: libjq1 (= 1.6-2) but 1.6-3 is to be installed\n',
    'E: Unable to correct problems, you have held broken packages.\n',
    'unmet-dependencies',
    /jq : Depends: libjq1 \(= 1\.6-2\) but 1\.6-3/,
  ],
  ['anything else', '', 'W: x\nE: something new\nE: and more\n', 'apt-failed', /something new; and more$/],
]

for (const [says, stdout, stderr, code, message] of refusals) {
  test(`a simulation that fails names ${says}`, () => {
    const { refusal } = explained(parseSimulation({ code: 100, stdout, stderr }))
    assert.equal(refusal?.code, code)
    assert.match(refusal?.message ?? '', message)
  })
}

test('candidates are read; what apt never heard of is not among them', () => {
  const text = `dkms:
  Installed: (none)
  Candidate: 3.0.10-8+deb12u1
  Version table:
     3.0.10-8+deb12u1 500
        500 http://mirror.example bookworm/main amd64 Packages
virtual:
  Installed: (none)
  Candidate: (none)
  Version table:
`
  assert.deepEqual(
    [...parsePolicy(text)],
    [
      ['dkms', '3.0.10-8+deb12u1'],
      ['virtual', undefined],
    ],
  )
})
