/** `pct` against the answers that pve-container 6.1.10 gave to the same command lines. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { Subject } from './subject.ts'

export function pctTests({ lab, output, status, both }: Subject): void {
  const conf = '/etc/pve/lxc/102.conf'
  const streams = async (command: string): Promise<readonly [string, string, number]> => {
    const { stdout, stderr, code } = await lab().node('pve1').exec(command)
    return [stdout, stderr, code]
  }

  describe('pct in detail', () => {
    before(() => output(`pct stop 102 || :; sed '/^dev/d;/^lxc/d' ${conf} >/root/plain.conf`))
    beforeEach(() => status(`pct stop 102; cat /root/plain.conf >${conf}`))

    it('has the exit statuses of the real one', async () => {
      assert.equal(await status('pct push 102 /etc/hostname /root/x'), 255)
      assert.equal(await status('pct unlock 102'), 255)
      assert.equal(await status('pct set 102 --delete nosuch'), 255)
      assert.equal(await status('pct create 102 local:vztmpl/x.tar.zst'), 2)
      assert.match(
        await both('pct set 102 --cores 0'),
        /^400 Parameter verification failed\.\ncores: [^]*= 2$/,
      )
      assert.match(await both("pct set 102 --hostname 'a b'"), /hostname: invalid format[^]*= 2$/)
      assert.match(await both("pct set 102 --nameserver 'not/one'"), /nameserver: invalid format[^]*= 2$/)
      await output('pct start 102')
      assert.equal(await status('pct exec 102 --'), 255)
    })

    it('takes pending changes back, and applies the others at the next start', async () => {
      await output('pct start 102; pct set 102 --dev0 /dev/nvidia0 --dev1 /dev/nvidiactl')
      await output('pct set 102 --revert dev0')
      assert.doesNotMatch(await output('pct pending 102'), /dev0/)
      await output('pct reboot 102')
      assert.match(await output('pct config 102 --current 1'), /^dev1: \/dev\/nvidiactl$/m)
      await output('pct set 102 --delete dev1')
      assert.match(await output(`cat ${conf}`), /^\[pve:pending\]\ndelete: dev1$/m)
      assert.equal(await status('pct exec 102 -- test -e /dev/nvidiactl'), 0)
      await output('pct reboot 102')
      assert.equal(await status('pct exec 102 -- test -e /dev/nvidiactl'), 1)
    })

    it('refuses every change while a lock is set, whatever kind it is', async () => {
      for (const kind of ['backup', 'snapshot', 'migrate', 'mounted', 'disk', 'rollback']) {
        await output(`sed -i '1i lock: ${kind}' ${conf}`)
        assert.equal(await both('pct start 102'), `CT is locked (${kind})\n= 255`)
        assert.match(await both('pct set 102 --cores 2'), /CT is locked/)
        await output('pct unlock 102')
      }
    })

    it('makes snapshots, which include the changes that were made while it waited for the lock', async () => {
      await output(`flock /run/lock/lxc/pve-config-102.lock sh -c 'sleep 1; echo "cores: 3" >>${conf}' &
        sleep 0.3; pct snapshot 102 before; wait`)
      assert.match(
        await output(`cat ${conf}`),
        /^cores: 3$[^]*^parent: before$[^]*^\[before\]$[^]*^cores: 3$/m,
      )
      await output('pct set 102 --cores 4; pct rollback 102 before')
      assert.match(await output('pct config 102'), /^cores: 3$/m)
      assert.match(await output('pct listsnapshot 102'), /before/)
      await output('pct delsnapshot 102 before')
      assert.doesNotMatch(await output(`cat ${conf}`), /before/)
      await output('pct resize 102 rootfs +2G')
      assert.match(await output('pct config 102'), /size=10G/)
    })

    it('fails in the pre-start hook if two devN have the same path', async () => {
      await output(`printf 'dev0: /dev/nvidia0\\ndev1: /dev/nvidia0\\n' >>${conf}`)
      assert.match(await both('pct start 102'), /status 17[^]*lxc\.hook\.pre-start[^]*= 255$/)
    })

    it('maps ids and the owners of devices as in raw lxc.idmap lines', async () => {
      await output(
        `printf 'dev0: /dev/nvidia0\\nlxc.idmap: u 0 100000 65536\\nlxc.idmap: g 0 100000 65536\\n' >>${conf}`,
      )
      await output('pct start 102')
      assert.equal(await output("pct exec 102 -- stat -c '%u %g' /dev/nvidia0"), '0 0\n')
      assert.equal(await output('grep -c idmap /var/lib/lxc/102/config'), '2\n')
    })
  })

  describe('pct with exactPct', () => {
    beforeEach(() => status(`pct stop 102; cat /root/plain.conf >${conf}`))
    before(() =>
      output(
        `sed -i 's/"pveVersion"/"exactPct": true, &/' /etc/lab/node.json
        mkdir -p /etc/systemd/system/pve-container@.service.d
        printf '[Service]\\nExecStartPre=/bin/sh -c "echo the reason | tee /dev/stderr | logger; exit 1"\\n' >/etc/systemd/system/pve-container@.service.d/lab.conf
        systemctl daemon-reload`,
      ),
    )
    after(() =>
      output(
        `sed -i 's/"exactPct": true, //' /etc/lab/node.json; rm -r /etc/systemd/system/pve-container@.service.d
        systemctl daemon-reload`,
      ),
    )

    it('does not print why the unit of a container failed', async () => {
      const [stdout, stderr, code] = await streams('pct start 102')
      assert.match(stdout, /^Job for pve-container@102\.service failed/m)
      assert.doesNotMatch(stdout + stderr, /the reason/)
      assert.equal(stderr, "command 'systemctl start pve-container@102' failed: exit code 1\n")
      assert.equal(code, 255)
      assert.match(await output('cat /run/pve/ct-102.stderr'), /the reason/)
    })

    it("writes LXC's messages and warnings to standard output, and only the last line to standard error", async () => {
      await output('rm /etc/systemd/system/pve-container@.service.d/lab.conf; systemctl daemon-reload')
      await output(`echo 'lxc.mount.entry: /nowhere mnt none bind 0 0' >>${conf}`)
      const [stdout, stderr, code] = await streams('pct start 102')
      assert.match(stdout, /Failed to/)
      assert.equal(stderr, "startup for container '102' failed\n")
      assert.equal(code, 255)
      await output('mkdir -p /etc/systemd/system/pve-container@.service.d')
    })

    it('does not know --keep-env before Proxmox VE 8.2', async () => {
      await output(`pct start 102; sed -i 's/8\\.4\\.1/8.1.3/' /etc/lab/node.json`)
      assert.match(await both('pct exec 102 --keep-env 0 -- true'), /^Unknown option: keep-env\n[^]*= 2$/)
      assert.equal(await status('pct exec 102 -- true'), 0)
      await output("sed -i 's/8\\.1\\.3/8.4.1/' /etc/lab/node.json")
      assert.equal(await status('pct exec 102 --keep-env 0 -- true'), 0)
    })

    it('returns from a failed shutdown after twice its timeout and 5 s', async () => {
      await output(
        `pct start 102; pct exec 102 -- sh -c 'for one in halt poweroff; do ln -sf /dev/null /etc/systemd/system/$one.target; done'
        for i in $(seq 50); do pct exec 102 -- systemctl daemon-reload && break; sleep 0.2; done`,
      )
      const started = Date.now()
      assert.equal(await status('pct shutdown 102 --timeout 1'), 255)
      assert.ok(Date.now() - started >= 7000)
    })
  })
}
