import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { Refused } from './pve-nodes.ts'
import { PveTree } from './pve-tree.ts'

describe('/etc/pve', () => {
  let backing: string
  let tree: PveTree
  let quorate = true
  const root = 1
  const openTree = (): PveTree =>
    new PveTree({ backing, node: 'pve1', quorate: () => quorate, now: () => 1000 })
  /** The inode at a path of directories. */
  const at = (path: string): number =>
    path.split('/').reduce((inode, name) => tree.lookup(inode, name).inode, root)
  const refusal = (action: () => unknown): string => {
    try {
      action()
    } catch (error) {
      if (error instanceof Refused) return error.errno
      throw error
    }
    return 'none'
  }

  beforeEach(() => {
    backing = mkdtempSync(join(tmpdir(), 'gpuplay-pve-tree-'))
    quorate = true
    tree = openTree()
  })
  afterEach(() => rmSync(backing, { recursive: true }))

  test('has one mode and one owner for all files', () => {
    const file = tree.create(at('nodes/pve1/lxc'), '101.conf')
    assert.equal(tree.mode(file), 0o640)
    assert.equal(
      refusal(() => tree.changeMode(file.inode, 0o600)),
      'EPERM',
    )
    assert.equal(
      refusal(() => tree.changeMode(file.inode, 0o640)),
      'none',
    )
    assert.equal(
      refusal(() => tree.changeOwner(file.inode, 1000, undefined)),
      'EPERM',
    )
    assert.equal(
      refusal(() => tree.changeOwner(file.inode, 0, 33)),
      'none',
    )
    assert.equal(tree.mode(tree.create(at('priv'), 'key')), 0o600)
  })

  test('keeps written files over a restart', () => {
    const file = tree.create(at('nodes/pve1/lxc'), '101.conf')
    tree.write(file.inode, 0, Buffer.from('arch: amd64\n'))
    tree.write(file.inode, 12, Buffer.from('cores: 2\n'))
    tree.truncate(file.inode, 12)
    tree = openTree()
    const again = tree.lookup(at('nodes/pve1/lxc'), '101.conf')
    assert.equal(tree.read(again.inode).toString(), 'arch: amd64\n')
  })

  test('refuses files of more than a mebibyte', () => {
    const file = tree.create(root, 'big')
    assert.equal(
      refusal(() => tree.write(file.inode, 1024 * 1024 - 1, Buffer.from('ab'))),
      'EFBIG',
    )
    assert.equal(
      refusal(() => tree.truncate(file.inode, 1024 * 1024 + 1)),
      'EFBIG',
    )
    assert.equal(
      refusal(() => tree.write(file.inode, 1024 * 1024 - 1, Buffer.from('a'))),
      'none',
    )
  })

  test("accepts a guest's number only once in the cluster", () => {
    tree.makeDirectory(at('nodes'), 'pve2')
    tree.makeDirectory(at('nodes/pve2'), 'lxc')
    tree.create(at('nodes/pve1/lxc'), '101.conf')
    assert.equal(
      refusal(() => tree.create(at('nodes/pve2/lxc'), '101.conf')),
      'EEXIST',
    )
    assert.equal(
      refusal(() => tree.create(at('nodes/pve1/qemu-server'), '101.conf')),
      'EEXIST',
    )
    assert.equal(
      refusal(() => tree.create(at('nodes/pve2/lxc'), '101.conf.bak')),
      'none',
    )
    // a guest that moves is still one guest
    assert.equal(
      refusal(() => tree.rename(at('nodes/pve1/lxc'), '101.conf', at('nodes/pve2/lxc'), '101.conf')),
      'none',
    )
  })

  test('replaces a file by renaming another over it', () => {
    const lxc = at('nodes/pve1/lxc')
    tree.write(tree.create(lxc, '101.conf').inode, 0, Buffer.from('old'))
    tree.write(tree.create(lxc, '101.conf.tmp').inode, 0, Buffer.from('new'))
    tree.rename(lxc, '101.conf.tmp', lxc, '101.conf')
    assert.equal(tree.read(tree.lookup(lxc, '101.conf').inode).toString(), 'new')
    assert.equal(readFileSync(join(backing, 'nodes/pve1/lxc/101.conf'), 'utf8'), 'new')
    assert.equal(
      refusal(() => tree.lookup(lxc, '101.conf.tmp')),
      'ENOENT',
    )
  })

  test('is read-only without quorum', () => {
    const file = tree.create(at('nodes/pve1/lxc'), '101.conf')
    quorate = false
    assert.equal(tree.mode(file), 0o440)
    assert.equal(
      refusal(() => tree.write(file.inode, 0, Buffer.from('x'))),
      'EACCES',
    )
    assert.equal(
      refusal(() => tree.create(at('nodes/pve1/lxc'), '102.conf')),
      'EACCES',
    )
    assert.equal(
      refusal(() => tree.read(file.inode)),
      'none',
    )
  })

  test('two nodes with one directory see the changes of the other, except without quorum', () => {
    const shared = mkdtempSync(join(tmpdir(), 'gpuplay-pve-shared-'))
    const quorateNodes = new Set(['pve1', 'pve2'])
    const [one, two] = ['pve1', 'pve2'].map(
      (node) =>
        new PveTree({ backing, shared, node, quorate: () => quorateNodes.has(node), now: () => 1000 }),
    )
    assert.ok(one !== undefined && two !== undefined)
    const directory = (of: PveTree): number =>
      'nodes/pve1/lxc'.split('/').reduce((inode, name) => of.lookup(inode, name).inode, root)
    const names = (of: PveTree): readonly string[] =>
      of.inStep(() => of.list(directory(of)).map(([name]) => name))
    one.inStep(() => {
      const file = one.create(directory(one), '101.conf')
      one.write(file.inode, 0, Buffer.from('cores: 2\n'))
    })
    const content = two.inStep(() => two.read(two.lookup(directory(two), '101.conf').inode).toString())
    assert.equal(content, 'cores: 2\n')
    two.inStep(() => two.rename(directory(two), '101.conf', directory(two), '102.conf'))
    assert.deepEqual(names(one), ['102.conf'])
    quorateNodes.delete('pve2')
    one.inStep(() => one.remove(directory(one), '102.conf', 'file'))
    assert.deepEqual(names(two), ['102.conf'])
    quorateNodes.add('pve2')
    assert.deepEqual(names(two), [])
    rmSync(shared, { recursive: true })
  })
})
