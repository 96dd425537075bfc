/** Inventories for comparing gpuplay with Ansible, with the reason for each intended difference. */

export interface ParityCase {
  readonly name: string
  /** By path in a folder of the case. */
  readonly files: Readonly<Record<string, string>>
  /** For `-i`; by default the first file. */
  readonly sources?: readonly string[]
  readonly patterns?: readonly string[]
  /** Why the result of gpuplay differs; `ours` is that result. */
  readonly differs?: string
  /** `refused`, or some variables of the host `h`, or of patterns. */
  readonly ours?: 'refused' | Readonly<Record<string, unknown>>
}

/** A line of INI for the host `h`. */
export const line = (name: string, text: string, more: Partial<ParityCase> = {}): ParityCase => ({
  name,
  files: { hosts: `[a]\nh ${text}\n` },
  ...more,
})

/** A line in `[all:vars]`. */
export const vars = (name: string, text: string, more: Partial<ParityCase> = {}): ParityCase => ({
  name,
  files: { hosts: `[a]\nh\n[all:vars]\n${text}\n` },
  ...more,
})

export const ini = (name: string, text: string, more: Partial<ParityCase> = {}): ParityCase => ({
  name,
  files: { hosts: text },
  ...more,
})

export const yaml = (name: string, text: string, more: Partial<ParityCase> = {}): ParityCase => ({
  name,
  files: { 'hosts.yml': text },
  ...more,
})
