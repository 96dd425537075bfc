/**
 * Several kernels on a node, DKMS for each, and Secure Boot: compares the stand-ins with the real programs.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { driver, quietly, subjectOf } from './support/standins/subject.ts'
import { kernels, optInKernels } from '../lab/topology.ts'

const skip = whyNoLab() ?? false
const name = `test-kernels-${process.pid}`
const [running, newer] = kernels
const [optIn, tooNew] = optInKernels

describe('a node with several kernels', { skip, timeout: 300_000 }, () => {
  let lab: Lab
  before(async () => {
    const installed = [running, newer, optIn, tooNew]
    lab = await Lab.up({
      name,
      nodes: 1,
      containers: 0,
      adjust: (node) => ({
        ...node,
        kernels: installed,
        pinnedKernel: optIn,
        secureBoot: false,
        // Debian 12's 535 does not drive newer ones
        gpus: node.gpus.map((gpu) => ({ ...gpu, model: 'NVIDIA GeForce RTX 3060', deviceId: '2504' })),
      }),
    })
    await output(
      `echo blacklist nouveau >/etc/modprobe.d/lab.conf; update-initramfs -u -k all >/dev/null
      curl -fsS -o /root/d.run https://us.download.nvidia.com/XFree86/Linux-x86_64/${driver}/NVIDIA-Linux-x86_64-${driver}.run
      apt-get -qq update; apt-get -y -qq install make gcc dkms mokutil proxmox-headers-${running} proxmox-headers-6.14`,
    )
  })
  after(() => Lab.down(name))

  const { output, status, both } = subjectOf(() => lab)
  const reboot = (kernel?: string): Promise<void> => lab.reboot('pve1', kernel)
  const setUp = (flags = ''): string => `sh /root/d.run ${quietly} --dkms ${flags}`

  it('boots the kernel of its specification first, then the pinned or the newest one, or one for a single boot', async () => {
    assert.equal(await output('uname -r'), `${running}\n`)
    await reboot()
    assert.equal(await output('uname -r'), `${optIn}\n`)
    await output('proxmox-boot-tool kernel unpin')
    await reboot(newer)
    assert.equal(await output('uname -r'), `${newer}\n`)
    await reboot()
    assert.equal(await output('uname -r'), `${tooNew}\n`)
    await reboot(running)
  })

  it('the installer registers one kernel; dkms builds each other one that has headers', async () => {
    await output(setUp())
    assert.equal(await output('dkms status'), `nvidia/${driver}, ${running}, x86_64: installed\n`)
    // /usr/sbin/dkms 3.0.10, prepare_kernel
    assert.match(
      await both(`dkms install -m nvidia -v ${driver} -k ${newer}`),
      new RegExp(`Your kernel headers for kernel ${newer} cannot be found[^]*= 1$`),
    )
    await output(`dkms build -m nvidia -v ${driver} -k ${optIn}`)
    assert.equal(
      await output('dkms status -m nvidia'),
      `nvidia/${driver}, ${optIn}, x86_64: built\nnvidia/${driver}, ${running}, x86_64: installed\n`,
    )
    await output(`dkms install nvidia/${driver} -k ${optIn}`)
    assert.match(await output(`dkms status -k ${optIn}`), /^[^\n]*: installed\n$/)
    assert.match(await output(`dkms install nvidia/${driver} -k ${optIn}`), /already installed .*, skip/)
    await reboot(optIn)
    assert.match(await output('lsmod'), /^nvidia /m)
    await reboot(newer)
    assert.doesNotMatch(await output('lsmod'), /^nvidia/m)
    await reboot(running)
  })

  it('autoinstall builds for the named kernel, and fails with status 11 if the driver does not compile for it', async () => {
    await output(`apt-get -y -qq install proxmox-headers-${newer}; dkms autoinstall -k ${newer}`)
    assert.match(await output(`dkms status -k ${newer}`), /: installed$/m)
    await output(`apt-get -y -qq install proxmox-headers-${tooNew}`)
    assert.match(
      await both(`dkms install nvidia/${driver} -k ${tooNew}`),
      new RegExp(`Bad return status for module build on kernel: ${tooNew} \\(x86_64\\)[^]*= 10$`),
    )
    assert.match(await output(`cat /var/lib/dkms/nvidia/${driver}/build/make.log`), /Error 1$/m)
    assert.equal(await status(`dkms autoinstall -k ${tooNew}`), 11)
  })

  it('a kernel package that is installed after its headers makes DKMS build; headers alone do not', async () => {
    await output(`dkms uninstall nvidia/${driver} -k ${optIn}; dkms unbuild nvidia/${driver} -k ${optIn}`)
    await output(`apt-get -y -qq install --reinstall proxmox-headers-${optIn}`)
    assert.equal((await output(`dkms status -k ${optIn}`)).includes('installed'), false)
    await output('apt-get -y -qq install proxmox-kernel-6.14')
    assert.match(await output(`dkms status -k ${optIn}`), /: installed$/m)
  })

  it('status has the format of the version, and remarks on a module file that another build has replaced', async () => {
    await output(`echo x >>/lib/modules/${running}/updates/dkms/nvidia.ko`)
    const shown = (version: string): Promise<string> =>
      output(`echo ${version} >/etc/lab/dkms-version; dkms status -k ${running}; rm /etc/lab/dkms-version`)
    assert.equal(
      await shown('2.8.4'),
      `nvidia, ${driver}, ${running}, x86_64: installed (WARNING! Diff between built and installed module!)\n`,
    )
    assert.equal(
      await shown('3.2.2'),
      `nvidia/${driver}, ${running}, x86_64: installed (Differences between built and installed modules)\n`,
    )
    await output(`dkms install --force nvidia/${driver} -k ${running}`)
    assert.equal(await shown('3.0.10'), `nvidia/${driver}, ${running}, x86_64: installed\n`)
  })

  it('a tree with missing sources stops autoinstall for all modules', async () => {
    await output('mkdir -p /var/lib/dkms/old/1.0; ln -s /usr/src/old-1.0 /var/lib/dkms/old/1.0/source')
    assert.match(await output('dkms status'), /^old\/1\.0: added$/m)
    assert.match(await both(`dkms autoinstall -k ${running}`), /Could not locate dkms\.conf file[^]*= 4$/)
    await output('rm -r /var/lib/dkms/old')
  })

  it('with Secure Boot, only modules of an enrolled key load: DKMS signs the modules that it builds, the installer does not', async () => {
    assert.equal(await output('mokutil --sb-state'), 'SecureBoot disabled\n')
    await output(
      'sed -i \'s/"secureBoot": false/"secureBoot": true/\' /etc/lab/node.json; rm -f /var/lib/dkms/mok.*; nvidia-uninstall --silent',
    )
    await reboot(running)
    assert.equal(await output('mokutil --sb-state'), 'SecureBoot enabled\n')
    const variable = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c'
    assert.equal(await output(`od -An -tx1 ${variable}`), ' 06 00 00 00 01\n')
    await output('modprobe vfio-pci')

    // kernel.c of nvidia-installer, ignore_load_error
    assert.match(await both(setUp()), /failed to load\. Secure boot is enabled on this system[^]*= 1$/)
    await output(setUp('--skip-module-load'))
    assert.equal(
      await both('modprobe nvidia'),
      "modprobe: ERROR: could not insert 'nvidia': Key was rejected by service\n= 1",
    )
    assert.equal(await output('modinfo -F signer nvidia'), '')
    await output(`dkms install --force nvidia/${driver} -k ${running}`)
    assert.equal(await output('modinfo -F signer nvidia'), '', 'install does not sign what is already built')
    await output(
      `dkms build --force nvidia/${driver} -k ${running}; dkms install --force nvidia/${driver} -k ${running}`,
    )
    assert.equal(await output('modinfo -F signer nvidia'), 'DKMS module signing key\n')
    assert.match(await both('modprobe nvidia'), /Key was rejected by service\n= 1$/)
  })

  it('somebody at the console of the next boot enrols a requested key', async () => {
    const key = '/var/lib/dkms/mok.pub'
    assert.equal(await both(`mokutil --test-key ${key}`), `${key} is not enrolled\n= 0`)
    assert.match(await both(`echo | mokutil --import ${key}`), /password should be[^]*= 255$/)
    await output(`printf 'secret\\nsecret\\n' | mokutil --import ${key}`)
    assert.match(await output('mokutil --list-new'), /DKMS module signing key/)
    assert.equal(await both(`mokutil --test-key ${key}`), `${key} is already in the enrollment request\n= 1`)
    await reboot(running)
    assert.match(await both('modprobe nvidia'), /Key was rejected by service/)
    await output('touch /etc/lab/mok-console')
    await reboot(running)
    assert.equal(await both(`mokutil --test-key ${key}`), `${key} is already enrolled\n= 1`)
    assert.match(await output('lsmod'), /^nvidia /m)
  })

  it('the installer signs with the keys that it is given, and installs them even if they are not enrolled yet', async () => {
    const keys = (path: string): string =>
      `--module-signing-secret-key=${path}.key --module-signing-public-key=${path}.pub`
    await output(setUp(keys('/var/lib/dkms/mok')))
    assert.equal(
      await output('modinfo -F signer nvidia; lsmod | grep -c "^nvidia "'),
      'DKMS module signing key\n1\n',
    )
    await output(
      "openssl req -new -x509 -nodes -subj '/CN=other' -newkey rsa:2048 -keyout /root/o.key -outform DER -out /root/o.pub 2>/dev/null",
    )
    await output(setUp(keys('/root/o')))
    assert.match(await both('modprobe nvidia'), /Key was rejected by service/)
  })

  it("Debian's driver comes with its real closure, and its modules have names of their own", async () => {
    await output(
      `nvidia-uninstall --silent; sed -i 's/"secureBoot": true/"secureBoot": false/' /etc/lab/node.json
      sed -i 's/ main$/ main contrib non-free non-free-firmware/' /etc/apt/sources.list; apt-get -qq update`,
    )
    await output('apt-get -y -qq install --no-install-recommends nvidia-driver nvidia-smi libcuda1 2>&1')
    const installed = await output("dpkg-query -W -f '${Package}\\n' '*nvidia*' 'glx-*' libcuda1")
    assert.ok(installed.split('\n').length > 25, installed)
    assert.match(
      await output(`dkms status -k ${running}`),
      /^nvidia-current\/535\.261\.03, [^:]*: installed$/m,
    )
    await output('modprobe nvidia-uvm')
    assert.match(await output('lsmod; cat /sys/module/nvidia/version'), /^nvidia_uvm [^]*^535\.261\.03$/m)
    assert.match(await output('apt-get -s purge libcuda1 nvidia-alternative'), /^Purg libnvidia-/m)
    await output('modprobe -r nvidia-uvm; apt-get -y -qq purge nvidia-kernel-dkms 2>&1')
    assert.equal(await output('dkms status'), '')
  })
})
