/** The findings for a node. Pure. */
import type { Finding } from '../../host/plan.ts'
import { heldBackFinding } from '../../nvidia/held-back.ts'
import { atConsole, noEnrolledKey } from '../../nvidia/secure-boot.ts'
import { userspaceVersion } from '../../nvidia/userspace.ts'
import type { Args } from './args.ts'
import { computeFindings } from './compute-findings.ts'
import { kernelFindings, kernelsWithoutModule } from './kernel-findings.ts'
import type { NodeSeen } from './read-node.ts'

export function nodeFindings(given: Args, seen: NodeSeen): readonly Finding[] {
  const { version, containers } = given
  const { name, loaded, userspace, gpus, smi, wrongNodes, unifiedMemory } = seen
  const fix = `gpuplay run nodes.yml -i INVENTORY -l ${name}`
  const installed = userspaceVersion(userspace)
  const locked = lockedOut(seen)
  const kernels = kernelFindings(
    kernelsWithoutModule(given, seen.kernels, loaded !== undefined),
    seen.kernels,
    fix,
  )
  if (loaded === undefined) {
    if (kernels.length > 0 && locked === undefined) return kernels
    const cause =
      locked !== undefined
        ? locked.cause
        : installed === undefined
          ? 'no driver is installed'
          : `driver ${installed} is installed, but its modules are not loaded`
    return [{ message: 'no NVIDIA driver is loaded', cause, fix: locked?.fix ?? fix }]
  }
  const findings: Finding[] = []
  if (version !== '' && loaded !== version)
    findings.push({
      message: `driver ${loaded} is loaded, but ${version} is required`,
      cause:
        locked !== undefined
          ? locked.cause
          : installed === version
            ? `${version} is installed, but the node has not rebooted since`
            : `${version} is not installed`,
      fix: locked?.fix ?? fix,
    })
  if (!unifiedMemory)
    findings.push({ message: 'nvidia_uvm is not loaded', cause: 'CUDA does not work without it', fix })
  if (seen.idleSwitches.length > 0)
    findings.push({
      message: `nvidia-fabricmanager does not run, which the NVSwitches of the node need (${seen.idleSwitches.join(', ')})`,
      cause: 'until it runs, CUDA fails on all GPUs with CUDA_ERROR_SYSTEM_NOT_READY (802)',
      fix: `on the node, install nvidia-fabricmanager ${loaded}, then: systemctl enable --now nvidia-fabricmanager`,
    })
  for (const message of wrongNodes) findings.push({ message, fix })
  for (const held of seen.heldBack) findings.push(heldBackFinding(held, containers))
  if (smi?.kind === 'failed')
    findings.push({ message: `nvidia-smi exits with status ${smi.code}: ${smi.meaning}`, fix })
  else if (smi !== undefined) {
    const lost = gpus.gpus.filter(({ pci }) => !smi.gpus.some((gpu) => gpu.pci === pci))
    for (const { pci } of lost)
      findings.push({
        message: `nvidia-smi does not show the GPU at ${pci}`,
        cause: 'the GPU is lost or excluded: see `dmesg` on the node',
      })
    const shown = gpus.gpus.filter((gpu) => !lost.includes(gpu))
    if (findings.length === 0)
      findings.push(
        ...computeFindings({ computing: seen.computing, gpus: shown, visible: smi.gpus, who: '' }),
      )
  }
  return [...findings, ...kernels]
}

/** Why Secure Boot keeps the required driver from being loaded. */
function lockedOut({
  name,
  secureBoot,
}: NodeSeen): { readonly cause: string; readonly fix: string } | undefined {
  if (secureBoot === 'off' || secureBoot === 'key-enrolled') return undefined
  const fix =
    secureBoot === 'key-requested'
      ? atConsole
      : `gpuplay run nodes.yml -i INVENTORY -l ${name} -e nvidia_host_secure_boot=prepare`
  return { cause: noEnrolledKey(secureBoot).message, fix }
}
