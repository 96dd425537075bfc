/** Containers on a node whose driver is loaded: devices, rules, user space, and `pct` itself. */
import assert from 'node:assert/strict'
import { before, beforeEach, describe, it } from 'node:test'
import { driver, older, quietly, type Subject } from './subject.ts'

const inContainer = `${quietly} --no-kernel-module --no-nouveau-check --no-nvidia-modprobe`

export function containerTests({ output, status, both }: Subject): void {
  describe('and in its containers', () => {
    const conf = (ctid: number): string => `/etc/pve/lxc/${ctid}.conf`
    const lines = (ctid: number, ...text: readonly string[]): Promise<string> =>
      output(`printf '%s\\n' ${text.map((line) => `'${line}'`).join(' ')} >>${conf(ctid)}`)
    const visible = (ctid: number): Promise<string> =>
      both(`pct exec ${ctid} -- nvidia-smi --query-gpu=pci.bus_id --format=csv,noheader`)

    before(async () => {
      for (const ctid of [101, 102]) {
        assert.match(
          await both(
            `pct push ${ctid} /root/${driver}.run /root/d.run && pct exec ${ctid} -- env TMPDIR=/var/tmp sh /root/d.run ${inContainer}`,
          ),
          /module utility `modprobe`[^]*= 1$/,
        )
        await output(
          `pct exec ${ctid} -- sh -c 'apt-get -qq update; apt-get -y -qq install kmod'; pct exec ${ctid} -- env TMPDIR=/var/tmp sh /root/d.run ${inContainer}`,
        )
      }
      await output(`for c in 101 102; do pct stop $c; done; cp ${conf(101)} ${conf(102)} /root/`)
    })
    beforeEach(() =>
      status('for c in 101 102; do pct stop $c; cat /root/$c.conf >/etc/pve/lxc/$c.conf; done'),
    )

    it('without device nodes nvidia-smi finds no driver', async () => {
      await output('pct start 102')
      assert.match(await visible(102), /couldn't communicate with the NVIDIA driver[^]*= 9$/)
      assert.match(
        await output('pct exec 102 -- cat /proc/driver/nvidia/version'),
        new RegExp(`Kernel Module for x86_64 {2}${driver} `),
      )
    })

    it('devN creates private nodes with owner and mode, only for the assigned card', async () => {
      await output(
        'pct set 102 --dev0 /dev/nvidia1,mode=0666 --dev1 /dev/nvidiactl,gid=44 --dev2 /dev/nvidia-uvm; pct start 102',
      )
      assert.equal(await visible(102), '00000000:41:00.0\n= 0')
      assert.equal(
        await output("pct exec 102 -- stat -c '%n %a %u %g' /dev/nvidia1 /dev/nvidiactl /dev/nvidia-uvm"),
        '/dev/nvidia1 666 0 0\n/dev/nvidiactl 660 0 44\n/dev/nvidia-uvm 660 0 0\n',
      )
      assert.match(
        await both('pct exec 102 -- setpriv --reuid 1000 --regid 1000 --clear-groups nvidia-smi'),
        /Insufficient Permissions[^]*= 4$/,
      )
    })

    it('a privileged container opens the devices that its rules allow, independent of mounts', async () => {
      const mounts = ['nvidia0', 'nvidia1', 'nvidiactl'].map(
        (device) => `lxc.mount.entry: /dev/${device} dev/${device} none bind,optional,create=file`,
      )
      await lines(101, ...mounts)
      await output('pct start 101')
      assert.equal(await visible(101), 'Failed to initialize NVML: Unknown Error\n= 255')
      await lines(101, 'lxc.cgroup2.devices.allow: c 195:255 rwm', 'lxc.cgroup2.devices.allow: c 195:1 rwm')
      await output('pct reboot 101')
      assert.equal(await visible(101), '00000000:41:00.0\n= 0')
    })

    it('the old spelling of device rules causes a warning and allows nothing', async () => {
      await lines(
        101,
        'lxc.mount.entry: /dev/nvidiactl dev/nvidiactl none bind,optional,create=file',
        'lxc.cgroup.devices.allow: c 195:* rwm',
      )
      assert.match(await both('pct start 101'), /^vm 101 - lxc\.cgroup\.devices\.allow is deprecated[^]*= 0$/)
      assert.equal(await visible(101), 'Failed to initialize NVML: Unknown Error\n= 255')
    })

    it('an optional mount of a missing node leaves an empty file without mode', async () => {
      await lines(102, 'lxc.mount.entry: /dev/nvidia9 dev/nvidia9 none bind,optional,create=file')
      await output('pct start 102')
      assert.equal(
        await output("pct exec 102 -- stat -c '%F %a %s' /dev/nvidia9"),
        'regular empty file 0 0\n',
      )
    })

    it('a missing devN and a node mounted twice prevent a container from starting', async () => {
      await lines(102, 'dev0: /dev/nvidia9')
      assert.equal(await both('pct start 102'), 'Device /dev/nvidia9 does not exist\n= 255')
      await output(`sed -i /nvidia9/d ${conf(102)}`)
      await lines(
        102,
        'dev0: /dev/nvidia0',
        'lxc.mount.entry: /dev/nvidia0 dev/nvidia0 none bind,optional,create=file',
      )
      assert.match(
        await both('pct start 102'),
        /Script exited with status 17[^]*Failed to run autodev hooks[^]*= 255$/,
      )
    })

    it('a user-space driver of another version than the module is a mismatch', async () => {
      await output('pct set 102 --dev0 /dev/nvidia0,mode=0666 --dev1 /dev/nvidiactl,mode=0666; pct start 102')
      // The container is still booting, and its tmpfiles empty /tmp.
      await output(
        `pct push 102 /root/${older}.run /root/e.run; pct exec 102 -- env TMPDIR=/var/tmp sh /root/e.run ${inContainer}`,
      )
      assert.equal(
        await visible(102),
        'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 570.124\n= 18',
      )
      await output('pct exec 102 -- nvidia-uninstall --silent')
      assert.equal(
        await status('pct exec 102 -- sh -c "ls /var/lib/nvidia || ls /usr/lib/x86_64-linux-gnu/libcuda*"'),
        2,
      )
      await output(`pct exec 102 -- env TMPDIR=/var/tmp sh /root/d.run ${inContainer}`)
    })

    it('Proxmox VE 9 adds a new device to a running container; in 8 it stays pending', async () => {
      await output('pct start 102; pct set 102 --dev0 /dev/nvidia0,mode=0666')
      assert.match(await output('pct pending 102'), /^new dev0: \/dev\/nvidia0,mode=0666$/m)
      await output(
        'sed -i \'s/"pveVersion": .*/"pveVersion": "9.0.10",/\' /etc/lab/node.json; pct set 102 --dev1 /dev/nvidiactl,mode=0666 --dev2 /dev/nvidia1,mode=0666',
      )
      assert.equal(await visible(102), '00000000:41:00.0\n= 0')
      await output('pct set 102 --delete dev2')
      assert.match(await output('pct pending 102'), /^del dev2: /m)
      await output('sed -i \'s/"pveVersion": .*/"pveVersion": "8.4.1",/\' /etc/lab/node.json')
    })

    it('pct exec passes on status, streams, arguments and environment of the command', async () => {
      await output('pct start 102')
      assert.equal(await status("pct exec 102 -- sh -c 'exit 7'"), 7)
      assert.equal(await status('pct exec 102 -- nosuchcommand'), 127)
      assert.equal(await status("pct exec 102 -- sh -c 'kill -9 $$'"), 137)
      assert.equal(
        await output("echo in | pct exec 102 -- sh -c 'cat; pwd; echo \"$1\"' sh 'a  b'"),
        'in\n/\na  b\n',
      )
      assert.equal(
        await output('X=1 pct exec 102 -- sh -c \'echo "$X $PATH"\''),
        '1 /sbin:/bin:/usr/sbin:/usr/bin\n',
      )
      assert.equal(await output('X=1 pct exec 102 --keep-env 0 -- sh -c \'echo "$X"\''), '\n')
      assert.match(await both('pct exec 101 -- true'), /container '101' not running!\n= 255$/)
      assert.match(
        await both('pct exec 999 -- true'),
        /^Configuration file 'nodes\/pve1\/lxc\/999\.conf' does not exist\n= 2$/,
      )
      assert.equal(await status('pct start 999'), 255)
    })

    it('pct push exits with 0 even if it fails', async () => {
      await output('pct start 102')
      assert.equal(
        await both('pct push 102 /etc/hostname /nowhere/file'),
        'failed to create file: No such file or directory\n= 0',
      )
      assert.match(await both('pct push 102 /nowhere /root/file'), /No such file or directory\n= 0$/)
      await output('pct push 102 /etc/hostname /root/file --perms 0755 --user 1000')
      assert.equal(await output("pct exec 102 -- stat -c '%a %u' /root/file"), '755 1000\n')
    })

    it('a container locked by its lock file or its configuration is not changed', async () => {
      const started = Date.now()
      assert.match(
        await both('flock /run/lock/lxc/pve-config-102.lock pct set 102 --memory 600'),
        /can't lock file '\/run\/lock\/lxc\/pve-config-102\.lock' - got timeout\n= 4$/,
      )
      assert.ok(Date.now() - started > 9000)
      await output(`sed -i '1i lock: backup' ${conf(102)}`)
      assert.equal(await both('pct start 102'), 'CT is locked (backup)\n= 255')
      assert.match(await output('pct list'), /^102 +stopped +backup +ct102 *$/m)
      await output('pct unlock 102')
      assert.doesNotMatch(await output(`cat ${conf(102)}`), /lock/)
    })

    it('pct set rewrites the file, as Proxmox does', async () => {
      await output(
        `{ echo '#a: note'; echo 'bogus line'; echo 'lxc.environment = A=1'; cat /root/102.conf; } >${conf(102)}`,
      )
      await output('pct set 102 --cores 2')
      const text = await output(`cat ${conf(102)}`)
      assert.match(text, /^#a%3A note\narch: amd64\ncores: 2\n[^]*\nlxc\.environment: A=1\n$/)
      assert.doesNotMatch(text, /bogus/)
    })
  })
}
