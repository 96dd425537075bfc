/** A corosync.conf as `pvecm create` and `pvecm add` of pve-cluster write it. */
export function corosyncFile(
  name: string,
  members: readonly string[],
  address = (index: number): string => `192.0.2.${11 + index}`,
): string {
  const nodes = members.map(
    (member, index) =>
      `  node {\n    name: ${member}\n    nodeid: ${index + 1}\n    quorum_votes: 1\n    ring0_addr: ${address(index)}\n  }\n`,
  )
  return `logging {
  debug: off
  to_syslog: yes
}

nodelist {
${nodes.join('')}}

quorum {
  provider: corosync_votequorum
}

totem {
  cluster_name: ${name}
  config_version: ${members.length}
  interface {
    linknumber: 0
  }
  ip_version: ipv4-6
  link_mode: passive
  secauth: on
  version: 2
}
`
}
