/** Values of variables of containers. Container 101 is privileged and has GPU 0; 102 is unprivileged and has GPU 1. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { VariablePlays } from './variable-plays.ts'

/** Declares the tests. Each needs a node and two containers that are as declared. */
export function containerVariables({ lab, play, changes, refused, node }: VariablePlays): void {
  describe('of containers:', () => {
    it('lxc_passthrough_uid, _gid and _mode own the device nodes', async () => {
      const variables = { lxc_passthrough_uid: 1000, lxc_passthrough_gid: 44, lxc_passthrough_mode: '0660' }
      const changed = await changes({ limit: 'ct102', variables })
      assert.ok(changed.includes("ct102 lxc_passthrough : Pass the GPUs' device nodes to the container"))
      assert.equal(await lab().container(102).output('stat -c "%u %g %a" /dev/nvidia1'), '1000 44 660\n')
      assert.deepEqual(await changes({ limit: 'ct102', variables }), [])
    })

    it('lxc_passthrough_uvm_tools: false leaves /dev/nvidia-uvm-tools out', async () => {
      await lab().container(102).output('test -e /dev/nvidia-uvm-tools')
      const given = { limit: 'ct102', variables: { lxc_passthrough_uvm_tools: false } }
      assert.ok((await changes(given)).length > 0)
      assert.doesNotMatch(await node('cat /etc/pve/lxc/102.conf'), /uvm-tools/)
      assert.equal((await lab().container(102).exec('test -e /dev/nvidia-uvm-tools')).code, 1)
      assert.deepEqual(await changes(given), [])
    })

    it('lxc_passthrough_moved: follow accepts an index that means another card than recorded', async () => {
      const note = '/var/lib/gpuplay/v1/assignments/101'
      await node(`sed -i 's/^index 0 .*/index 0 0000:81:00.0/' ${note}`)
      await refused(
        { limit: 'ct101', variables: {} },
        4,
        /GPU 0 of pve1 is now 0000:01:00\.0, but was 0000:81:00\.0 when container 101 was configured/,
      )
      const given = { limit: 'ct101', variables: { lxc_passthrough_moved: 'follow' } }
      assert.deepEqual(await changes(given), [
        "ct101 lxc_passthrough : Pass the GPUs' device nodes to the container",
      ])
      assert.match(await node(`cat ${note}`), /^index 0 0000:01:00\.0$/m)
      assert.deepEqual(await changes({ ...given, variables: {} }), [])
    })

    it('lxc_passthrough_ostypes: [] accepts a container of any distribution', async () => {
      const file = '/etc/pve/lxc/102.conf'
      await node(`text=$(sed 's/^ostype: .*/ostype: fedora/' ${file}); printf '%s\\n' "$text" >${file}`)
      await refused(
        { limit: 'ct102', variables: {} },
        2,
        /has the distribution fedora, which is not supported/,
      )
      assert.deepEqual(await changes({ limit: 'ct102', variables: { lxc_passthrough_ostypes: [] } }), [])
    })

    it('lxc_passthrough_force_stop kills a container after lxc_passthrough_shutdown_timeout', async () => {
      const unit =
        '[Service]\\nExecStart=/bin/sleep infinity\\nExecStop=/bin/sleep 600\\nTimeoutStopSec=900\\n'
      const stuck = `printf '${unit}' >/etc/systemd/system/slow.service; systemctl daemon-reload; systemctl start slow`
      await lab().container(101).output(stuck)
      const wish = { gpu_assignment: '1', lxc_passthrough_shutdown_timeout: 2 }
      await refused({ limit: 'ct101', variables: wish }, 6, /cannot (shut down|restart|reboot) container 101/)
      assert.equal(await node('pct status 101'), 'status: running\n')
      await lab().container(101).exec('systemctl start slow')
      const forced = { limit: 'ct101', variables: { ...wish, lxc_passthrough_force_stop: true } }
      const changed = await changes(forced)
      assert.ok(changed.includes('ct101 lxc_passthrough : Restart the container if its devices have changed'))
      assert.match(await lab().container(101).output('ls /dev'), /^nvidia1$/m)
    })

    it('cuda_toolkit_sources: refuse changes no apt source', async () => {
      const list = '/etc/apt/sources.list.d/other.list'
      const source = 'deb https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64/ /\n'
      await lab()
        .container(101)
        .output(`apt-get -y -qq purge cuda-toolkit-12-8; cat >${list}`, { input: source })
      const variables = { cuda_toolkit_sources: 'refuse' }
      await refused({ limit: 'ct101', variables }, 5, /container 101 has 2 apt sources for CUDA/)
      assert.equal(await lab().container(101).output(`cat ${list}`), source)
    })

    it('container_runtime_restart: never reports the restart that Docker needs, and installs nothing', async () => {
      const variables = { container_runtime: 'docker', container_runtime_restart: 'never' }
      const run = await play({ limit: 'ct102', variables })
      assert.equal(run.exitCode, 0, run.text)
      assert.match(run.text, /restart container 102/)
      assert.match(await node('pct config 102'), /^features: nesting=1,keyctl=1$/m)
      assert.notEqual((await lab().container(102).exec('dpkg -s docker-ce')).code, 0)
    })
  })
}
