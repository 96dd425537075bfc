/** The style of a report: light and dark, for screens of any width and for paper. */

/** Light and dark values of each colour. Texts have a contrast of at least 4.5 to 1 in both. */
const outcomeColors = {
  ok: ['#dafbe1', '#123d20', '#2da44e', '#2f9e50'],
  changed: ['#fff0b8', '#4d3a00', '#bf8700', '#c69026'],
  skipped: ['#eef1f4', '#23292f', '#afb8c1', '#57606a'],
  failed: ['#ffd7d5', '#6b1a18', '#cf222e', '#e5534b'],
  unreachable: ['#f3d0f7', '#54205c', '#a93bbf', '#b45cc7'],
  unknown: ['#ddeeff', '#143a5e', '#218bff', '#539bf5'],
  rescued: ['#ffe2cc', '#5c3310', '#e16f24', '#cc6b2c'],
  ignored: ['#ffe2cc', '#5c3310', '#e16f24', '#cc6b2c'],
} as const

const outcomeRules = Object.entries(outcomeColors)
  .map(([outcome, [light, dark, barLight, barDark]]) =>
    [
      `.o-${outcome} { background: light-dark(${light}, ${dark}); }`,
      `rect.o-${outcome} { fill: light-dark(${barLight}, ${barDark}); }`,
    ].join('\n'),
  )
  .join('\n')

export const pageStyle = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#ffffff, #14171a);
  --panel: light-dark(#f6f8fa, #1c2126);
  --text: light-dark(#1b1f24, #e6e9ec);
  --dim: light-dark(#57606a, #9aa4ae);
  --line: light-dark(#d0d7de, #343b43);
  --link: light-dark(#0550ae, #79b8ff);
  --bad: light-dark(#b3161f, #ff8f88);
  --late: light-dark(#7a5200, #e3b341);
  --good: light-dark(#116329, #56d364);
}
:root[data-theme='light'] { color-scheme: light; }
:root[data-theme='dark'] { color-scheme: dark; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0 auto;
  padding: 0 1rem 4rem;
  max-width: 120rem;
  background: var(--ground);
  color: var(--text);
  font: 15px/1.45 system-ui, sans-serif;
  overflow-wrap: anywhere;
}
header {
  display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; align-items: baseline; padding: 0.75rem 0;
}
h1 { font-size: 1.35rem; margin: 0; }
h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1rem 0 0.4rem; }
h4 { font-size: 1rem; margin: 0.6rem 0 0.2rem; }
p { margin: 0.3rem 0; }
a, button.link { color: var(--link); }
button.link {
  border: 0; padding: 0; background: none; font: inherit; text-align: left; text-decoration: underline;
  cursor: pointer;
}
:focus-visible { outline: 3px solid var(--link); outline-offset: 1px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 0.5rem; padding: 0.5rem; background: var(--ground); z-index: 10; }
nav ul, .tiles, .legend, .cards {
  display: flex; flex-wrap: wrap; gap: 0.4rem 1rem; list-style: none; margin: 0; padding: 0;
}
.theme { margin-left: auto; }
.result { font-weight: 600; }
.r-failed, .off, .s-problem > .state, span.state.s-problem { color: var(--bad); }
.r-unfinished, span.state.s-pending { color: var(--late); }
.r-succeeded, span.state.s-ok { color: var(--good); }
.dim { color: var(--dim); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.tile { padding: 0.3rem 0.7rem; border: 1px solid var(--line); border-radius: 6px; }
.tile strong { font-size: 1.3rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 1rem; margin: 0.6rem 0; }
dt { color: var(--dim); }
dd { margin: 0; }
pre {
  margin: 0.3rem 0;
  padding: 0.5rem;
  max-height: 60vh;
  overflow: auto;
  background: var(--panel);
  border: 1px solid var(--line);
  border-radius: 4px;
  font: 13px/1.4 ui-monospace, monospace;
  white-space: pre-wrap;
}
pre.diff { white-space: pre; }
code { font: 13px ui-monospace, monospace; }
pre .added { background: light-dark(#dafbe1, #123d20); }
pre .removed { background: light-dark(#ffd7d5, #6b1a18); }
pre .head { font-weight: 600; }
pre .hunk { color: var(--link); }
.word, .sign { padding: 0 0.3em; border-radius: 3px; }
.bar { display: flex; flex-wrap: wrap; gap: 0.4rem 0.8rem; align-items: center; margin: 0.5rem 0; }
.scroll { overflow: auto; max-height: 75vh; border: 1px solid var(--line); border-radius: 4px; }
table { border-collapse: separate; border-spacing: 0; }
table.data { width: 100%; }
table.data th, table.data td {
  padding: 0.25rem 0.6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line);
  font-weight: normal; overflow-wrap: break-word;
}
table.data tbody th { white-space: nowrap; }
table.data td.long { min-width: 14rem; }
table.data thead th { position: sticky; top: 0; background: var(--panel); font-weight: 600; }
tr.s-problem > * { background: light-dark(#ffd7d5, #6b1a18); }
tr.s-pending > * { background: light-dark(#fff0b8, #4d3a00); }
.legend { margin: 0.4rem 0; }
table.matrix { font-size: 13px; }
table.matrix th {
  background: var(--ground); font-weight: normal; text-align: left; white-space: nowrap;
}
table.matrix tbody tr { height: 22px; }
table.matrix tbody th {
  position: sticky; left: 0; z-index: 1; max-width: clamp(16rem, 45vw, 46rem); overflow: hidden; text-overflow: ellipsis;
  padding: 0 0.6rem;
}
table.matrix thead th {
  position: sticky; top: 0; z-index: 2; vertical-align: bottom; padding: 0.3rem 0; border-bottom: 1px
  solid var(--line);
}
table.matrix thead th.corner { left: 0; z-index: 3; padding: 0.3rem 0.6rem; }
table.matrix thead th:not(.corner) span {
  display: block; writing-mode: sideways-lr; max-height: 14rem; overflow: hidden; text-overflow:
  ellipsis; margin: 0 auto;
}
@supports not (writing-mode: sideways-lr) {
  table.matrix thead th:not(.corner) span { writing-mode: vertical-rl; transform: rotate(180deg); }
}
table.matrix td {
  min-width: 22px; height: 22px; padding: 0; text-align: center; border: 1px solid var(--ground);
  cursor: pointer;
}
table.matrix td.none { cursor: default; }
table.matrix tbody tr:hover > * { filter: brightness(0.94); }
.time-line { display: grid; grid-template-columns: max-content 1fr; min-width: max-content; }
.names {
  position: sticky; left: 0; z-index: 2; padding-top: 24px; max-width: 16rem; background: var(--ground);
  border-right: 1px solid var(--line);
}
.names div {
  height: 20px; padding: 0 0.6rem; font-size: 13px; line-height: 20px; overflow: hidden; text-overflow:
  ellipsis; white-space: nowrap;
}
.drawn svg { display: block; }
svg.axis {
  position: sticky; top: 0; z-index: 1; background: var(--ground); color: var(--dim); overflow: visible;
}
rect.span { cursor: pointer; stroke: var(--ground); stroke-width: 0.5; }
rect.wait { fill: light-dark(#d8dee4, #2d333b); cursor: default; }
path.path { fill: none; stroke: var(--text); stroke-width: 1.5; pointer-events: none; }
meter { width: 8rem; }
.share { display: flex; gap: 0.6rem; align-items: center; }
.nodes {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); gap: 0.8rem;
  align-items: start;
}
.node {
  padding: 0.2rem 0.9rem 0.7rem; border: 1px solid var(--line); border-left-width: 5px; border-radius:
  6px; content-visibility: auto; contain-intrinsic-size: auto 14rem;
}
.node.s-problem, .container.s-problem { border-left-color: var(--bad); }
.node.s-pending, .container.s-pending { border-left-color: var(--late); }
.node.s-ok, .container.s-ok { border-left-color: var(--good); }
.container {
  margin: 0.5rem 0; padding: 0.1rem 0.8rem; border-left: 3px solid var(--line); background:
  var(--panel);
}
.cards li { padding: 0.1rem 0.5rem; border: 1px solid var(--line); border-radius: 4px; }
.finding { margin: 0.3rem 0; }
dialog {
  width: min(64rem, 94vw); max-height: 90vh; padding: 0.5rem 1.2rem 1.2rem; color: var(--text);
  background: var(--ground); border: 1px solid var(--line); border-radius: 8px;
}
dialog::backdrop { background: rgb(0 0 0 / 0.5); }
dialog h2 { margin-top: 0.4rem; padding-right: 5rem; }
dialog .close { position: sticky; top: 0; float: right; }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
@media (max-width: 40rem) { table.matrix tbody th { max-width: 55vw; } }
@media print {
  :root, :root[data-theme] { color-scheme: light; }
  @page { size: A4 landscape; margin: 10mm; }
  body { max-width: none; padding: 0; font-size: 11px; print-color-adjust: exact; }
  nav, .theme, .bar, .skip, dialog { display: none; }
  .scroll { overflow: visible; max-height: none; border: 0; }
  pre { max-height: none; }
  table.matrix, table.matrix td { font-size: 8px; }
  table.matrix td { min-width: 12px; height: 12px; }
  table.matrix tbody tr { height: 12px; }
  table.matrix th, .names, svg.axis { position: static; }
  h2, h3 { break-after: avoid; }
  .nodes { display: block; columns: 3; }
  .node { margin-bottom: 0.8rem; }
  .node, tr { break-inside: avoid; }
  .node { content-visibility: visible; }
}
${outcomeRules}
`
