import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diagnose, endOfOutput } from './diagnose.ts'

/** The output of apt 2.6, dpkg 1.21 (Debian 12), tar and cp in these cases. */
const usual: readonly {
  readonly name: string
  readonly said: string
  readonly code: string
  readonly message: RegExp
  readonly hint: RegExp
}[] = [
  {
    name: 'two entries of one repository with different keys',
    said: 'E: Conflicting values set for option Signed-By regarding source https://mirror.example/cuda/ /: /usr/share/keyrings/cuda.gpg != \nE: The list of sources could not be read.',
    code: 'repository-twice',
    message: /different keys for \S+mirror\.example\/cuda\/ \/: \/usr\/share\/keyrings\/cuda\.gpg and none$/,
    hint: /remove one of the two entries.*grep -rn https:\/\/mirror\.example/,
  },
  {
    name: 'a change of /etc/pve by root without quorum',
    said: "mktemp: failed to create file via template '/etc/pve/lxc/101.conf.gpuplay-XXXXXXXX': Permission denied",
    code: 'no-quorum',
    message: /does not change \/etc\/pve, because its cluster has no quorum$/,
    hint: /pvecm status/,
  },
  {
    name: 'pct without quorum',
    said: 'cluster not ready - no quorum?',
    code: 'no-quorum',
    message: /no quorum$/,
    hint: /pvecm status/,
  },
  {
    name: 'a lock of dpkg with its holder',
    said: 'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812 (unattended-upgr)',
    code: 'dpkg-locked',
    message: /process 812 \(unattended-upgr\) holds \/var\/lib\/dpkg\/lock-frontend/,
    hint: /wait/,
  },
  {
    name: 'a lock of dpkg without one',
    said: 'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?',
    code: 'dpkg-locked',
    message: /\/var\/lib\/dpkg\/lock-frontend is held/,
    hint: /wait/,
  },
  ...(
    [
      [401, 'Unauthorized', /subscription/],
      [403, 'Forbidden', /refuses this host/],
      [404, 'Not Found', /no such file/],
      [407, 'Proxy Authentication Required', /proxy requires a password/],
      [503, 'Service Unavailable', /retry later/],
    ] as const
  ).map(([status, words, hint]) => ({
    name: `a repository that answers ${status}`,
    said: `E: Failed to fetch https://mirror.example/dists/bookworm/InRelease  ${status}  ${words} [IP: 192.0.2.1 443]`,
    code: 'repository-failed',
    message: new RegExp(
      `answered ${status} \\(${words}\\): https://mirror\\.example/dists/bookworm/InRelease`,
    ),
    hint,
  })),
  {
    name: 'a repository that was never read and requires a subscription',
    said: "Err:1 https://enterprise.example bookworm InRelease\n  401  Unauthorized [IP: 192.0.2.1 443]\nE: Failed to fetch https://enterprise.example/dists/bookworm/InRelease  401  Unauthorized [IP: 192.0.2.1 443]\nE: The repository 'https://enterprise.example bookworm InRelease' is not signed.",
    code: 'repository-failed',
    message: /answered 401 \(Unauthorized\): https:\/\/enterprise\.example\/dists\/bookworm\/InRelease/,
    hint: /requires a subscription/,
  },
  {
    name: 'a key that is missing',
    said: "W: GPG error: https://mirror.example bookworm InRelease: The following signatures couldn't be verified because the public key is not available: NO_PUBKEY A4B469963BF863CC\nE: The repository 'https://mirror.example bookworm InRelease' is not signed.",
    code: 'repository-key-missing',
    message: /\(A4B469963BF863CC\): https:\/\/mirror\.example$/,
    hint: /signed_by/,
  },
  {
    name: 'a key that has expired',
    said: 'W: GPG error: https://mirror.example InRelease: The following signatures were invalid: EXPKEYSIG A4B469963BF863CC Someone',
    code: 'repository-key-expired',
    message: /A4B469963BF863CC/,
    hint: /current key/,
  },
  {
    name: 'a clock that is behind',
    said: 'E: Release file for https://mirror.example/InRelease is not valid yet (invalid for another 3h). Updates for this repository will not be applied.',
    code: 'repository-out-of-date',
    message: /not valid yet: https:\/\/mirror\.example\/InRelease/,
    hint: /host's clock is behind/,
  },
  {
    name: 'a checksum that does not fit',
    said: 'E: Failed to fetch https://mirror.example/Packages.gz  Hash Sum mismatch\n   Hashes of expected file:',
    code: 'repository-corrupt',
    message:
      /does not match the repository's index \(hash mismatch\): https:\/\/mirror\.example\/Packages\.gz$/,
    hint: /retry in a few minutes/,
  },
  {
    name: 'a repository without this release',
    said: "E: The repository 'https://mirror.example trixie Release' does not have a Release file.",
    code: 'repository-failed',
    message: /trixie Release does not have a Release file/,
    hint: /may not serve this release/,
  },
  {
    name: 'a full disk',
    said: 'dpkg: error processing archive x.deb (--unpack):\n cannot copy extracted data: failed to write (No space left on device)',
    code: 'no-space',
    message: /no space left/,
    hint: /free some space/,
  },
  {
    name: "a full disk in apt's words",
    said: "E: You don't have enough free space in /var/cache/apt/archives/.",
    code: 'no-space',
    message: /no space left/,
    hint: /free some space/,
  },
]

for (const { name, said, code, message, hint } of usual) {
  test(`${name} is reported with a hint`, () => {
    const problem = diagnose(said)
    assert.equal(problem?.code, code)
    assert.match(problem?.message ?? '', message)
    assert.match(problem?.hint ?? '', hint)
  })
}

test('an unknown failure gets no guessed cause', () => {
  assert.equal(diagnose('make: *** [Makefile:12: all] Error 2'), undefined)
})

test('the excerpt of an output contains the end of both streams', () => {
  assert.equal(endOfOutput({ stdout: 'oops\n', stderr: 'err\n' }), 'err (stdout: oops)')
  assert.equal(endOfOutput({ stdout: 'a\nb\n\nc\nd\n', stderr: '\n' }), 'b | c | d')
  assert.equal(endOfOutput({ stdout: '', stderr: 'err' }), 'err')
})

test("the excerpt contains the program's own messages, even if others wrote after them", () => {
  const stderr = 'noise\nfoo: the cause\nnoise\nfoo: not undone\na\nb\nc\n'
  assert.equal(
    endOfOutput({ stdout: '', stderr }, '/usr/bin/foo'),
    'foo: the cause | foo: not undone | a | b | c',
  )
  assert.equal(endOfOutput({ stdout: '', stderr: 'foo: only\n' }, 'foo'), 'foo: only')
})

test('of the messages of LXC, the cause is shown, which comes first, and no advice', () => {
  const stdout = [
    'safe_mount: 1221 No such file or directory - Failed to mount "/srv/gone" onto "/usr/lib/lxc/rootfs/srv"',
    'mount_entry: 2412 Failed to mount "/srv/gone" on "srv"',
    'lxc_setup: 3915 Failed to setup mount entries',
    'do_start: 1273 Failed to setup container "102"',
    'sync_wait: 34 An error occurred in another process (expected sequence number 4)',
    '__lxc_start: 2107 Failed to spawn container "102"',
    'main: 306 The container failed to start',
    'main: 309 To get more details, run the container in foreground mode',
    'main: 311 Additional information can be obtained by setting the --logfile and --logpriority options',
  ].join('\n')
  const said = endOfOutput({ stdout, stderr: "startup for container '102' failed\n" })
  assert.match(
    said,
    /^startup for container '102' failed \(stdout: safe_mount: 1221 No such file or directory/,
  )
  assert.match(said, /\| main: 306 The container failed to start\)$/)
})

test('a long line is cut between two words, so that no part of a secret remains', () => {
  const line = `${'word '.repeat(90)}opensesame`
  for (let more = 0; more < 12; more += 1) {
    const shown = endOfOutput({ stdout: '', stderr: `opensesame ${line} ${'x'.repeat(more)}` })
    assert.match(shown, /^(word )+opensesame( x+)?$/)
  }
  const secret = endOfOutput({ stdout: '', stderr: `key opensesame ${'x '.repeat(196)}` })
  assert.doesNotMatch(secret, /same|open/)
})
