/** Questions for tests that depend on the files that they name. */
import { one, question, type Question, questionAbout } from '../question.ts'
import type { Answer } from '../status.ts'

const path = one('path', /\/.*/)

/** Depends on one file. */
export function cat(file: string): Question<Answer> {
  return fileText({ path: file })
}

const fileText = questionAbout({
  words: ['cat', path],
  reads: ({ path: file }) => [`file:${file}`],
  parse: (answer) => answer,
})

/** Depends on everything below a directory. */
export function find(directory: string): Question<Answer> {
  return filesBelow({ path: directory })
}

const filesBelow = questionAbout({
  words: ['find', path],
  reads: ({ path: directory }) => [`file:${directory}*`],
  parse: (answer) => answer,
})

/** Depends on nothing that a task changes. */
export const nothing = question({ words: ['nproc'], reads: [], parse: ({ code }) => code })
