/** What is wrong on a node. Pure. */
import type { Finding } from '../../host/plan.ts'
import { heldBackFinding } from '../../nvidia/held-back.ts'
import { userspaceVersion } from '../../nvidia/userspace.ts'
import type { Args } from './args.ts'
import type { NodeSeen } from './node.ts'

export function nodeFindings({ version, containers }: Args, seen: NodeSeen): readonly Finding[] {
  const { name, loaded, userspace, gpus, smi, wrongNodes, unifiedMemory } = seen
  const fix = `gpuplay run playbooks/nodes.yml -i INVENTORY -l ${name}`
  const installed = userspaceVersion(userspace)
  if (loaded === undefined) {
    const cause =
      installed === undefined
        ? 'no driver is installed'
        : `the driver ${installed} is installed; its modules are not loaded`
    return [{ message: 'no NVIDIA driver is loaded', cause, fix }]
  }
  const findings: Finding[] = []
  if (version !== '' && loaded !== version)
    findings.push({
      message: `the driver ${loaded} is loaded, ${version} is wanted`,
      cause:
        installed === version
          ? 'the wanted one is installed, and the node has not been restarted since'
          : 'the wanted one is not installed',
      fix,
    })
  if (!unifiedMemory)
    findings.push({ message: 'nvidia_uvm is not loaded', cause: 'CUDA does not work without it', fix })
  for (const message of wrongNodes) findings.push({ message, fix })
  for (const held of seen.heldBack) findings.push(heldBackFinding(held, containers))
  if (smi?.kind === 'failed')
    findings.push({ message: `nvidia-smi ends with status ${smi.code}: ${smi.meaning}`, fix })
  else if (smi !== undefined) {
    const lost = gpus.gpus.filter(({ pci }) => !smi.gpus.some((gpu) => gpu.pci === pci))
    for (const { pci } of lost)
      findings.push({
        message: `nvidia-smi does not show the GPU at ${pci}`,
        cause: 'it is lost or excluded: see `dmesg` on the node',
      })
  }
  return findings
}
