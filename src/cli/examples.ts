/** Command lines for the help, without `gpuplay`, each with its purpose. */
export type Examples = readonly (readonly [line: string, purpose: string])[]
