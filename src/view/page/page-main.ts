/** The script of a report: draws the data that the page has. */
import type { ReportData } from '../report/report-data.ts'
import { changesView } from './page-changes.ts'
import { createDetailDialog } from './page-detail.ts'
import { element, section } from './page-elements.ts'
import { gpusView } from './page-gpus.ts'
import { matrixView } from './page-matrix.ts'
import { summaryView } from './page-summary.ts'
import { timesView } from './page-times.ts'

const sections = [
  ['summary', 'Summary'],
  ['tasks', 'Hosts and tasks'],
  ['times', 'Time'],
  ['gpus', 'GPUs'],
  ['changes', 'Since the run before'],
] as const

/** gpuplay has written the data, so it has this type. */
function readData(): ReportData {
  const data: ReportData = JSON.parse(document.getElementById('data')?.textContent ?? '{}')
  return data
}

function draw(data: ReportData): void {
  const detail = createDetailDialog(data)
  const views = {
    summary: summaryView(data, detail.show),
    tasks: matrixView(data, detail.show),
    times: timesView(data, detail.show),
    gpus: gpusView(data),
    changes: changesView(data),
  }
  document.body.append(
    element('a', { class: 'skip', href: '#main' }, 'Skip to the report'),
    head(data),
    element(
      'main',
      { id: 'main', tabindex: '-1' },
      ...sections.map(([id, title]) => section(id, title, ...views[id])),
    ),
    detail.dialog,
  )
}

function head({ playbooks, result, state }: ReportData): HTMLElement {
  const links = sections.map(([id, title]) => element('li', {}, element('a', { href: `#${id}` }, title)))
  return element(
    'header',
    {},
    element('h1', {}, playbooks.join(' ') || 'gpuplay'),
    element('p', { class: `result r-${state}` }, result),
    element('nav', { 'aria-label': 'Sections' }, element('ul', {}, ...links)),
    themeChoice(),
  )
}

/** `auto` follows the system. The address can name another one: `report.html?theme=dark`. */
function themeChoice(): HTMLElement {
  const themes = ['auto', 'light', 'dark']
  const choice = element(
    'select',
    { id: 'theme' },
    ...themes.map((theme) => element('option', { value: theme }, theme)),
  )
  const asked = new URLSearchParams(location.search).get('theme') ?? 'auto'
  choice.value = themes.includes(asked) ? asked : 'auto'
  const apply = (): void => {
    document.documentElement.dataset['theme'] = choice.value
  }
  choice.addEventListener('change', apply)
  apply()
  return element('div', { class: 'theme' }, element('label', { for: 'theme' }, 'Theme '), choice)
}

draw(readData())
