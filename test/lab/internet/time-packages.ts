/**
 * The programs that set the clock. These never touch it: they check their configuration as the real ones do,
 * keep what they have loaded, and sleep. All of them provide and conflict with `time-daemon`, as in Debian.
 */
import { program, type PracticePackage } from './package.ts'

interface Clock {
  readonly name: string
  readonly version: string
  readonly service: string
  /** The program, and the file of its configuration. */
  readonly path: string
  readonly config: string
  /** Text of the configuration that the package brings. */
  readonly initial: string
  /** Extended regular expression of a line that the program accepts, apart from comments and empty lines. */
  readonly accepts: string
}

const clocks: readonly Clock[] = [
  {
    name: 'chrony',
    version: '4.3-2+deb12u1',
    service: 'chrony',
    path: '/usr/sbin/chronyd',
    config: '/etc/chrony/chrony.conf',
    initial: 'pool 2.debian.pool.ntp.org iburst\ndriftfile /var/lib/chrony/chrony.drift\n',
    accepts:
      '(pool|server|peer|keyfile|driftfile|ntsdumpdir|logdir|maxupdateskew|makestep|leapsectz|allow|deny' +
      '|confdir|sourcedir|log) .+|rtcsync|local( .+)?',
  },
  {
    name: 'ntpsec',
    version: '1.2.2+dfsg1-1+deb12u1',
    service: 'ntpsec',
    path: '/usr/sbin/ntpd',
    config: '/etc/ntpsec/ntp.conf',
    initial: 'driftfile /var/lib/ntpsec/ntp.drift\npool 0.debian.pool.ntp.org iburst\n',
    accepts: '(pool|server|driftfile|leapfile|restrict|tos|tinker|statsdir|logfile) .+',
  },
  {
    name: 'systemd-timesyncd',
    version: '252.38-1~deb12u1',
    service: 'systemd-timesyncd',
    path: '/lib/systemd/systemd-timesyncd',
    config: '/etc/systemd/timesyncd.conf',
    initial: '[Time]\n#NTP=\n',
    accepts:
      '\\[Time\\]|(NTP|FallbackNTP|RootDistanceMaxSec|PollIntervalMinSec|PollIntervalMaxSec' +
      '|SaveIntervalSec)=.*',
  },
]

/** Where a program keeps the configuration that it has loaded. */
export function loadedClock(service: string): string {
  return `/run/lab-${service}.conf`
}

export const timePackages: readonly PracticePackage[] = clocks.map(
  ({ name, version, service, path, config, initial, accepts }) => ({
    name,
    version,
    files: {
      [path]: program(`config=${config}
wrong=$(grep -vE '^[[:space:]]*(#.*)?$' "$config" | grep -vxE '${accepts}' | head -n 1)
[ -z "$wrong" ] || { echo "Fatal error : Invalid directive in $config: $wrong" >&2; exit 1; }
cp "$config" ${loadedClock(service)}
exec sleep infinity
`),
      [config]: { text: initial, conffile: true },
      [`/lib/systemd/system/${service}.service`]: {
        text: `[Unit]
Description=${name} (practice)

[Service]
ExecStart=${path}
Restart=no

[Install]
WantedBy=multi-user.target
`,
      },
    },
    postinst: `systemctl daemon-reload && systemctl enable ${service} && systemctl restart ${service}\n`,
    prerm: `systemctl disable --now ${service} || :\n`,
    fields: { Provides: 'time-daemon', Conflicts: 'time-daemon', Replaces: 'time-daemon' },
  }),
)
