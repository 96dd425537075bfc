/**
 * Metrics in the text format of Prometheus, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). The package prom-client writes it too, but
 * brings a registry and OpenTelemetry for what is a page of code here.
 */
import { plainText } from './text.ts'

/** A metric with its samples. All are gauges: each says how things are now. */
export interface MetricFamily {
  readonly name: string
  readonly help: string
  readonly samples: readonly MetricSample[]
}

export interface MetricSample {
  /** No two samples of a family have the same labels. An empty value means the same as no label. */
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Leaves out families without samples. */
export function metricsText(families: readonly MetricFamily[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .flatMap(({ name, help, samples }) => [
      `# HELP ${name} ${escaped(help)}`,
      `# TYPE ${name} gauge`,
      ...samples.map(({ labels, value }) => `${name}${labelsText(labels)} ${value}`),
    ])
    .map((line) => `${line}\n`)
    .join('')
}

function labelsText(labels: MetricSample['labels']): string {
  const given = Object.entries(labels).filter(([, value]) => value !== '')
  if (given.length === 0) return ''
  return `{${given.map(([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`).join(',')}}`
}

/** Texts may come from hosts: a line end would begin a sample of its own. */
function escaped(text: string): string {
  return plainText(text).replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}
