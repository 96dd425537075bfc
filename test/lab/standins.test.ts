import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { LabNode } from './host.ts'
import { Lab } from './lab.ts'
import { whyNoLab } from './machine.ts'

const skip = whyNoLab() ?? false
const name = `test-standins-${process.pid}`
const driver = '580.95.05'
const older = '570.124.06'
const quietly = '--silent --no-x-check'
const inContainer = `${quietly} --no-kernel-module --no-nouveau-check --no-nvidia-modprobe`

describe('the stand-ins of a node', { skip, timeout: 300_000 }, () => {
  let lab: Lab
  let node: LabNode
  const status = async (command: string): Promise<number> => (await node.exec(command)).code
  const both = async (command: string): Promise<string> => {
    const { code, stdout, stderr } = await node.exec(command)
    return `${stdout}${stderr}= ${code}`
  }
  const download = (version: string): string =>
    `curl -fsS -o /root/${version}.run https://us.download.nvidia.com/XFree86/Linux-x86_64/${version}/NVIDIA-Linux-x86_64-${version}.run`

  before(async () => {
    lab = await Lab.up({ name, nodes: 2, containers: 2 })
    node = lab.node('pve1')
  })
  after(() => Lab.down(name))

  describe('before any driver', () => {
    it('nouveau holds the cards, and the node says which kernel it runs', async () => {
      assert.match(
        await node.output('lspci -k 2>/dev/null'),
        /\[?10de|NVIDIA[^]*Kernel driver in use: nouveau/,
      )
      assert.match(await node.output('uname -r; cat /proc/sys/kernel/osrelease'), /^(6\.8\.12-9-pve\n){2}$/)
      assert.equal(
        await both('modprobe nvidia'),
        'modprobe: FATAL: Module nvidia not found in directory /lib/modules/6.8.12-9-pve\n= 1',
      )
    })

    it('the installer wants tools, then headers, then nouveau gone', async () => {
      await node.output(`${download(driver)}; ${download(older)}; apt-get -qq update`)
      const install = `sh /root/${driver}.run ${quietly} --dkms`
      assert.match(await both(install), /Unable to find the development tool `make`[^]*= 1$/)
      await node.output('apt-get -y -qq install make gcc dkms')
      assert.match(await both(install), /Unable to find the kernel source tree[^]*= 1$/)
      await node.output('apt-get -y -qq install proxmox-headers-6.8.12-9-pve')
      assert.match(await both(install), /The Nouveau kernel driver is currently in use[^]*= 1$/)
      assert.match(
        await both(`${install} --no-nouveau-check`),
        /Unable to load the kernel module 'nvidia.ko'[^]*= 1$/,
      )
      assert.match(
        await both(`sh /root/${driver}.run --silent --bogus`),
        /unrecognized option: "--bogus"[^]*Invalid commandline[^]*= 1$/,
      )
      await node.output('nvidia-uninstall --silent')
    })

    it('a blacklist counts only once it is in the initramfs too', async () => {
      await node.output(
        'echo blacklist nouveau >/etc/modprobe.d/lab.conf; rm -f /etc/modprobe.d/nvidia-installer* /usr/lib/modprobe.d/nvidia-installer*',
      )
      await node.reboot()
      assert.match(await node.output('lsmod'), /^nouveau /m)
      await node.output('update-initramfs -u -k all')
      await node.reboot()
      assert.doesNotMatch(await node.output('lsmod'), /nouveau/)
    })
  })

  describe('with the driver on the node', () => {
    before(async () => {
      await node.output(`sh /root/${driver}.run ${quietly} --dkms`)
      await node.output('nvidia-smi -L && nvidia-modprobe -u -c0')
    })

    it('dkms has built it, the linker knows it, and cards are listed', async () => {
      assert.equal(await node.output('dkms status'), `nvidia/${driver}, 6.8.12-9-pve, x86_64: installed\n`)
      assert.match(await node.output('ldconfig -p'), /libcuda\.so\.1 \(libc6,x86-64\)/)
      assert.match(
        await node.output('nvidia-smi --query-gpu=index,pci.bus_id,driver_version --format=csv,noheader'),
        new RegExp(`^0, 00000000:01:00\\.0, ${driver}\\n1, 00000000:41:00\\.0, ${driver}\\n$`),
      )
    })

    it('a module that is in use stays, and a daemon that holds the cards keeps the installer out', async () => {
      assert.equal(
        await both('rmmod nvidia'),
        'rmmod: ERROR: Module nvidia is in use by: nvidia_uvm nvidia_modeset\n= 1',
      )
      await node.output('nvidia-persistenced')
      assert.match(
        await both(`sh /root/${older}.run ${quietly} --dkms`),
        /An NVIDIA kernel module 'nvidia' appears to be already loaded[^]*= 1$/,
      )
      await node.output('kill $(cat /run/nvidia-persistenced/nvidia-persistenced.pid)')
    })

    it('another version takes the place of the first, with new device numbers', async () => {
      const major = await node.output(
        'grep nvidia-uvm /proc/devices; modprobe nvidia-uvm; grep nvidia-uvm /proc/devices',
      )
      await node.output(`sh /root/${older}.run ${quietly} --dkms`)
      assert.equal(await node.output('dkms status'), `nvidia/${older}, 6.8.12-9-pve, x86_64: installed\n`)
      assert.equal(
        await node.output('ls /usr/lib/x86_64-linux-gnu/libcuda.so.5*'),
        `/usr/lib/x86_64-linux-gnu/libcuda.so.${older}\n`,
      )
      assert.equal((await node.output('cat /sys/module/nvidia/version')).trim(), older)
      assert.ok(!major.includes(await node.output('modprobe nvidia-uvm; grep nvidia-uvm /proc/devices')))
      await node.output(`sh /root/${driver}.run ${quietly} --dkms; nvidia-smi -L; nvidia-modprobe -u -c0`)
    })

    it('nodes are gone after a reboot although the module is loaded, until somebody makes them', async () => {
      const major = await node.output('modprobe nvidia-uvm; grep nvidia-uvm /proc/devices')
      await node.reboot()
      assert.match(await node.output('lsmod'), /^nvidia /m)
      assert.notEqual(await status('test -e /dev/nvidia0'), 0)
      assert.doesNotMatch(await node.output('cat /proc/driver/nvidia/gpus/*/information'), /UUID/)
      await node.output('nvidia-smi -L && nvidia-modprobe -u -c0')
      assert.match(await node.output('cat /proc/driver/nvidia/gpus/*/information'), /UUID/)
      assert.notEqual(await node.output('grep nvidia-uvm /proc/devices'), major)
    })

    it('an installation that was killed is taken back by the next one', async () => {
      await node.output('echo 3 >/etc/lab/installer-seconds')
      assert.equal(await status(`timeout -s KILL 2.2 sh /root/${older}.run ${quietly} --dkms`), 137)
      await node.output('rm /etc/lab/installer-seconds')
      await node.output(`sh /root/${driver}.run ${quietly} --dkms`)
      assert.match(
        await node.output('nvidia-installer --driver-info'),
        new RegExp(`\\(version: ${driver}\\)`),
      )
      await node.output('nvidia-installer --sanity')
      assert.equal(
        await node.output('ls /usr/lib/x86_64-linux-gnu/libcuda.so.5*'),
        `/usr/lib/x86_64-linux-gnu/libcuda.so.${driver}\n`,
      )
      await node.output('nvidia-smi -L && nvidia-modprobe -u -c0')
    })

    it("a card that a virtual machine owns is not the driver's, and its machine is listed", async () => {
      const before = await node.output('cat /etc/lab/node.json')
      await node.output(
        'sed -i \'0,/"minor"/s//"ownedByVm": 900,\\n      &/\' /etc/lab/node.json; echo \'name: gamer\' >/etc/pve/qemu-server/900.conf',
      )
      await node.reboot()
      assert.match(await node.output('lspci -k -s 01:00.0 2>/dev/null'), /Kernel driver in use: vfio-pci/)
      assert.match(await node.output('nvidia-smi -L'), /^GPU 0: [^\n]*\n$/)
      assert.match(await node.output('qm list'), /^ +900 gamer +stopped/m)
      assert.equal(
        await both('pct create 900 local:vztmpl/x.tar.zst'),
        "unable to create CT 900 - VM 900 already exists on node 'pve1'\n= 255",
      )
      await node.output(`cat >/etc/lab/node.json <<'END'\n${before}END\nrm /etc/pve/qemu-server/900.conf`)
      await node.reboot()
      await node.output('nvidia-smi -L && nvidia-modprobe -u -c0')
    })

    it('modules named in modules-load.d are there before guests start', async () => {
      await node.output('echo nvidia-uvm >/etc/modules-load.d/lab.conf; echo dummy >>/etc/modules')
      await node.reboot()
      assert.match(await node.output('lsmod'), /^dummy [^]*^nvidia_uvm |^nvidia_uvm [^]*^dummy /m)
      await node.output('rm /etc/modules-load.d/lab.conf; nvidia-smi -L && nvidia-modprobe -u -c0')
    })

    it('a clone has the devices of its original, and a linked one needs a template', async () => {
      await node.output('pct stop 102; pct set 102 --dev0 /dev/nvidia0; pct clone 102 150 --hostname copy')
      assert.match(await node.output('pct config 150'), /^dev0: \/dev\/nvidia0$[^]*^hostname: copy$/m)
      assert.equal(await status('pct clone 150 151 --full 0'), 255)
      await node.output('pct template 150; pct clone 150 151; pct start 151')
      assert.equal(await status('pct start 150'), 255)
      await node.output(
        'pct stop 151; pct destroy 151; pct destroy 150; pct set 102 --delete dev0; pct start 102',
      )
      assert.doesNotMatch(await node.output('pct list'), /15[01]/)
    })

    it("minors run against the cards' addresses on the second node", async () => {
      const other = lab.node('pve2')
      const minors = other.spec.gpus.map(({ minor }) => minor)
      assert.deepEqual(
        minors,
        minors.toSorted((a, b) => b - a),
      )
    })

    describe('and in its containers', () => {
      const conf = (ctid: number): string => `/etc/pve/lxc/${ctid}.conf`
      const lines = (ctid: number, ...text: readonly string[]): Promise<string> =>
        node.output(`printf '%s\\n' ${text.map((line) => `'${line}'`).join(' ')} >>${conf(ctid)}`)
      const visible = (ctid: number): Promise<string> =>
        both(`pct exec ${ctid} -- nvidia-smi --query-gpu=pci.bus_id --format=csv,noheader`)

      before(async () => {
        for (const ctid of [101, 102]) {
          assert.match(
            await both(
              `pct push ${ctid} /root/${driver}.run /root/d.run && pct exec ${ctid} -- sh /root/d.run ${inContainer}`,
            ),
            /module utility `modprobe`[^]*= 1$/,
          )
          await node.output(
            `pct exec ${ctid} -- sh -c 'apt-get -qq update; apt-get -y -qq install kmod'; pct exec ${ctid} -- sh /root/d.run ${inContainer}`,
          )
        }
        await node.output(`for c in 101 102; do pct stop $c; done; cp ${conf(101)} ${conf(102)} /root/`)
      })
      beforeEach(() =>
        node.exec('for c in 101 102; do pct stop $c; cat /root/$c.conf >/etc/pve/lxc/$c.conf; done'),
      )

      it('without device nodes nvidia-smi finds no driver', async () => {
        await node.output('pct start 102')
        assert.match(await visible(102), /couldn't communicate with the NVIDIA driver[^]*= 9$/)
        assert.match(
          await node.output('pct exec 102 -- cat /proc/driver/nvidia/version'),
          new RegExp(`Kernel Module for x86_64 {2}${driver} `),
        )
      })

      it('devN makes private nodes with owner and mode, for the assigned card alone', async () => {
        await node.output(
          'pct set 102 --dev0 /dev/nvidia1,mode=0666 --dev1 /dev/nvidiactl,gid=44 --dev2 /dev/nvidia-uvm; pct start 102',
        )
        assert.equal(await visible(102), '00000000:41:00.0\n= 0')
        assert.equal(
          await node.output(
            "pct exec 102 -- stat -c '%n %a %u %g' /dev/nvidia1 /dev/nvidiactl /dev/nvidia-uvm",
          ),
          '/dev/nvidia1 666 0 0\n/dev/nvidiactl 660 0 44\n/dev/nvidia-uvm 660 0 0\n',
        )
        assert.match(
          await both('pct exec 102 -- setpriv --reuid 1000 --regid 1000 --clear-groups nvidia-smi'),
          /Insufficient Permissions[^]*= 4$/,
        )
      })

      it('a privileged container opens what its rules allow, whatever is mounted', async () => {
        const mounts = ['nvidia0', 'nvidia1', 'nvidiactl'].map(
          (device) => `lxc.mount.entry: /dev/${device} dev/${device} none bind,optional,create=file`,
        )
        await lines(101, ...mounts)
        await node.output('pct start 101')
        assert.equal(await visible(101), 'Failed to initialize NVML: Unknown Error\n= 255')
        await lines(101, 'lxc.cgroup2.devices.allow: c 195:255 rwm', 'lxc.cgroup2.devices.allow: c 195:1 rwm')
        await node.output('pct reboot 101')
        assert.equal(await visible(101), '00000000:41:00.0\n= 0')
      })

      it('the old spelling of device rules is warned about and allows nothing', async () => {
        await lines(
          101,
          'lxc.mount.entry: /dev/nvidiactl dev/nvidiactl none bind,optional,create=file',
          'lxc.cgroup.devices.allow: c 195:* rwm',
        )
        assert.match(
          await both('pct start 101'),
          /^vm 101 - lxc\.cgroup\.devices\.allow is deprecated[^]*= 0$/,
        )
        assert.equal(await visible(101), 'Failed to initialize NVML: Unknown Error\n= 255')
      })

      it('an optional mount of a missing node leaves an empty file without mode', async () => {
        await lines(102, 'lxc.mount.entry: /dev/nvidia9 dev/nvidia9 none bind,optional,create=file')
        await node.output('pct start 102')
        assert.equal(
          await node.output("pct exec 102 -- stat -c '%F %a %s' /dev/nvidia9"),
          'regular empty file 0 0\n',
        )
      })

      it('a missing devN and a node mounted twice keep a container from starting', async () => {
        await lines(102, 'dev0: /dev/nvidia9')
        assert.equal(await both('pct start 102'), 'Device /dev/nvidia9 does not exist\n= 255')
        await node.output(`sed -i /nvidia9/d ${conf(102)}`)
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

      it('user space of another version than the module is a mismatch', async () => {
        await node.output(
          'pct set 102 --dev0 /dev/nvidia0,mode=0666 --dev1 /dev/nvidiactl,mode=0666; pct start 102',
        )
        await node.output(
          `pct push 102 /root/${older}.run /root/e.run; pct exec 102 -- sh /root/e.run ${inContainer}`,
        )
        assert.equal(
          await visible(102),
          'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 570.124\n= 18',
        )
        await node.output('pct exec 102 -- nvidia-uninstall --silent')
        assert.equal(
          await status('pct exec 102 -- sh -c "ls /var/lib/nvidia || ls /usr/lib/x86_64-linux-gnu/libcuda*"'),
          2,
        )
        await node.output(`pct exec 102 -- sh /root/d.run ${inContainer}`)
      })

      it('Proxmox VE 9 plugs a new device into a running container, 8 lets it wait', async () => {
        await node.output('pct start 102; pct set 102 --dev0 /dev/nvidia0,mode=0666')
        assert.match(await node.output('pct pending 102'), /^new dev0: \/dev\/nvidia0,mode=0666$/m)
        await node.output(
          'sed -i \'s/"pveVersion": .*/"pveVersion": "9.0.10",/\' /etc/lab/node.json; pct set 102 --dev1 /dev/nvidiactl,mode=0666 --dev2 /dev/nvidia1,mode=0666',
        )
        assert.equal(await visible(102), '00000000:41:00.0\n= 0')
        await node.output('pct set 102 --delete dev2')
        assert.match(await node.output('pct pending 102'), /^del dev2: /m)
        await node.output('sed -i \'s/"pveVersion": .*/"pveVersion": "8.4.1",/\' /etc/lab/node.json')
      })

      it('pct exec is the command: its status, streams, arguments and environment', async () => {
        await node.output('pct start 102')
        assert.equal(await status("pct exec 102 -- sh -c 'exit 7'"), 7)
        assert.equal(await status('pct exec 102 -- nosuchcommand'), 127)
        assert.equal(await status("pct exec 102 -- sh -c 'kill -9 $$'"), 137)
        assert.equal(
          await node.output("echo in | pct exec 102 -- sh -c 'cat; pwd; echo \"$1\"' sh 'a  b'"),
          'in\n/\na  b\n',
        )
        assert.equal(
          await node.output('X=1 pct exec 102 -- sh -c \'echo "$X $PATH"\''),
          '1 /sbin:/bin:/usr/sbin:/usr/bin\n',
        )
        assert.equal(await node.output('X=1 pct exec 102 --keep-env 0 -- sh -c \'echo "$X"\''), '\n')
        assert.match(await both('pct exec 101 -- true'), /container '101' not running!\n= 255$/)
        assert.match(
          await both('pct exec 999 -- true'),
          /^Configuration file 'nodes\/pve1\/lxc\/999\.conf' does not exist\n= 2$/,
        )
        assert.equal(await status('pct start 999'), 255)
      })

      it('pct push succeeds whatever happens', async () => {
        await node.output('pct start 102')
        assert.equal(
          await both('pct push 102 /etc/hostname /nowhere/file'),
          'failed to create file: No such file or directory\n= 0',
        )
        assert.match(await both('pct push 102 /nowhere /root/file'), /No such file or directory\n= 0$/)
        await node.output('pct push 102 /etc/hostname /root/file --perms 0755 --user 1000')
        assert.equal(await node.output("pct exec 102 -- stat -c '%a %u' /root/file"), '755 1000\n')
      })

      it('a locked container is left alone, by its file and by its configuration', async () => {
        const started = Date.now()
        assert.match(
          await both('flock /run/lock/lxc/pve-config-102.lock pct set 102 --memory 600'),
          /can't lock file '\/run\/lock\/lxc\/pve-config-102\.lock' - got timeout\n= 4$/,
        )
        assert.ok(Date.now() - started > 9000)
        await node.output(`sed -i '1i lock: backup' ${conf(102)}`)
        assert.equal(await both('pct start 102'), 'CT is locked (backup)\n= 255')
        assert.match(await node.output('pct list'), /^102 +stopped +backup +ct102 *$/m)
        await node.output('pct unlock 102')
        assert.doesNotMatch(await node.output(`cat ${conf(102)}`), /lock/)
      })

      it('pct set writes the file anew, as Proxmox does', async () => {
        await node.output(
          `{ echo '#a: note'; echo 'bogus line'; echo 'lxc.environment = A=1'; cat /root/102.conf; } >${conf(102)}`,
        )
        await node.output('pct set 102 --cores 2')
        const text = await node.output(`cat ${conf(102)}`)
        assert.match(text, /^#a%3A note\narch: amd64\ncores: 2\n[^]*\nlxc\.environment: A=1\n$/)
        assert.doesNotMatch(text, /bogus/)
      })
    })
  })
})
