/** Cases of general modules in a container, through `pct`. */
import { apt } from '../../src/modules/apt/module.ts'
import { copy } from '../../src/modules/copy/module.ts'
import { file } from '../../src/modules/file/module.ts'
import { hostname } from '../../src/modules/hostname/module.ts'
import { reboot } from '../../src/modules/reboot/module.ts'
import { service } from '../../src/modules/service/module.ts'
import { shell } from '../../src/modules/shell/module.ts'
import { stat } from '../../src/modules/stat/module.ts'
import { sysctl } from '../../src/modules/sysctl/module.ts'
import { user } from '../../src/modules/user/module.ts'
import { books } from './books.ts'
import type { ConformanceCase } from './conformance.ts'
import { fetchCase } from './fetch-case.ts'

const unit = '[Service]\\nExecStart=/bin/sleep infinity\\n'

export const containerCases: readonly ConformanceCase[] = [
  {
    module: file,
    says: 'a directory with its parents and an owner',
    args: { path: '/srv/a/b', state: 'directory', mode: '0750', owner: 'nobody', group: 'nogroup' },
  },
  {
    module: copy,
    says: 'a file of the controller',
    args: { src: import.meta.filename, dest: '/srv/sent', mode: '0640', owner: 'nobody' },
  },
  { module: copy, says: 'special characters', args: { dest: '/srv/it\'s "$a"', content: 'a\0b\'"\\$`\n\n' } },
  { module: shell, says: 'any command', args: { cmd: 'echo x >/srv/any' }, dry: 'unknown' },
  { module: stat, says: 'a device', args: { path: '/dev/null' }, dry: 'ok' },
  fetchCase('/srv'),
  {
    module: sysctl,
    says: 'a parameter of the container',
    args: { name: 'net.ipv4.ip_default_ttl', value: 63 },
  },
  {
    module: sysctl,
    says: 'a parameter of the node',
    args: { name: 'vm.swappiness', value: 10 },
    dry: 'refused',
    problem: 'no-kernel-in-containers',
  },
  {
    module: service,
    says: 'a new unit',
    setup: `printf '${unit}' >/etc/systemd/system/conformance.service; systemctl daemon-reload`,
    args: { name: 'conformance', state: 'started' },
  },
  {
    module: hostname,
    says: 'a name that Proxmox VE sets',
    args: { name: 'other' },
    dry: 'refused',
    problem: 'name-of-container',
  },
  {
    module: hostname,
    says: 'a name that Proxmox VE leaves alone',
    setup: 'touch /etc/.pve-ignore.hostname',
    args: { name: 'other' },
  },
  {
    module: user,
    says: 'a system user without a home directory',
    args: { name: 'conformance', system: true, create_home: false, shell: '/usr/sbin/nologin' },
  },
  {
    module: apt,
    says: 'a package that requires package lists first',
    args: { name: 'nvtop' },
    dry: 'unknown',
    besides: books,
  },
  {
    module: reboot,
    says: 'refuses, because a container shares the kernel of its node',
    args: {},
    dry: 'refused',
    problem: 'no-reboot-of-containers',
  },
]
