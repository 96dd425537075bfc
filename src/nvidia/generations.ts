/**
 * Which drivers support which GPUs.
 *
 * Device ids are given out by generation; the ranges and last branches follow the legacy list of
 * nvidia-installer 590.48.01 (`nvGpus.h`: ids up to 0x1DFF are in "580.xx" or older) and NVIDIA's driver
 * installation guide, "Kernel modules" (open modules from Turing on, the only ones from Blackwell on).
 */
import type { ModuleType } from './installer.ts'
import { atLeast } from '../base/version.ts'
import { branchOf } from './driver-version.ts'

interface Generation {
  readonly name: string
  /** PCI device ids, both ends included. */
  readonly from: number
  readonly to: number
  /** The first and last branch that support it; no last: still supported. */
  readonly first: number
  readonly last?: number
  readonly types: readonly ModuleType[]
  /**
   * CUDA toolkits that compile for it: the first, and the first that no longer does (CUDA Toolkit Release Notes,
   * "New features" and "Deprecated or dropped features" of 8.0 to 13.0).
   */
  readonly cuda: { readonly first: string; readonly dropped?: string }
}

const proprietary: readonly ModuleType[] = ['proprietary']
const both: readonly ModuleType[] = ['open', 'proprietary']

const generations: readonly Generation[] = [
  {
    name: 'Fermi or older',
    from: 0x0000,
    to: 0x0fbf,
    first: 0,
    last: 390,
    types: proprietary,
    cuda: { first: '0', dropped: '9.0' },
  },
  {
    name: 'Kepler',
    from: 0x0fc0,
    to: 0x103f,
    first: 300,
    last: 470,
    types: proprietary,
    cuda: { first: '0', dropped: '12.0' },
  },
  {
    name: 'Fermi',
    from: 0x1040,
    to: 0x117f,
    first: 0,
    last: 390,
    types: proprietary,
    cuda: { first: '0', dropped: '9.0' },
  },
  {
    name: 'Kepler',
    from: 0x1180,
    to: 0x11ff,
    first: 300,
    last: 470,
    types: proprietary,
    cuda: { first: '0', dropped: '12.0' },
  },
  {
    name: 'Fermi',
    from: 0x1200,
    to: 0x127f,
    first: 0,
    last: 390,
    types: proprietary,
    cuda: { first: '0', dropped: '9.0' },
  },
  {
    name: 'Kepler',
    from: 0x1280,
    to: 0x133f,
    first: 300,
    last: 470,
    types: proprietary,
    cuda: { first: '0', dropped: '12.0' },
  },
  {
    name: 'Maxwell, Pascal or Volta',
    from: 0x1340,
    to: 0x1dff,
    first: 340,
    last: 580,
    types: proprietary,
    cuda: { first: '0', dropped: '13.0' },
  },
  { name: 'Turing', from: 0x1e00, to: 0x207f, first: 410, types: both, cuda: { first: '10.0' } },
  { name: 'Ampere', from: 0x2080, to: 0x20ff, first: 450, types: both, cuda: { first: '11.0' } },
  { name: 'Turing', from: 0x2100, to: 0x21ff, first: 418, types: both, cuda: { first: '10.0' } },
  { name: 'Ampere', from: 0x2200, to: 0x22ff, first: 455, types: both, cuda: { first: '11.0' } },
  { name: 'Hopper', from: 0x2300, to: 0x23ff, first: 515, types: both, cuda: { first: '11.8' } },
  { name: 'Ampere', from: 0x2400, to: 0x25ff, first: 455, types: both, cuda: { first: '11.0' } },
  { name: 'Ada', from: 0x2600, to: 0x28ff, first: 520, types: both, cuda: { first: '11.8' } },
  {
    name: 'Blackwell or newer',
    from: 0x2900,
    to: 0xffff,
    first: 570,
    types: ['open'],
    cuda: { first: '12.8' },
  },
]

export interface CudaMisfit {
  readonly card: Card
  readonly generation: string
  /** The oldest toolkit for the card. */
  readonly first: string
  /** The oldest toolkit that is too new for it. */
  readonly dropped: string | undefined
}

/** The cards for which a toolkit does not compile, and whose libraries do not run on them. */
export function cudaMisfits(cuda: string, cards: readonly Card[]): readonly CudaMisfit[] {
  return cards.flatMap((card) => {
    const {
      name,
      cuda: { first, dropped },
    } = generationOf(card)
    if (atLeast(cuda, first) && (dropped === undefined || !atLeast(cuda, dropped))) return []
    return [{ card, generation: name, first, dropped }]
  })
}

/** The first branch whose package has open modules. */
const firstOpen = 515
/** From this branch on, the installer's default is open. */
const openByDefault = 560
/** From this branch on, the documentation lists only open modules. */
const openOnly = 620

export interface Card {
  readonly pci: string
  /** PCI device id. */
  readonly device: number
}

export interface Misfit {
  readonly card: Card
  readonly generation: string
  readonly first: number
  readonly last: number | undefined
}

/** The cards that a driver version does not support, with the branches that do. */
export function misfits(version: string, cards: readonly Card[]): readonly Misfit[] {
  const branch = branchOf(version)
  return cards.flatMap((card) => {
    const { name, first, last } = generationOf(card)
    if (branch >= first && (last === undefined || branch <= last)) return []
    return [{ card, generation: name, first, last }]
  })
}

/**
 * The oldest and newest branch that support all cards; undefined if there is none, for example for Kepler
 * with Ada.
 */
export function commonBranches(
  cards: readonly Card[],
): { readonly first: number; readonly last: number | undefined } | undefined {
  const each = cards.map(generationOf)
  const first = Math.max(0, ...each.map((generation) => generation.first))
  const last = Math.min(Infinity, ...each.map((generation) => generation.last ?? Infinity))
  if (first > last) return undefined
  return { first, last: Number.isFinite(last) ? last : undefined }
}

export type ModuleChoice =
  | { readonly kind: 'chosen'; readonly type: ModuleType }
  | { readonly kind: 'impossible'; readonly why: string }

/**
 * The type of kernel modules that supports all cards: the requested one, or with `auto` the installer's
 * choice.
 */
export function chooseModuleType(
  version: string,
  cards: readonly Card[],
  wanted: ModuleType | 'auto',
): ModuleChoice {
  const possible = both.filter(
    (type) => inPackage(version, type) && cards.every((card) => generationOf(card).types.includes(type)),
  )
  if (wanted !== 'auto') {
    if (possible.includes(wanted)) return { kind: 'chosen', type: wanted }
    const needs = cards.find((card) => !generationOf(card).types.includes(wanted))
    const why = needs
      ? `${needs.pci} is ${generationOf(needs).name}, which the ${wanted} kernel modules do not support`
      : `driver ${version} does not include ${wanted} kernel modules`
    return { kind: 'impossible', why }
  }
  const preferred: ModuleType = branchOf(version) >= openByDefault ? 'open' : 'proprietary'
  const type = possible.includes(preferred) ? preferred : possible[0]
  if (type !== undefined) return { kind: 'chosen', type }
  const named = cards.map((card) => `${card.pci} (${generationOf(card).name})`).join(', ')
  return {
    kind: 'impossible',
    why: `neither the open nor the proprietary kernel modules of ${version} support ${named}`,
  }
}

function inPackage(version: string, type: ModuleType): boolean {
  return type === 'open' ? atLeast(version, String(firstOpen)) : branchOf(version) < openOnly
}

function generationOf(card: Card): Generation {
  const found = generations.find(({ from, to }) => card.device >= from && card.device <= to)
  if (!found) throw new Error(`no generation for the PCI device id ${card.device}`)
  return found
}
