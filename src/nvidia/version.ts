/** Dotted versions, as NVIDIA writes those of drivers and of CUDA: `580.95.05`, `590.48`, `12.8`. */

/** Less than 0 when `a` is older than `b`, 0 when equal, more than 0 when newer. `580.9` is older than `580.10`; a missing part counts as 0. */
export function compareVersions(a: string, b: string): number {
  const left = parts(a)
  const right = parts(b)
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Whether `version` is `least` or newer. */
export function atLeast(version: string, least: string): boolean {
  return compareVersions(version, least) >= 0
}

/** The branch of a driver: 580 of `580.95.05`. */
export function branchOf(version: string): number {
  return parts(version)[0] ?? 0
}

/** JSON Schema pattern of a driver's version: two or three parts. */
export const driverVersionPattern = '^[0-9]{3,4}\\.[0-9]{1,3}(\\.[0-9]{1,3})?$'

function parts(version: string): readonly number[] {
  return version.split('.').map((part) => Number.parseInt(part, 10) || 0)
}
