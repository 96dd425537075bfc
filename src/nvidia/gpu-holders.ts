/**
 * Programs on a node, its containers included, that have cards open which containers do not get. While a
 * program has the card of a VM open, the VM does not start: its start unbinds the card from the driver, and
 * the kernel waits for the program (`nv_pci_remove_helper` in nv-pci.c of NVIDIA/open-gpu-kernel-modules).
 */
import type { Host } from '../host/host.ts'
import { question } from '../host/question.ts'
import type { WithheldGpu } from './gpus.ts'
import { gpuNode } from './proc.ts'
import { whyWithheld } from './withheld.ts'

/** Device nodes of GPUs that programs have open, by process. */
export const openGpuNodes = question({
  // Enters only the directories /proc/PID/fd.
  words: [
    'find',
    '/proc',
    '-mindepth',
    '1',
    '-maxdepth',
    '3',
    '(',
    '-path',
    '/proc/[!1-9]*',
    '-o',
    '-path',
    '/proc/*/*',
    '!',
    '-path',
    '/proc/*/fd',
    '!',
    '-path',
    '/proc/*/fd/*',
    ')',
    '-prune',
    '-o',
    '-lname',
    '/dev/nvidia[0-9]*',
    '-printf',
    String.raw`%P %l\n`,
  ],
  reads: [],
  parse: ({ stdout }): ReadonlyMap<string, readonly string[]> => {
    const holders = new Map<string, string[]>()
    for (const [, pid = '', path = ''] of stdout.matchAll(/^([1-9]\d{0,9})\/fd\/\d+ (\/dev\/nvidia\d+)$/gm)) {
      const pids = holders.get(path) ?? []
      if (!pids.includes(pid)) holders.set(path, [...pids, pid])
    }
    return holders
  },
})

/** Sentences about programs that have cards of VMs, or excluded cards, open; names at most five of each card. */
export async function readHolders(node: Host, withheld: readonly WithheldGpu[]): Promise<readonly string[]> {
  // Of a card without a minor, the driver has let go.
  const driven = withheld.filter(({ minor }) => minor !== undefined)
  if (driven.length === 0) return []
  const holders = await node.ask(openGpuNodes)
  const sentences = await Promise.all(
    driven.map(async (gpu) => {
      const pids = (holders.get(gpuNode(gpu.minor ?? 0).path) ?? []).slice(0, 5)
      const names = await Promise.all(pids.map((pid) => node.text(`/proc/${pid}/comm`)))
      const programs = pids.map((pid, index) => `${names[index]?.trim() ?? 'a program'} (process ${pid})`)
      return programs.length === 0 ? [] : [sentence(gpu, programs)]
    }),
  )
  return sentences.flat()
}

function sentence({ pci, withheld }: WithheldGpu, programs: readonly string[]): string {
  const what = `the card at ${pci} ${whyWithheld(withheld)}, but programs on this node have it open: ${programs.join(', ')}`
  return withheld.kind === 'vm'
    ? `${what}; VM ${withheld.vm} cannot start until they end: stop them, or the containers that they run in`
    : what
}
