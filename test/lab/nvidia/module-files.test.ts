import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseModprobe } from './module-files.ts'

test('modprobe.d accepts both spellings of modules, commands and soft dependencies', () => {
  const config = parseModprobe(
    '# note\nblacklist nouveau\ninstall nova-core /bin/false\nsoftdep nvidia pre: vfio-pci post: nvidia-uvm nvidia-drm\n',
  )
  assert.deepEqual([...config.blacklist], ['nouveau'])
  assert.equal(config.install.get('nova_core'), '/bin/false')
  assert.deepEqual(config.softBefore.get('nvidia'), ['vfio_pci'])
  assert.deepEqual(config.softAfter.get('nvidia'), ['nvidia_uvm', 'nvidia_drm'])
})
