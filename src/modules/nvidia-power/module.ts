/**
 * Sets persistence mode and power limits of a node's GPUs. The boot service sets them at boot, from
 * /etc/gpuplay/nvidia.conf.
 *
 * Releases the cards of VMs and excluded cards that the driver already has: in persistence mode, the daemon has
 * a card open, and the start of its VM would wait for that without limit. The start itself unbinds the card.
 */
import type { Action } from '../../host/action.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import { normalAddress } from '../../nvidia/cards.ts'
import { readHolders } from '../../nvidia/gpu-holders.ts'
import { readNodeGpus, type WithheldGpu } from '../../nvidia/gpus.ts'
import { type PowerSettings, powerSettings } from '../../nvidia/gpu-power.ts'
import { whyWithheld } from '../../nvidia/withheld.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export const nvidiaPower = {
  name: 'nvidia_power',
  summary: 'Sets the persistence mode and power limits of the GPUs.',
  args,
  result,
  exitCode: 4,
  probe: async (_, host) => {
    const [settings, { withheld }] = await Promise.all([host.ask(powerSettings), readNodeGpus(host)])
    if (settings.kind === 'failed') return { ...settings, withheld, kept: [], holders: [] }
    const gpus = settings.gpus.filter(({ pci }) => !withheld.some((gpu) => gpu.pci === pci))
    const claimed = withheld.filter((gpu) => gpu.withheld.kind === 'vm' || gpu.withheld.kind === 'excluded')
    const kept = claimed.filter(({ pci }) =>
      settings.gpus.some((gpu) => gpu.pci === pci && gpu.persistence === true),
    )
    // Until they are released, the daemon is among the programs that have them open.
    const holders = kept.length > 0 ? [] : await readHolders(host, claimed)
    return { kind: 'gpus', gpus, withheld, kept, holders }
  },
  plan,
  report: (_, seen) => ({
    gpus:
      seen.kind === 'failed'
        ? []
        : seen.gpus.map(({ pci, persistence, limit }) => ({
            pci,
            persistence: persistence ?? null,
            limit: limit ?? null,
          })),
  }),
} satisfies Module<Args, Seen>

/** Settings of the GPUs for containers, and the other GPUs. */
export type Seen = PowerSettings & {
  readonly withheld: readonly WithheldGpu[]
  /** Those of VMs and excluded ones that persistence mode keeps open. */
  readonly kept: readonly WithheldGpu[]
  /** Sentences about programs that have such cards open. */
  readonly holders: readonly string[]
}

function plan({ persistence, power_limit: limits }: Args, seen: Seen): Plan {
  if (seen.kind === 'failed')
    return refuse({
      code: 'nvidia-smi-failed',
      message: `nvidia-smi does not answer: ${seen.said}`,
      hint: 'see `dmesg` on the node',
    })
  const all = Object.entries(limits).map(([address, watts]) => ({ pci: normalAddress(address), watts }))
  const skipped = seen.withheld.filter(({ pci }) => all.some((limit) => limit.pci === pci))
  const wanted = all.filter(({ pci }) => !skipped.some((gpu) => gpu.pci === pci))
  const absent = wanted.find(({ pci }) => !seen.gpus.some((gpu) => gpu.pci === pci))
  if (absent)
    return refuse({
      code: 'no-such-gpu',
      message: `nvidia_host_power_limit names ${absent.pci}, but the driver has no GPU there`,
      hint: `its GPUs: ${seen.gpus.map(({ pci }) => pci).join(', ')}`,
    })
  const mode = persistence ? '1' : '0'
  const planned = [
    ...seen.kept.map((gpu) =>
      set(gpu.pci, ['-pm', '0'], 'turn persistence mode off', `: the card ${whyWithheld(gpu.withheld)}`),
    ),
    ...seen.gpus
      .filter((gpu) => gpu.persistence !== undefined && gpu.persistence !== persistence)
      .map(({ pci }): Action =>
        set(pci, ['-pm', mode], `turn persistence mode ${persistence ? 'on' : 'off'}`),
      ),
    ...wanted
      .filter(({ pci, watts }) => {
        const limit = seen.gpus.find((gpu) => gpu.pci === pci)?.limit
        return limit === undefined || Math.abs(limit - watts) >= 1
      })
      .map(({ pci, watts }): Action => set(pci, ['-pl', String(watts)], `set the power limit to ${watts} W`)),
  ]
  const warnings = [
    ...skipped.map(
      ({ pci, withheld }) => `the power limit of ${pci} is not set: the card ${whyWithheld(withheld)}`,
    ),
    ...seen.withheld
      .filter(({ minor, withheld }) => minor !== undefined && withheld.kind === 'excluded')
      .map(
        ({ pci }) =>
          `the driver keeps ${pci}, which is in nvidia_host_exclude_gpus, until the node reboots or a VM with this card starts`,
      ),
    ...seen.holders,
  ]
  return planned.length === 0 ? done(warnings) : actions(planned, { warnings })
}

function set(pci: string, options: readonly string[], what: string, why = ''): Action {
  return {
    kind: 'run',
    argv: ['nvidia-smi', '-i', pci, ...options],
    timeout: 60,
    label: `${what} on ${pci}${why}`,
    effects: [],
  }
}
