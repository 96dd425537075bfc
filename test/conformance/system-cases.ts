/** Cases of modules for packages, services and the kernel, on a node of the lab, in this order. */
import { apt } from '../../src/modules/apt/module.ts'
import { aptRepository } from '../../src/modules/apt-repository/module.ts'
import { asyncStatus } from '../../src/modules/async-status/module.ts'
import { authorizedKey } from '../../src/modules/authorized-key/module.ts'
import { cron } from '../../src/modules/cron/module.ts'
import { getUrl } from '../../src/modules/get-url/module.ts'
import { group } from '../../src/modules/group/module.ts'
import { hostname } from '../../src/modules/hostname/module.ts'
import { kernelModule } from '../../src/modules/kernel-module/module.ts'
import { mount } from '../../src/modules/mount/module.ts'
import { packageFacts } from '../../src/modules/package-facts/module.ts'
import { reboot } from '../../src/modules/reboot/module.ts'
import { service } from '../../src/modules/service/module.ts'
import { serviceFacts } from '../../src/modules/service-facts/module.ts'
import { stat } from '../../src/modules/stat/module.ts'
import { sysctl } from '../../src/modules/sysctl/module.ts'
import { systemdUnit } from '../../src/modules/systemd-unit/module.ts'
import { timezone } from '../../src/modules/timezone/module.ts'
import { uri } from '../../src/modules/uri/module.ts'
import { user } from '../../src/modules/user/module.ts'
import { waitFor } from '../../src/modules/wait-for/module.ts'
import { waitForConnection } from '../../src/modules/wait-for-connection/module.ts'
import { books } from './books.ts'
import type { ConformanceCase } from './conformance.ts'

const cuda = 'https://developer.download.nvidia.com/compute/cuda/repos/debian12/x86_64'
const unit = '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n'
const oneshot = '[Service]\\nType=oneshot\\nExecStart=/bin/true\\n'
const keyring = '/usr/share/keyrings/conformance.gpg'
const getKey = `mkdir /run/key && cd /run/key && curl -fsSO ${cuda}/cuda-keyring_1.1-1_all.deb && dpkg-deb -x *.deb . && cp usr/share/keyrings/*.gpg ${keyring}`
const conflicting = `deb [signed-by=/usr/share/keyrings/old.gpg] ${cuda} /`

export const systemCases: readonly ConformanceCase[] = [
  {
    module: asyncStatus,
    says: 'a job that does not exist',
    args: { jid: '/var/lib/gpuplay/v1/jobs/async-0123456789abcdef' },
    dry: 'refused',
    problem: 'no-such-job',
  },
  {
    module: asyncStatus,
    says: 'the output of a job that has ended',
    setup:
      'cd /var/lib/gpuplay/v1 && mkdir -p jobs/async-0123456789abcdef && cd jobs/async-* && touch alive && echo 0 > status',
    args: { jid: '/var/lib/gpuplay/v1/jobs/async-0123456789abcdef', mode: 'cleanup' },
  },
  {
    module: apt,
    says: 'a package with its dependencies',
    args: { name: 'dkms', install_recommends: false },
    besides: books,
  },
  {
    module: apt,
    says: 'the same package with another one',
    args: { name: ['dkms', 'nvtop'], update_cache: true, allow_remove: ['nothing*'] },
    besides: books,
  },
  {
    module: apt,
    says: 'an interrupted installation',
    setup:
      "sed -i '/^Package: nvtop$/,/^$/s/^Status: .*/Status: install ok half-configured/' /var/lib/dpkg/status",
    args: { name: 'nvtop' },
    besides: books,
  },
  {
    module: apt,
    says: 'the removal of a package',
    args: { name: 'nvtop', state: 'absent', purge: true },
    // The files of the package, which all contain its name, and its empty folders.
    besides: [...books, /\/nvtop([./]|$)/],
  },
  {
    module: aptRepository,
    says: 'a repository with a key on the host',
    setup: getKey,
    args: { name: 'cuda', uris: [`${cuda}/`], suites: ['/'], signed_by: keyring },
    besides: books,
  },
  {
    module: aptRepository,
    says: 'a disabled conflict',
    setup: `echo '${conflicting}' >/etc/apt/sources.list.d/cuda-debian12.list`,
    args: {
      name: 'cuda',
      uris: [`${cuda}/`],
      suites: ['/'],
      signed_by: keyring,
      conflicts: 'disable',
    },
    besides: books,
  },
  {
    module: aptRepository,
    says: 'the removal of a repository',
    args: { name: 'cuda', state: 'absent' },
    besides: books,
  },
  {
    module: service,
    says: 'a new unit, started and enabled',
    setup: `printf '${unit}' >/etc/systemd/system/conformance.service; systemctl daemon-reload`,
    args: { name: 'conformance', state: 'started', enabled: true },
    besides: [/^\/etc\/systemd\/system\//],
  },
  {
    module: service,
    says: 'unit files that systemd has not read yet',
    setup: "sed -i 's/infinity/1d/' /etc/systemd/system/conformance.service",
    args: { name: 'conformance', daemon_reload: true },
  },
  {
    module: service,
    says: 'a unit, stopped and disabled',
    args: { name: 'conformance', state: 'stopped', enabled: false },
    besides: [/^\/etc\/systemd\/system\//],
  },
  {
    module: service,
    says: 'a restart in every run',
    args: { name: 'conformance', state: 'restarted' },
    dry: 'unknown',
  },
  {
    module: service,
    says: 'a oneshot unit, started in every run',
    setup: `printf '${oneshot}' >/etc/systemd/system/conformance-once.service; systemctl daemon-reload`,
    args: { name: 'conformance-once', state: 'started' },
    again: 'changed',
    besides: [/^\/run\//],
  },
  {
    module: service,
    says: 'a masked unit',
    setup: 'systemctl stop conformance; rm /etc/systemd/system/conformance.service; systemctl daemon-reload',
    args: { name: 'fstrim', masked: true },
    besides: [/^\/etc\/systemd\/system\//],
  },
  {
    module: systemdUnit,
    says: 'a new unit',
    args: { name: 'conformance-unit', content: '[Service]\nExecStart=/bin/sleep infinity\n' },
  },
  {
    module: systemdUnit,
    says: 'a drop-in of a running unit',
    setup: 'systemctl start conformance-unit',
    args: { name: 'conformance-unit', drop_in: 'nice', content: '[Service]\nNice=5' },
  },
  {
    module: systemdUnit,
    says: 'no drop-in',
    args: { name: 'conformance-unit', drop_in: 'nice', state: 'absent' },
  },
  {
    module: systemdUnit,
    says: 'no unit any more',
    args: { name: 'conformance-unit', state: 'absent' },
  },
  {
    module: mount,
    says: 'a file system in a new directory',
    args: { path: '/mnt/a b', src: 'tmpfs', fstype: 'tmpfs', opts: 'size=1m', state: 'mounted' },
  },
  {
    module: mount,
    says: 'other options',
    args: { path: '/mnt/a b', src: 'tmpfs', fstype: 'tmpfs', opts: 'size=2m', state: 'mounted' },
  },
  { module: mount, says: 'no file system', args: { path: '/mnt/a b', state: 'absent' } },
  {
    module: cron,
    says: 'a job',
    setup: 'mkdir -p /etc/cron.d; [ -e /usr/sbin/cron ] || ln -s /bin/true /usr/sbin/cron',
    args: { name: 'conformance', job: 'true', special_time: 'daily' },
  },
  { module: cron, says: 'no job', args: { name: 'conformance', state: 'absent' } },
  { module: timezone, says: 'another time zone', args: { name: 'Asia/Tokyo' } },
  {
    module: hostname,
    says: 'another name of a node',
    args: { name: 'other' },
    dry: 'refused',
    problem: 'name-of-node',
  },
  { module: group, says: 'a group with an ID', args: { name: 'conformance', gid: 4711 } },
  { module: group, says: 'another ID', args: { name: 'conformance', gid: 4712 } },
  {
    module: user,
    says: 'a user with a home directory and a group of its own',
    args: { name: 'alice', groups: ['conformance'], comment: 'A B', shell: '/bin/sh', password: '$6$a$b' },
  },
  {
    module: authorizedKey,
    says: 'the key of a user',
    args: { user: 'alice', key: 'ssh-ed25519 AAAA x' },
  },
  {
    module: user,
    says: 'other groups, a locked password and a moved home directory',
    args: { name: 'alice', groups: [], password_lock: true, home: '/srv/alice', move_home: true },
  },
  { module: user, says: 'no user', args: { name: 'alice', state: 'absent', remove: true } },
  { module: group, says: 'no group', args: { name: 'conformance', state: 'absent' } },
  {
    module: kernelModule,
    says: 'a blacklisted module, unloaded',
    args: { name: 'nouveau', state: 'blacklisted' },
    besides: [/^module nouveau$/],
  },
  {
    module: sysctl,
    says: 'a parameter of several numbers',
    args: { name: 'net.ipv4.tcp_rmem', value: '4096 131072 8388608' },
  },
  {
    module: sysctl,
    says: 'a parameter that changes others',
    setup: 'echo 0 >/proc/sys/net/ipv4/ip_forward',
    args: { name: 'net.ipv4.ip_forward', value: 1 },
  },
  {
    module: sysctl,
    says: 'a parameter that is no longer set at boot',
    args: { name: 'net.ipv4.ip_forward', state: 'absent' },
  },
  {
    module: sysctl,
    says: 'a parameter that the kernel does not have',
    args: { name: 'net.none', value: 1 },
    dry: 'refused',
    problem: 'no-such-parameter',
  },
  {
    module: getUrl,
    says: 'a file, in a new folder',
    args: { url: `${cuda}/Packages`, dest: '/opt/lists/', mode: '0600' },
    besides: books,
  },
  {
    module: getUrl,
    says: 'the file of the server in place of another, by force',
    setup: 'echo other >/opt/lists/Packages',
    args: { url: `${cuda}/Packages`, dest: '/opt/lists/Packages', force: true, timeout: 60 },
    besides: books,
  },
  { module: uri, says: 'a request that reads', args: { url: `${cuda}/Packages`, method: 'HEAD' }, dry: 'ok' },
  {
    module: uri,
    says: 'a request that may change something',
    args: { url: `${cuda}/none`, method: 'DELETE', status_code: [404, 405, 501] },
    dry: 'unknown',
  },
  { module: reboot, says: 'no restart if none is required', args: { required: false }, dry: 'ok' },
  { module: reboot, says: 'a restart of the node', args: { timeout: 120 }, dry: 'unknown' },
  { module: waitFor, says: 'a port', args: { port: 22 }, dry: 'ok' },
  { module: waitFor, says: 'a port that is open', args: { port: 22, host: 'localhost' }, dry: 'ok' },
  { module: waitFor, says: 'a port without connections', args: { port: 9, state: 'drained' }, dry: 'ok' },
  { module: waitForConnection, says: 'a host that answers', args: {}, dry: 'ok' },
  { module: stat, says: 'a device', args: { path: '/dev/null' }, dry: 'ok' },
  { module: packageFacts, says: 'all packages', args: {}, dry: 'ok' },
  { module: serviceFacts, says: 'all services', args: {}, dry: 'ok' },
]
