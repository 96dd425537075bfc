/** How `gpuplay runs show` shows a run; `live` is what the run has left on a terminal. */
export const runForms = ['plain', 'live', 'jsonl', 'junit'] as const
