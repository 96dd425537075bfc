/** An inventory with templates and clones of them, for labs without containers. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Lab } from '../../lab/lab.ts'
import { inventoryOf } from '../../whole/support/site-runs.ts'

const archive = 'local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst'
const storages =
  'dir: local\n\tpath /var/lib/vz\n\tcontent vztmpl\n\nzfspool: tank\n\tpool rpool/data\n\tcontent rootdir\n'

/** Gives the nodes a storage with snapshots. */
export async function declareStorage(lab: Lab): Promise<void> {
  const text = storages.replaceAll('\n', '\\n').replaceAll('\t', '\\t')
  await Promise.all(lab.nodes.map((node) => node.output(`printf '${text}' >/etc/pve/storage.cfg`)))
}

export interface Fleet {
  /** The words that declare it on the command line, with this driver on all nodes. */
  words(version: string): readonly string[]
  /** Takes a variable away from a template of the first node. */
  undeclare(name: 'both' | 'gpu' | 'docker', variable: string): void
  /** Declares another clone of a container of the first node. */
  add(name: string, clone: { readonly ctid: number; readonly source: number; readonly gpu: string }): void
}

/**
 * On `pve1` the templates 900 (`base`), 901 (`gpu`), 902 (`docker`) and 903 (`both`, made of 901), and the clone `web`
 * of 903. On `pve2`, if there is one, the template 950, 951, which becomes a template of Proxmox, and a clone of that.
 */
export function templateFleet(lab: Lab): Fleet {
  const { prefix, internet } = lab.node('pve1').world.network
  const container = (
    node: string,
    ctid: number,
    variables: Readonly<Record<string, unknown>>,
  ): Readonly<Record<string, unknown>> => ({
    node,
    ctid,
    lxc_container_nameserver: internet,
    lxc_container_net: {
      net0: `name=eth0,bridge=vmbr0,gw=${internet},ip=${internet.replace(/\d+$/, String(ctid - 800))}/${prefix}`,
    },
    ...variables,
  })
  const cuda = { cuda_toolkit_version: '12.8', cuda_toolkit_packages: ['cuda-nvcc'] }
  const docker = { container_runtime: 'docker' }
  const all = { gpu_assignment: 'all' }
  const templates: Record<string, Readonly<Record<string, unknown>>> = {
    // Not in the order in which they are built.
    both: container('pve1', 903, { lxc_container_clone: 901, ...all, ...cuda, ...docker }),
    gpu: container('pve1', 901, { lxc_container_clone: 900, ...all, ...cuda }),
    docker: container('pve1', 902, { lxc_container_clone: 900, ...docker }),
    base: container('pve1', 900, { lxc_container_archive: archive }),
  }
  const containers: Record<string, unknown> = {
    web: container('pve1', 910, {
      lxc_container_clone: 903,
      gpu_assignment: '1',
      lxc_passthrough_exclusive: true,
      ...cuda,
      ...docker,
    }),
  }
  if (lab.nodes.length > 1) {
    templates['far-base'] = container('pve2', 950, { lxc_container_archive: archive })
    templates['far-gpu'] = container('pve2', 951, {
      lxc_container_clone: '950',
      lxc_template_convert: true,
      ...all,
    })
    containers['far'] = container('pve2', 960, { lxc_container_clone: '951', gpu_assignment: '0' })
  }
  const file = join(lab.instance.stateDir, 'guests.yaml')
  const write = (): void =>
    writeFileSync(
      file,
      stringify({
        all: { children: { templates: { hosts: templates }, containers: { hosts: containers } } },
      }),
    )
  write()
  return {
    words: (version) => ['-i', inventoryOf(lab), '-i', file, '-e', `nvidia_driver_version=${version}`],
    undeclare(name, variable) {
      templates[name] = { ...templates[name], [variable]: undefined }
      write()
    },
    add(name, { ctid, source, gpu }) {
      containers[name] = container('pve1', ctid, { lxc_container_clone: source, gpu_assignment: gpu })
      write()
    },
  }
}
