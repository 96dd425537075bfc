/** Inventories for comparing gpuplay with Ansible, and the deliberate difference that each proves, if any. */
import type { DifferenceName } from './deliberate-differences.ts'

export interface ParityCase {
  readonly name: string
  /** By path in a folder of the case. */
  readonly files: Readonly<Record<string, string>>
  /** For `-i`; by default the first file. */
  readonly sources?: readonly string[]
  readonly patterns?: readonly string[]
  /** The folder of a playbook, for its `group_vars` and `host_vars`. */
  readonly playbook?: string
  /** The difference that the case proves; `ours` is the result of gpuplay. */
  readonly differs?: DifferenceName
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

export const files = (
  name: string,
  contents: Readonly<Record<string, string>>,
  more: Partial<ParityCase> = {},
): ParityCase => ({ name, files: contents, ...more })

/** For a case that gpuplay refuses. */
export const refused = { ours: 'refused' } as const
