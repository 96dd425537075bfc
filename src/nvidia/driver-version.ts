/** Driver versions in NVIDIA's format: `580.95.05`, `590.48`. */

/** The branch of a driver: 580 of `580.95.05`. */
export function branchOf(version: string): number {
  return Number.parseInt(version, 10) || 0
}

/** JSON Schema pattern of a driver's version: two or three parts. */
export const driverVersionPattern = '^[0-9]{3,4}\\.[0-9]{1,3}(\\.[0-9]{1,3})?$'
