/** Builds the lab's `NVIDIA-Linux-x86_64-VERSION.run`: a real self-extracting archive around the installer stand-in. */

/** Writes the .run of `version` to `outFile`, executable. The same version gives the same bytes. */
export async function buildRunfile(version: string, outFile: string): Promise<void> {
  throw new Error(`not built: ${version} ${outFile}`)
}
