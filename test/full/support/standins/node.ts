/** A node from nouveau to a driver: its kernel, its installer, its cards and its guests. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { driver, older, quietly, type Subject } from './subject.ts'

const download = (version: string): string =>
  `curl -fsS -o /root/${version}.run https://us.download.nvidia.com/XFree86/Linux-x86_64/${version}/NVIDIA-Linux-x86_64-${version}.run`

/** Leaves a node whose driver is loaded. */
export function nodeTests({ lab, output, status, both, reboot }: Subject): void {
  describe('before any driver', () => {
    it('nouveau drives the cards, and the node reports its kernel', async () => {
      assert.match(await output('lspci -k 2>/dev/null'), /\[?10de|NVIDIA[^]*Kernel driver in use: nouveau/)
      assert.match(await output('uname -r; cat /proc/sys/kernel/osrelease'), /^(6\.8\.12-9-pve\n){2}$/)
      assert.equal(
        await both('modprobe nvidia'),
        'modprobe: FATAL: Module nvidia not found in directory /lib/modules/6.8.12-9-pve\n= 1',
      )
    })

    it('the installer requires tools, then headers, then the removal of nouveau', async () => {
      await output(`${download(driver)}; ${download(older)}; apt-get -qq update`)
      const install = `sh /root/${driver}.run ${quietly} --dkms`
      assert.match(await both(install), /Unable to find the development tool `make`[^]*= 1$/)
      await output('apt-get -y -qq install make gcc dkms')
      assert.match(await both(install), /Unable to find the kernel source tree[^]*= 1$/)
      await output('apt-get -y -qq install proxmox-headers-6.8.12-9-pve')
      assert.match(await both(install), /The Nouveau kernel driver is currently in use[^]*= 1$/)
      assert.match(
        await both(`${install} --no-nouveau-check`),
        /Unable to load the kernel module 'nvidia.ko'[^]*= 1$/,
      )
      assert.match(
        await both(`sh /root/${driver}.run --silent --bogus`),
        /unrecognized option: "--bogus"[^]*Invalid commandline[^]*= 1$/,
      )
      // the test load is before any change of the disk (kernel.c of nvidia-installer, test_kernel_modules)
      assert.equal(await status('test -e /usr/bin/nvidia-uninstall'), 1)
    })

    it('a blacklist takes effect only after it is in the initramfs', async () => {
      await output(
        'echo blacklist nouveau >/etc/modprobe.d/lab.conf; rm -f /etc/modprobe.d/nvidia-installer* /usr/lib/modprobe.d/nvidia-installer*',
      )
      await reboot()
      assert.match(await output('lsmod'), /^nouveau /m)
      await output('update-initramfs -u -k all')
      await reboot()
      assert.doesNotMatch(await output('lsmod'), /nouveau/)
    })
  })

  describe('with the driver on the node', () => {
    before(async () => {
      await output(`sh /root/${driver}.run ${quietly} --dkms`)
      await output('nvidia-smi -L && nvidia-modprobe -u -c0')
    })

    it('dkms has built it, the linker finds it, and nvidia-smi lists the cards', async () => {
      assert.equal(await output('dkms status'), `nvidia/${driver}, 6.8.12-9-pve, x86_64: installed\n`)
      assert.match(await output('ldconfig -p'), /libcuda\.so\.1 \(libc6,x86-64\)/)
      assert.match(
        await output('nvidia-smi --query-gpu=index,pci.bus_id,driver_version --format=csv,noheader'),
        new RegExp(`^0, 00000000:01:00\\.0, ${driver}\\n1, 00000000:41:00\\.0, ${driver}\\n$`),
      )
    })

    it('a module in use stays loaded, and a daemon that uses the cards blocks the installer', async () => {
      assert.equal(
        await both('rmmod nvidia'),
        'rmmod: ERROR: Module nvidia is in use by: nvidia_uvm nvidia_modeset\n= 1',
      )
      await output('nvidia-persistenced')
      assert.match(
        await both(`sh /root/${older}.run ${quietly} --dkms`),
        /An NVIDIA kernel module 'nvidia' appears to be already loaded[^]*= 1$/,
      )
      await output('kill $(cat /run/nvidia-persistenced/nvidia-persistenced.pid)')
    })

    it('another version replaces the first, with new device numbers', async () => {
      const major = await output(
        'grep nvidia-uvm /proc/devices; modprobe nvidia-uvm; grep nvidia-uvm /proc/devices',
      )
      await output(`sh /root/${older}.run ${quietly} --dkms`)
      assert.equal(await output('dkms status'), `nvidia/${older}, 6.8.12-9-pve, x86_64: installed\n`)
      assert.equal(
        await output('ls /usr/lib/x86_64-linux-gnu/libcuda.so.5*'),
        `/usr/lib/x86_64-linux-gnu/libcuda.so.${older}\n`,
      )
      assert.equal((await output('cat /sys/module/nvidia/version')).trim(), older)
      assert.ok(!major.includes(await output('modprobe nvidia-uvm; grep nvidia-uvm /proc/devices')))
      await output(`sh /root/${driver}.run ${quietly} --dkms; nvidia-smi -L; nvidia-modprobe -u -c0`)
    })

    it('device nodes are missing after a reboot, although the module is loaded, until a program creates them', async () => {
      const major = await output('modprobe nvidia-uvm; grep nvidia-uvm /proc/devices')
      await reboot()
      assert.match(await output('lsmod'), /^nvidia /m)
      assert.notEqual(await status('test -e /dev/nvidia0'), 0)
      assert.doesNotMatch(await output('cat /proc/driver/nvidia/gpus/*/information'), /UUID/)
      await output('nvidia-smi -L && nvidia-modprobe -u -c0')
      assert.match(await output('cat /proc/driver/nvidia/gpus/*/information'), /UUID/)
      assert.notEqual(await output('grep nvidia-uvm /proc/devices'), major)
    })

    it('the next installation undoes one that was killed', async () => {
      await output('echo 3 >/etc/lab/installer-seconds')
      assert.equal(await status(`timeout -s KILL 2.2 sh /root/${older}.run ${quietly} --dkms`), 137)
      await output('rm /etc/lab/installer-seconds')
      await output(`sh /root/${driver}.run ${quietly} --dkms`)
      assert.match(await output('nvidia-installer --driver-info'), new RegExp(`\\(version: ${driver}\\)`))
      await output('nvidia-installer --sanity')
      assert.equal(
        await output('ls /usr/lib/x86_64-linux-gnu/libcuda.so.5*'),
        `/usr/lib/x86_64-linux-gnu/libcuda.so.${driver}\n`,
      )
      await output('nvidia-smi -L && nvidia-modprobe -u -c0')
    })

    it('the driver does not get a card of a virtual machine, and the machine is listed', async () => {
      const before = await output('cat /etc/lab/node.json')
      await output(
        'sed -i \'0,/"minor"/s//"ownedByVm": 900,\\n      &/\' /etc/lab/node.json; echo \'name: gamer\' >/etc/pve/qemu-server/900.conf',
      )
      await reboot()
      assert.match(await output('lspci -k -s 01:00.0 2>/dev/null'), /Kernel driver in use: vfio-pci/)
      assert.match(await output('nvidia-smi -L'), /^GPU 0: [^\n]*\n$/)
      assert.match(await output('qm list'), /^ +900 gamer +stopped/m)
      assert.equal(
        await both('pct create 900 local:vztmpl/x.tar.zst'),
        "unable to create CT 900 - VM 900 already exists on node 'pve1'\n= 2",
      )
      await output(`cat >/etc/lab/node.json <<'END'\n${before}END\nrm /etc/pve/qemu-server/900.conf`)
      await reboot()
      await output('nvidia-smi -L && nvidia-modprobe -u -c0')
    })

    it("a VM's card is an ordinary card until the VM starts, and an open device delays that start", async () => {
      const before = await output('cat /etc/lab/node.json')
      await output(
        `sed -i '0,/"minor"/s//"ownedByVm": 900,\\n      &/; s/"pveVersion"/"vmCards": "until-start", &/' /etc/lab/node.json
        printf 'name: gamer\\nhostpci0: 01:00,pcie=1\\n' >/etc/pve/qemu-server/900.conf`,
      )
      await reboot()
      assert.match(await output('lspci -k -s 01:00.0 2>/dev/null'), /Kernel driver in use: nvidia$/m)
      assert.match(await output('nvidia-smi -L'), /^GPU 0: [^\n]*\nGPU 1: /)
      await output(
        'ln -sf /bin/sleep /tmp/gpu-load; /tmp/gpu-load 600 >/dev/null 2>&1 & echo $! >/run/load.pid',
      )
      assert.equal(await status('timeout 2 qm start 900'), 124)
      assert.match(await output('qm list'), /900 gamer +stopped/)
      await output('kill $(cat /run/load.pid); sleep 0.2; timeout 10 qm start 900')
      assert.match(await output('lspci -k -s 01:00.0 2>/dev/null'), /Kernel driver in use: vfio-pci/)
      assert.match(await output('nvidia-smi -L'), /^GPU 0: [^\n]*\n$/)
      await output('qm stop 900')
      assert.match(await output('lspci -k -s 01:00.0 2>/dev/null'), /Kernel driver in use: vfio-pci/)

      // driver_override before the driver is loaded: only the other card is taken
      await reboot()
      await output(
        'modprobe -r nvidia_drm; modprobe -r nvidia; echo vfio-pci >/sys/bus/pci/devices/0000:01:00.0/driver_override; modprobe nvidia',
      )
      assert.match(await output('nvidia-smi -L'), /^GPU 0: [^\n]*\n$/)
      assert.doesNotMatch(await output('lspci -k -s 01:00.0 2>/dev/null'), /driver in use/)
      await output('modprobe vfio-pci')
      assert.match(await output('lspci -k -s 01:00.0 2>/dev/null'), /Kernel driver in use: vfio-pci/)

      await output(`cat >/etc/lab/node.json <<'END'\n${before}END\nrm /etc/pve/qemu-server/900.conf`)
      await reboot()
      await output('nvidia-smi -L && nvidia-modprobe -u -c0')
    })

    it('modules of modules-load.d are loaded before guests start', async () => {
      await output('echo nvidia-uvm >/etc/modules-load.d/lab.conf; echo dummy >>/etc/modules')
      await reboot()
      assert.match(await output('lsmod'), /^dummy [^]*^nvidia_uvm |^nvidia_uvm [^]*^dummy /m)
      await output('rm /etc/modules-load.d/lab.conf; nvidia-smi -L && nvidia-modprobe -u -c0')
    })

    it('a clone has the devices of its original, and a linked one needs a template', async () => {
      await output('pct stop 102; pct set 102 --dev0 /dev/nvidia0; pct clone 102 150 --hostname copy')
      assert.match(await output('pct config 150'), /^dev0: \/dev\/nvidia0$[^]*^hostname: copy$/m)
      assert.equal(await status('pct clone 150 151 --full 0'), 255)
      await output('pct template 150; pct clone 150 151; pct start 151')
      assert.equal(await status('pct start 150'), 255)
      await output('pct stop 151; pct destroy 151; pct destroy 150; pct set 102 --delete dev0; pct start 102')
      assert.doesNotMatch(await output('pct list'), /15[01]/)
    })

    it('on the second node, minors are in the reverse order of PCI addresses', async () => {
      const other = lab().node('pve2')
      const minors = other.spec.gpus.map(({ minor }) => minor)
      assert.deepEqual(
        minors,
        minors.toSorted((a, b) => b - a),
      )
    })
  })
}
