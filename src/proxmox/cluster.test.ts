import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gpuHost } from '../nvidia/testing/gpu-host.ts'
import { corosyncFile } from './testing/corosync.ts'
import { parseCorosync, readCluster, restartSlots, wrongCluster } from './cluster.ts'

const three = corosyncFile('prod', ['pve1', 'pve2', 'pve3'])

test('the name and the members come from their own sections', () => {
  const { name, members } = parseCorosync(three)
  assert.equal(name, 'prod')
  assert.deepEqual(members, [
    { name: 'pve1', address: '192.0.2.11' },
    { name: 'pve2', address: '192.0.2.12' },
    { name: 'pve3', address: '192.0.2.13' },
  ])
  const odd = `# cluster_name: old\ntotem{\n cluster_name : x\n interface {\n  cluster_name: y\n }\n}\n`
  assert.deepEqual(parseCorosync(odd), { name: 'x', members: [] })
})

test('restarts exclude each other if their clusters share a member, not if they only share a name', () => {
  const slots = (text: string): readonly string[] => restartSlots(parseCorosync(text))
  const shared = (a: string, b: string): number => slots(a).filter((slot) => slots(b).includes(slot)).length
  assert.equal(shared(three, corosyncFile('prod', ['pve1', 'pve2'])), 2)
  const elsewhere = three.replaceAll('192.0.2.', '198.51.100.')
  assert.equal(shared(three, elsewhere), 0)
  assert.deepEqual(restartSlots(undefined), [])
})

test('a node whose /etc/pve is not mounted is still a member', async () => {
  const read = (path: string, text: string): ReturnType<typeof readCluster> =>
    readCluster(gpuHost({ files: { [path]: text } }))
  assert.equal((await read('/etc/corosync/corosync.conf', three))?.name, 'prod')
  assert.equal(await read('/etc/hosts', ''), undefined)
  await assert.rejects(read('/etc/pve/corosync.conf', 'totem {}\n'), /on pve1 lists no nodes/)
})

test('a wrong pve_cluster is a mistake of input that names both clusters', () => {
  const why = (said: string | undefined, text: string | undefined): string | undefined => {
    const cluster = text === undefined ? undefined : parseCorosync(text)
    const refusal = wrongCluster(gpuHost(said === undefined ? {} : { cluster: said }), cluster)
    if (refusal !== undefined) assert.equal(refusal.exitCode, 2)
    return refusal?.message
  }
  assert.equal(why(undefined, three), undefined)
  assert.equal(why('prod', three), undefined)
  assert.equal(why('lab', three), 'the inventory says pve_cluster: lab, but pve1 is in the cluster "prod"')
  assert.equal(why('lab', undefined), 'the inventory says pve_cluster: lab, but pve1 is in no cluster')
})
