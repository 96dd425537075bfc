/**
 * The oldest driver that each CUDA toolkit works with, on Linux x86_64 (CUDA Toolkit Release Notes, table
 * "CUDA Toolkit and Corresponding Driver Versions"), and how far older drivers go within a major version
 * (table "Minor Version Compatibility").
 */
import { compareVersions } from '../base/version.ts'
import { inDirectory, questionAbout } from '../host/question.ts'
import { workDirectory } from '../host/work-directory.ts'
import { branchOf } from './driver-version.ts'

/** The first release of each minor version; its updates may need a newer patch of the same branch. */
const oldestDriver: Readonly<Record<string, string>> = {
  '11.0': '450.51.05',
  '11.1': '455.23',
  '11.2': '460.27.03',
  '11.3': '465.19.01',
  '11.4': '470.42.01',
  '11.5': '495.29.05',
  '11.6': '510.39.01',
  '11.7': '515.43.04',
  '11.8': '520.61.05',
  '12.0': '525.60.13',
  '12.1': '530.30.02',
  '12.2': '535.54.03',
  '12.3': '545.23.06',
  '12.4': '550.54.14',
  '12.5': '555.42.02',
  '12.6': '560.28.03',
  '12.8': '570.26',
  '12.9': '575.51.03',
  '13.0': '580.65.06',
  '13.1': '590.44.01',
  '13.2': '595.45.04',
  '13.3': '610.43.02',
}

const oldestOfMajor: Readonly<Record<string, string>> = { 11: '450.80.02', 12: '525.60.13', 13: '580.65.06' }

export type Compatibility =
  /** Drivers older than the toolkit's own run it with limits: code compiled at run time (PTX) may fail. */
  | { readonly kind: 'full' | 'minor'; readonly least: string | undefined }
  | { readonly kind: 'none'; readonly least: string }

/**
 * Whether a toolkit supports a driver. One that is newer than the tables needs at least the driver of the newest
 * before it.
 */
export function compatibility(cuda: string, driver: string): Compatibility {
  const least = oldestDriverFor(cuda)
  if (least === undefined || compareVersions(driver, least) >= 0) return { kind: 'full', least }
  const floor = oldestOfMajor[String(branchOf(cuda))] ?? least
  return compareVersions(driver, floor) < 0 ? { kind: 'none', least: floor } : { kind: 'minor', least }
}

/** For a toolkit that is not in the table, that of the newest before it. */
function oldestDriverFor(cuda: string): string | undefined {
  const upTo = Object.entries(oldestDriver).filter(([release]) => compareVersions(release, cuda) <= 0)
  return upTo.toSorted(([a], [b]) => compareVersions(a, b)).at(-1)?.[1]
}

/**
 * `cuda-toolkit` and 12.8 -> `cuda-toolkit-12-8`: the names with a version stay at it, those without follow
 * the newest.
 */
export function versionedPackage(name: string, cuda: string): string {
  return `${name}-${cuda.replace('.', '-')}`
}

/** The directory of a toolkit version. */
export function toolkitHome(cuda: string): string {
  return `/usr/local/cuda-${cuda}`
}

/** The directory of its programs. */
export function toolkitPrograms(cuda: string): string {
  return `${toolkitHome(cuda)}/bin`
}

/**
 * The release in what `nvcc --version` prints: `Cuda compilation tools, release 12.8, V12.8.93` -> `12.8`.
 */
export function nvccRelease(output: string): string | undefined {
  return /\brelease (\d+\.\d+)/.exec(output)?.[1]
}

/** The release of a toolkit's compiler; undefined if it does not run. */
export const compilerRelease = questionAbout({
  words: [inDirectory('nvcc', 'directory', /\/usr\/local\/cuda-[0-9]+\.[0-9]+\/bin/), '--version'],
  reads: () => ['file:/usr/local/cuda*', 'package:*'],
  parse: ({ stdout }) => nvccRelease(stdout),
})

/**
 * NVIDIA's name of a distribution in its repository addresses: `debian12` (major alone), `ubuntu2404`.
 * Undefined for others.
 */
export function repositoryName(id: string, version: string): string | undefined {
  if (id === 'debian' && /^\d+/.test(version)) return `debian${Number.parseInt(version, 10)}`
  return id === 'ubuntu' && /^\d+\.\d+$/.test(version) ? `ubuntu${version.replace('.', '')}` : undefined
}

/** NVIDIA's package with the key and the source of a CUDA repository. */
export const keyringPackage = 'cuda-keyring_1.1-1_all.deb'
/** Its download path; a killed run may have left it there. */
export const keyringDownload = `${workDirectory}/${keyringPackage}`
