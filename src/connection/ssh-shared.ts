import type { ConnectionWorld } from './connection-world.ts'
import { HandshakeGate } from './handshake-gate.ts'
import { KeyFiles } from './key-files.ts'
import { KnownHostsFiles } from './known-hosts-files.ts'
import { SshConfigs } from './ssh-configs.ts'

/** State that the ssh connections of one run share, so that each file is read once. */
export interface SshShared {
  readonly effects: ConnectionWorld
  readonly gate: HandshakeGate
  readonly configs: SshConfigs
  readonly knownHosts: KnownHostsFiles
  readonly keys: KeyFiles
}

export function shareSsh(effects: ConnectionWorld): SshShared {
  return {
    effects,
    gate: new HandshakeGate(),
    configs: new SshConfigs(effects),
    knownHosts: new KnownHostsFiles(),
    keys: new KeyFiles(),
  }
}
