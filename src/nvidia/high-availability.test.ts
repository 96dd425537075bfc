import assert from 'node:assert/strict'
import { test } from 'node:test'
import { affinitiesOf, managedGuests } from './high-availability.ts'

const resources = `ct: 101
	group gpu
	state started

vm: 900
	state ignored

vm: 901
	comment state ignored, they said
`

test('guests that HA ignores are not managed', () => {
  assert.deepEqual(managedGuests(resources), ['101', '901'])
})

test('a group of Proxmox VE 8 names the nodes of its guests', () => {
  const groups = 'group: gpu\n\tnodes pve1:2,pve2\n\trestricted 1\n\ngroup: other\n\tnodes pve3\n'
  const of = affinitiesOf({ resources, groups, rules: '' })
  assert.deepEqual(of('101'), [
    { says: 'group "gpu": only on pve1, pve2', nodes: ['pve1', 'pve2'], strict: true },
  ])
  assert.deepEqual(of('901'), [])
})

test('rules of Proxmox VE 9 tie guests to nodes and to each other', () => {
  const rules = `node-affinity: gpu
	resources ct:101,vm:900
	nodes pve1

node-affinity: off
	disable 1
	resources ct:101
	nodes pve3
	strict 1

resource-affinity: together
	resources vm:901,ct:101
	affinity positive
`
  const of = affinitiesOf({ resources: '', groups: '', rules })
  assert.deepEqual(of('101'), [
    { says: 'rule "gpu": preferably on pve1', nodes: ['pve1'], strict: false },
    { says: 'rule "together": on the node of vm:901', nodes: undefined, strict: false },
  ])
  const apart = affinitiesOf({ resources: '', groups: '', rules: rules.replace('positive', 'negative') })
  assert.equal(apart('901')[0]?.says, 'rule "together": never on the node of ct:101')
})
