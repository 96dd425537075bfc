/** The scripts that create containers, with a `pct` and `pvesm` that keep their state in a folder. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { makingScript, parseMakingRecord, removalScript } from './half-made.ts'

const pct = `#!/bin/sh
echo "pct $*" >>"$ROOT/calls"
conf=$ROOT/etc/pve/lxc/$2.conf
case $1 in
create) : >"$ROOT/disks/tank:subvol-$2-disk-0"; printf 'hostname: web\\nlock: create\\n' >"$conf" ;;
clone)
  conf=$ROOT/etc/pve/lxc/$3.conf
  printf 'lock: disk\\nhostname: base\\n' >"$ROOT/etc/pve/lxc/$2.conf"
  printf 'hostname: web\\nlock: create\\nprotection: 1\\n' >"$conf"
  : >"$ROOT/disks/tank:subvol-$3-disk-0"
  [ ! -e "$ROOT/dies" ] || { kill -9 "$PPID"; exit 1; }
  printf 'hostname: web\\nprotection: 1\\n' >"$conf"
  printf 'hostname: base\\n' >"$ROOT/etc/pve/lxc/$2.conf" ;;
unlock) sed -i '/^lock:/d' "$conf" ;;
set) sed -i '/^protection:/d' "$conf" ;;
destroy) ! grep -q '^lock\\|^protection' "$conf" && rm "$conf" ;;
esac
[ ! -e "$ROOT/fails" ] || { rm -f "$conf"; exit 7; }
[ ! -e "$ROOT/dies" ] || kill -9 "$PPID"
`

const pvesm = `#!/bin/sh
echo "pvesm $*" >>"$ROOT/calls"
case $1 in
list)
  [ "$2" != broken ] || { echo "storage 'broken' is not online" >&2; exit 255; }
  echo 'Volid Format Type Size VMID'
  for disk in "$ROOT/disks/$2:"*; do [ ! -e "$disk" ] || echo "\${disk##*/} subvol rootdir 1 $4"; done ;;
free) rm "$ROOT/disks/$2" ;;
esac
`

describe('a container is created', () => {
  let root: string
  const conf = (ctid: number): string => join(root, `etc/pve/lxc/${ctid}.conf`)
  const record = (): string => join(root, 'var/lib/gpuplay/v1/containers-being-made/900')
  const calls = (): readonly string[] =>
    existsSync(join(root, 'calls')) ? readFileSync(join(root, 'calls'), 'utf8').trim().split('\n') : []
  const disk = (name: string): string => join(root, 'disks', name)

  /** Runs a script with the node's paths below the folder. */
  function run(script: string): { readonly status: number | null; readonly stderr: string } {
    const moved = script
      .replaceAll('/etc/pve/', `${root}/etc/pve/`)
      .replaceAll('/var/lib/gpuplay/', `${root}/var/lib/gpuplay/`)
    const env = { ...process.env, ROOT: root, PATH: `${root}/bin:${process.env['PATH'] ?? ''}` }
    const { status, stderr } = spawnSync('sh', ['-c', moved], { env, encoding: 'utf8' })
    return { status, stderr }
  }

  const create = (storages: readonly string[] = ['tank'], keepsRecord = false): ReturnType<typeof run> =>
    run(
      makingScript({
        ctid: '900',
        hostname: 'web',
        source: undefined,
        storages,
        command: ['pct', 'create', '900', 'local:vztmpl/x.tar.zst', '--lock', 'create'],
        keepsRecord,
      }),
    )
  const clone = (): ReturnType<typeof run> =>
    run(
      makingScript({
        ctid: '900',
        hostname: 'web',
        source: '901',
        storages: ['tank'],
        command: ['pct', 'clone', '901', '900'],
        keepsRecord: false,
      }),
    )

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'gpuplay-half-made-'))
    for (const directory of ['bin', 'disks', 'etc/pve/lxc'])
      mkdirSync(join(root, directory), { recursive: true })
    for (const [name, text] of Object.entries({ pct, pvesm })) {
      writeFileSync(join(root, 'bin', name), text)
      chmodSync(join(root, 'bin', name), 0o755)
    }
    // Of another cluster with the same storage.
    writeFileSync(disk('tank:subvol-900-disk-7'), '')
  })
  afterEach(() => rmSync(root, { recursive: true }))

  test('and unlocked when it is complete, without a record that stays', () => {
    assert.equal(create().status, 0)
    assert.equal(readFileSync(conf(900), 'utf8'), 'hostname: web\n')
    assert.equal(existsSync(record()), false)
    assert.deepEqual(calls().slice(1), [
      'pct create 900 local:vztmpl/x.tar.zst --lock create',
      'pct unlock 900',
    ])
  })

  test('with a record that stays if more is to come, and the complete container is not removed', () => {
    assert.equal(create(['tank'], true).status, 0)
    assert.equal(existsSync(record()), true)
    assert.equal(readFileSync(conf(900), 'utf8'), 'hostname: web\n')
    assert.match(run(removalScript('900')).stderr, /it is complete/)
    assert.equal(existsSync(conf(900)), true)
  })

  test('and its record no longer lists storages when it is complete, so nothing of this number is removed', () => {
    assert.equal(create(['tank'], true).status, 0)
    // Destroyed by hand; another cluster then uses the number on the shared storage.
    rmSync(conf(900))
    const { status, stderr } = run(removalScript('900'))
    assert.equal(status, 0, stderr)
    assert.equal(existsSync(disk('tank:subvol-900-disk-0')), true)
    assert.equal(existsSync(record()), false)
  })

  for (const place of ['pve2/lxc', 'pve1/qemu-server'])
    test(`and no volume is removed while ${place} has the number`, () => {
      mkdirSync(join(record(), '..'), { recursive: true })
      writeFileSync(record(), 'hostname web\nstorages tank\n')
      mkdirSync(join(root, 'etc/pve/nodes', place), { recursive: true })
      const other = join(root, 'etc/pve/nodes', place, '900.conf')
      writeFileSync(other, '')
      const { status, stderr } = run(removalScript('900'))
      assert.equal(existsSync(disk('tank:subvol-900-disk-7')), true)
      assert.equal(status, 1)
      assert.ok(stderr.includes(`its number belongs to another guest: ${other}`), stderr)
      assert.equal(existsSync(record()), true)
      assert.deepEqual(calls(), [])
    })

  test('but not if the volumes that are there cannot be listed', () => {
    const { status, stderr } = create(['tank', 'broken'])
    assert.equal(status, 1)
    assert.match(stderr, /cannot list the volumes/)
    assert.deepEqual(
      calls().filter((call) => call.startsWith('pct')),
      [],
    )
  })

  test('and leaves no record if Proxmox refuses it and removes everything itself', () => {
    writeFileSync(join(root, 'fails'), '')
    assert.equal(create().status, 7)
    assert.equal(existsSync(record()), false)
  })

  for (const [what, make] of [
    ['creation', create],
    ['clone', clone],
  ] as const) {
    test(`and what a killed ${what} leaves is removed: its volumes, and the lock of the source, but nothing else`, () => {
      writeFileSync(conf(901), 'hostname: base\n')
      writeFileSync(join(root, 'dies'), '')
      assert.equal(make().status, null)
      assert.deepEqual(parseMakingRecord(readFileSync(record(), 'utf8')), {
        source: what === 'clone' ? '901' : undefined,
        hostname: 'web',
      })
      assert.match(readFileSync(conf(900), 'utf8'), /^lock: create$/m)
      rmSync(join(root, 'dies'))
      const removed = run(removalScript('900'))
      assert.equal(removed.status, 0, removed.stderr)
      assert.equal(existsSync(conf(900)), false)
      assert.equal(existsSync(disk('tank:subvol-900-disk-0')), false)
      assert.equal(existsSync(disk('tank:subvol-900-disk-7')), true)
      assert.equal(readFileSync(conf(901), 'utf8'), 'hostname: base\n')
      assert.equal(existsSync(record()), false)
    })
  }

  test('and a container without a record, or without the lock, is never removed', () => {
    writeFileSync(conf(900), 'hostname: web\nlock: create\n')
    assert.match(run(removalScript('900')).stderr, /no record/)
    execFileSync('mkdir', ['-p', join(record(), '..')])
    writeFileSync(record(), 'hostname web\nstorages tank\n')
    for (const text of [
      'hostname: web\n',
      'hostname: web\nlock: backup\n',
      'hostname: web\n\n[one]\nlock: create\n',
    ]) {
      writeFileSync(conf(900), text)
      assert.match(run(removalScript('900')).stderr, /it is complete/)
      assert.equal(readFileSync(conf(900), 'utf8'), text)
    }
    assert.deepEqual(calls(), [])
  })
})
